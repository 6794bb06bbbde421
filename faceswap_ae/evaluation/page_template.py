"""How is a page made of its template and its parts, so that no text of a part breaks it?"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files

PAGES = files("faceswap_ae") / "pages"


def read_template(name: str) -> str:
    """Return one of the files in pages/."""
    return (PAGES / name).read_text(encoding="utf-8")


def fill_template(name: str, parts: Mapping[str, str]) -> str:
    """Return a page with its parts; style and script are those of all reports."""
    every = {**parts, "css": read_template("report.css"), "script": read_template("report.js")}
    # All parts are inserted in one pass: so inserted text is never searched for placeholders.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: every[found[1]], read_template(name))


def embedded_json(found: object) -> str:
    """Return JSON that cannot close the script element that contains it."""
    text = json.dumps(found, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
