"""What does an output file state about itself (provenance): that it is AI-altered, by what, when?

The law demands machine-readable marks (EU AI Act, article 50). The marks are written twice. Once
they are tags or texts under our own keys. Once they are XMP, with IPTC's term for media that a
model made in part (https://cv.iptc.org/newscodes/digitalsourcetype). The XMP is in the place that
XMP's specification, part 3, names: a box in MP4 (readers look there in MOV too), a chunk in PNG, an
extension in GIF. Matroska has no such place, so it has only tags.

What we only cut or lay side by side says no more than which tool wrote it, unless a clip in it is
marked: then it carries that clip's marks.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID
from xml.sax.saxutils import escape

import av

from faceswap_ae.media import png
from faceswap_ae.media.clip import Clip, open_media
from faceswap_ae.version import TOOL

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
WATERMARK = "ai_watermark"  # the id of the output in its pixels, or `none`
KEYS = ("comment", "ai_altered", "ai_tool", "ai_time", "digital_source_type", WATERMARK)
MADE_WITH = "made_with"  # the tool, in every output, altered or not
WRITTEN = {MADE_WITH: TOOL}
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <Iptc4xmpExt:DigitalSourceType>{digital_source_type}</Iptc4xmpExt:DigitalSourceType>
   <xmp:CreatorTool>{ai_tool}</xmp:CreatorTool>
   <xmp:ModifyDate>{ai_time}</xmp:ModifyDate>
   <dc:description>
    <rdf:Alt><rdf:li xml:lang="x-default">{comment}</rdf:li></rdf:Alt>
   </dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
XMP_BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes  # in MP4 and MOV
XMP_KEYWORD = "XML:com.adobe.xmp"  # in PNG
GIF_COMMENT, GIF_XMP = b"\x21\xfe", b"\x21\xff\x0bXMP DataXMP"
# In a GIF, XMP is not in blocks. At whatever byte of this trailer a block reader arrives, it finds
# the end.
GIF_XMP_END = bytes([1, *range(255, -1, -1), 0])
GIF_BLOCK = 255  # bytes at most
GIF_LOOP = b"\x21\xff\x0bNETSCAPE2.0"  # some readers look for it only as the first extension


def make_marks(when: datetime, what: str) -> dict[str, str]:
    """Return the marks of an output.

    `what` says in one line what was done: `ben's face put onto ada`.
    """
    # XML and a line of a GIF's comment allow neither line breaks nor control characters.
    what = "".join(filter(str.isprintable, " ".join(what.split())))
    time = when.isoformat(timespec="seconds")
    return {
        "comment": f"AI-altered: {what}. Made with {TOOL}, {time}.",
        "ai_altered": what,
        "ai_tool": TOOL,
        "ai_time": time,
        "digital_source_type": SOURCE_TYPE,
    }


def png_words(told: Mapping[str, str]) -> dict[str, str]:
    """Return the marks as texts for a PNG, by keyword."""
    return {**told, XMP_KEYWORD: _xmp(told)} if "ai_tool" in told else dict(told)


def stamp(path: Path, told: Mapping[str, str]) -> None:
    """Add to a finished file the marks that its writer could not: XMP, and all marks of a GIF."""
    if not told:
        return
    suffix = path.suffix.lower()
    xmp = _xmp(told).encode() if "ai_tool" in told else b""
    if suffix in (".mp4", ".mov") and xmp:
        body = XMP_BOX + xmp
        with path.open("ab") as file:
            file.write((8 + len(body)).to_bytes(4, "big") + b"uuid" + body)
    elif suffix == ".gif":
        packet = GIF_XMP + xmp + GIF_XMP_END if xmp else b""
        _insert(path, _gif_comment(told) + packet)


def read(path: Path) -> dict[str, str] | None:
    """Return the marks in a file, or in a folder's first picture; None if there are none."""
    place = min(path.glob("*.png"), default=None) if path.is_dir() else path
    found = {} if place is None else _read(place, KEYS)
    return found if "ai_tool" in found else None


def read_tool(path: Path) -> str:
    """Return the tool that wrote a file, as the file says; empty if it does not."""
    return next(iter(_read(path, ("ai_tool", MADE_WITH)).values()), "")


def read_clip_marks(clip: Clip) -> dict[str, str]:
    """Return the marks of a clip, for an output that is cut out of it."""
    place = clip.pictures[0] if clip.pictures else clip.path
    return (read(place) or {}) if place.is_file() else {}


def _read(path: Path, keys: Sequence[str]) -> dict[str, str]:
    with path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        if head == png.SIGNATURE[:6]:
            return _png_words(file, keys)
        found = _comment_words(file) if head.startswith(b"GIF8") else _tags(path)
    return {key: found[key] for key in keys if key in found}


def _xmp(told: Mapping[str, str]) -> str:
    return XMP.format(**{key: escape(text) for key, text in told.items()})


def _tags(video: Path) -> dict[str, str]:
    try:
        with open_media(video) as container:
            return {key.lower(): text for key, text in container.metadata.items()}
    except av.error.FFmpegError:  # a picture of another format, or no media file at all
        return {}


def _png_words(file: BinaryIO, keys: Sequence[str]) -> dict[str, str]:
    found = {}
    for key in keys:
        file.seek(0)
        if (text := png.read_text(file, key)) is not None:
            found[key] = text
    return found


def _gif_comment(told: Mapping[str, str]) -> bytes:
    lines = "\n".join(f"{key}: {text}" for key, text in told.items()).encode()
    blocks = [lines[at : at + GIF_BLOCK] for at in range(0, len(lines), GIF_BLOCK)]
    return GIF_COMMENT + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def _insert(gif: Path, extensions: bytes) -> None:
    """Insert extensions before the first picture, where every reader finds them."""
    new = gif.with_name(f"{gif.stem}.marked{gif.suffix}")
    try:
        with gif.open("rb") as file, new.open("wb") as out:
            _pass_table(file, file.read(13)[10:11])
            place = file.tell()
            if file.read(len(GIF_LOOP)) == GIF_LOOP:
                _blocks(file)
                place = file.tell()
            file.seek(0)
            out.write(file.read(place) + extensions)
            shutil.copyfileobj(file, out)
        new.replace(gif)
    finally:
        new.unlink(missing_ok=True)


def _comment_words(file: BinaryIO) -> dict[str, str]:
    """Return the marks in a GIF's comments before its first picture."""
    _pass_table(file, file.read(13)[10:11])
    found: dict[str, str] = {}
    while file.read(1) == b"!":
        label, body = file.read(1), _blocks(file)
        if label == GIF_COMMENT[1:]:
            lines = body.decode("utf-8", "replace").splitlines()
            found |= dict(line.split(": ", 1) for line in lines if ": " in line)
    return found


def _pass_table(file: BinaryIO, flags: bytes) -> None:
    """Skip the colour table, if the flags say that there is one."""
    if flags and flags[0] & 0x80:
        file.seek(3 << (flags[0] & 7) + 1, 1)


def _blocks(file: BinaryIO) -> bytes:
    """Return the data of blocks, each after its length, up to an empty one or the file's end."""
    parts = []
    while (length := file.read(1)) not in (b"\0", b""):
        parts.append(file.read(length[0]))
    return b"".join(parts)
