"""One file per command of the command line; each has `run`, whose docstring is its help."""
