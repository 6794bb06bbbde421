"""How are the outputs of a run removed from the notebooks? `python notebooks/clean.py`.

The pictures and counts of a run would change with every run, and are larger than the text.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OF_NOTEBOOK = ("accelerator", "colab", "kernelspec")  # the notebook's metadata that is kept
OF_CELL = ("cellView",)  # a cell's metadata that is kept: it shows the cell as a form on Colab
HERE = Path(__file__).parent


def main() -> None:
    for path in sorted(HERE.glob("*.ipynb")):
        path.write_text(cleaned(path.read_text(encoding="utf-8")), encoding="utf-8")


def cleaned(text: str) -> str:
    """The notebook's text without the outputs of a run."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        cell["metadata"] = only(OF_CELL, cell["metadata"])
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    kept = only(OF_NOTEBOOK, notebook["metadata"])
    notebook["metadata"] = {**kept, "language_info": {"name": "python"}}
    # The same format as Jupyter's own.
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def only(names: Sequence[str], said: Mapping[str, Any]) -> dict[str, Any]:
    """The entries with these names."""
    return {name: said[name] for name in names if name in said}


if __name__ == "__main__":
    main()
