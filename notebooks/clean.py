"""What does running a notebook leave in it? Takes it out again: `python notebooks/clean.py`.

Pictures and counts of a run would change with every run, and weigh more than the words.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OF_NOTEBOOK = ("accelerator", "colab", "kernelspec")  # what stays of what it says of itself
OF_CELL = ("cellView",)  # a form, on Colab
HERE = Path(__file__).parent


def main() -> None:
    for path in sorted(HERE.glob("*.ipynb")):
        path.write_text(cleaned(path.read_text(encoding="utf-8")), encoding="utf-8")


def cleaned(text: str) -> str:
    """The notebook as it was written, without what came of it."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        cell["metadata"] = only(OF_CELL, cell["metadata"])
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    kept = only(OF_NOTEBOOK, notebook["metadata"])
    notebook["metadata"] = {**kept, "language_info": {"name": "python"}}
    # As Jupyter itself writes them.
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def only(names: Sequence[str], said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said under these names."""
    return {name: said[name] for name in names if name in said}


if __name__ == "__main__":
    main()
