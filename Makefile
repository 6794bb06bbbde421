# Every task is setup_env.py's, which makes .venv when it is missing: the same without make is
# `python setup_env.py TASK`. Options for a task: make demo ARGS="--out /tmp/demo".
PYTHON ?= python3
TASKS = setup doctor demo lint test test-slow test-oldest lock

.PHONY: $(TASKS)
$(TASKS):
	@$(PYTHON) setup_env.py $@ $(ARGS)
