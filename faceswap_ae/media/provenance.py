"""What does an output say of itself: that it is AI-altered, by which tool, when?

Law asks for marks that machines read (EU AI Act, article 50). They stand there twice: as tags or
words under our own keys, and as XMP with IPTC's term for what is made in part by a model
(https://cv.iptc.org/newscodes/digitalsourcetype), in the place that XMP's specification, part 3,
names: a box of MP4 (readers look there in MOV too), a chunk of PNG, an extension of GIF. Matroska
has no such place: only tags.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID
from xml.sax.saxutils import escape

import av

from faceswap_ae.media import png
from faceswap_ae.media.clip import Clip
from faceswap_ae.version import TOOL

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
KEYS = ("comment", "ai_altered", "ai_tool", "ai_time", "digital_source_type")
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
# XMP lies bare in a GIF; from whatever byte a reader of blocks lands on here it finds the end.
GIF_XMP_END = bytes([1, *range(255, -1, -1), 0])
GIF_BLOCK = 255  # bytes at most
GIF_LOOP = b"\x21\xff\x0bNETSCAPE2.0"  # some readers look for it in the first place only


def make_marks(when: datetime, what: str) -> dict[str, str]:
    """The marks of an output. `what` was done, in one line: `ben's face put onto ada`."""
    # XML and a line of a GIF take neither breaks nor control characters.
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
    """Marks as the words beside the pixels of a PNG."""
    if not told:
        return {}
    return {**told, XMP_KEYWORD: _xmp(told)}


def stamp(path: Path, told: Mapping[str, str]) -> None:
    """Add to a finished file what its writer could not: XMP, and all marks of a GIF."""
    if not told:
        return
    suffix = path.suffix.lower()
    if suffix in (".mp4", ".mov"):
        body = XMP_BOX + _xmp(told).encode()
        with path.open("ab") as file:
            file.write((8 + len(body)).to_bytes(4, "big") + b"uuid" + body)
    elif suffix == ".gif":
        _insert(path, _gif_comment(told) + GIF_XMP + _xmp(told).encode() + GIF_XMP_END)


def read(path: Path) -> dict[str, str] | None:
    """The marks in a file, or in the first of a folder's pictures; None where there are none."""
    place = min(path.glob("*.png"), default=None) if path.is_dir() else path
    if place is None:
        return None
    with place.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        if head == png.SIGNATURE[:6]:
            found = _png_words(file)
        elif head.startswith(b"GIF8"):
            found = _comment_words(file)
        else:
            found = _tags(place)
    return found if "ai_tool" in found else None


def read_clip_marks(clip: Clip) -> dict[str, str]:
    """The marks of a clip, for what is cut out of it."""
    place = clip.pictures[0] if clip.pictures else clip.path
    return (read(place) or {}) if place.is_file() else {}


def _xmp(told: Mapping[str, str]) -> str:
    return XMP.format(**{key: escape(text) for key, text in told.items()})


def _tags(video: Path) -> dict[str, str]:
    try:
        with av.open(video.absolute()) as container:
            tags = {key.lower(): text for key, text in container.metadata.items()}
    except av.error.FFmpegError:  # a picture of another kind, or no medium at all
        return {}
    return {key: tags[key] for key in KEYS if key in tags}


def _png_words(file: BinaryIO) -> dict[str, str]:
    found = {}
    for key in KEYS:
        file.seek(0)
        if (text := png.read_text(file, key)) is not None:
            found[key] = text
    return found


def _gif_comment(told: Mapping[str, str]) -> bytes:
    lines = "\n".join(f"{key}: {text}" for key, text in told.items()).encode()
    blocks = [lines[at : at + GIF_BLOCK] for at in range(0, len(lines), GIF_BLOCK)]
    return GIF_COMMENT + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def _insert(gif: Path, extensions: bytes) -> None:
    """Put extensions before the first picture, where every reader meets them."""
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
    """The lines of a GIF's comments, before its first picture."""
    _pass_table(file, file.read(13)[10:11])
    found: dict[str, str] = {}
    while file.read(1) == b"!":
        label, body = file.read(1), _blocks(file)
        if label == GIF_COMMENT[1:]:
            lines = body.decode("utf-8", "replace").splitlines()
            found |= dict(line.split(": ", 1) for line in lines if ": " in line)
    return {key: found[key] for key in KEYS if key in found}


def _pass_table(file: BinaryIO, flags: bytes) -> None:
    """Colours follow where the flags say so."""
    if flags and flags[0] & 0x80:
        file.seek(3 << (flags[0] & 7) + 1, 1)


def _blocks(file: BinaryIO) -> bytes:
    """What lies in blocks, each led by its length, up to an empty one or the file's end."""
    parts = []
    while (length := file.read(1)) not in (b"\0", b""):
        parts.append(file.read(length[0]))
    return b"".join(parts)
