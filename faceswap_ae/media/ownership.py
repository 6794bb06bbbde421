"""May an output take the place of the file that is there? Only if that is an output of ours.

What we write says so of itself: videos, GIFs and pictures by their marks, pages and reports by a
line near their beginning, zips by their comment. Any other file is somebody's own, and is replaced
only if the user says so.
"""

import re
from pathlib import Path

from faceswap_ae.common.errors import UserError
from faceswap_ae.media import images, provenance

ZIP_END = re.compile(rb"PK\x05\x06.{18}faceswap_ae [\w.]+", re.DOTALL)
END = 64  # bytes, of which a zip's end with our comment takes less
HEAD = 4096  # bytes, within which a page or a report names its tool
TEXT = re.compile(rb'<meta name="generator" content="faceswap_ae">|"ai_tool": "faceswap_ae ')


def check_may_replace(out: Path, *, overwrite: bool = False) -> None:
    """Raise UserError if a file is there that is not an output of ours; a folder is no file."""
    is_there = out.is_symlink() or (out.exists() and not out.is_dir())
    if is_there and not overwrite and not is_ours(out):
        why = "is there already, and faceswap_ae did not make it"
        raise UserError(f"{out}: {why}; choose another name, or say --overwrite to replace it")


def is_ours(path: Path) -> bool:
    """Did we write this file?"""
    try:
        if not path.is_file():  # nor a pipe, which would never end
            return False
        with path.open("rb") as file:
            head = file.read(HEAD)
            file.seek(max(0, path.stat().st_size - END))
            end = file.read(END)
    except OSError:
        return False
    if TEXT.search(head) or ZIP_END.search(end):
        return True
    if path.suffix == ".c2pa":  # a signed statement beside a video: it names the tool
        return b"faceswap_ae" in head or b"faceswap_ae" in end
    tools = provenance.read_tool(path), images.read_software(path)
    return any(tool.startswith("faceswap_ae ") for tool in tools)
