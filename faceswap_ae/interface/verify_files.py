"""`verify`: what do a file's marks say of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap_ae.interface.arguments import AnyPath, Paths, as_path, as_paths
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.results import Result

if TYPE_CHECKING:
    from faceswap_ae.marks.credentials import Credentials
    from faceswap_ae.marks.verification import Verified
    from faceswap_ae.marks.watermark_reader import WatermarkFound

SIGNED = {
    "trusted": "intact, by a signer whom you trust",
    "untrusted": "intact; its signer is on no list of trusted ones",
    "altered": "broken",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True, repr=False)
class VerifyResult(Result):
    """What is known of some files."""

    files: Sequence[Verified]

    @property
    def place(self) -> Path:
        return self.files[0].path

    @property
    def altered(self) -> list[Path]:
        """Those of which a mark says that they are AI-altered."""
        return [one.path for one in self.files if one.altered]

    @property
    def unreadable(self) -> list[Path]:
        """Those that could not be looked at as a whole."""
        return [one.path for one in self.files if one.unreadable]

    @property
    def lines(self) -> list[str]:
        """What is known of each, a block of lines each."""
        return [_printable(line) for one in self.files for line in _lines(one)]

    def to_json(self) -> list[dict[str, Any]]:
        """Return all of it as JSON."""
        return [one.to_json() for one in self.files]


@public
def verify(files: Paths, trust: AnyPath | None = None) -> VerifyResult:
    """Read the marks of videos and pictures: tags, signature, and watermark in the pixels.

    Files may be of any origin, cut, scaled or encoded again. Of a folder, each file is looked at by
    itself; only pictures of one size that are numbered without a gap count as frames of one clip.
    No mark is no proof that nobody altered a file.

    >>> verify("clips/ada/clip.mp4")
    clips/ada/clip.mp4: no marks found; no proof that nobody altered it: marks can be removed

    Args:
        files: Videos, pictures, folders of them.
        trust: PEM of signers whom you trust, with their root certificates.
    """
    from faceswap_ae.marks.samples import find_files
    from faceswap_ae.marks.verification import read_anchors, verify_file

    place = as_path(trust)
    anchors = b"" if place is None else read_anchors(place)
    return VerifyResult([verify_file(path, anchors) for path in find_files(as_paths(files))])


def _lines(one: Verified) -> list[str]:
    lines = [_first_line(one)]
    if one.watermark is not None:
        lines.append(f"  watermark: {_watermark(one.watermark)}")
    if one.credentials is not None:
        lines.append(f"  signature: {_signed(one.credentials)}")
    if one.tags is not None:
        lines.append(f"  tags: {one.tags.get('comment', one.tags['ai_tool'])}")
    if one.pictures:
        looked = f"{one.looked_at} of {one.pictures} pictures looked at, as frames of one clip"
        lines.append(f"  {looked}; signature and tags are those of the first")
    lines += [f"  but {what}" for what in one.lost]
    return lines + ([f"  {one.unreadable}"] if one.unreadable and one.altered else [])


def _first_line(one: Verified) -> str:
    if one.altered:
        return f"{one.path}: AI-altered; {one.certainty}"
    if one.unreadable:
        return one.unreadable
    nothing = "no marks found" if one.credentials is None else "no mark says that it is AI-altered"
    return f"{one.path}: {nothing}; {one.certainty}"


def _watermark(mark: WatermarkFound) -> str:
    across, down = mark.scale
    output = f"{mark.payload.kind}, output id {mark.payload.output}"
    seen = f"{output}, {mark.certainty:.0f} standard deviations"
    changed = abs(across - 1) > 0.01 or abs(down - 1) > 0.01
    scaled = f", scaled to {across:.0%} x {down:.0%}" if changed else ""
    return seen + scaled + (", mirrored" if mark.mirrored else "")


def _signed(signed: Credentials) -> str:
    words = SIGNED[signed.state]
    if signed.problems and signed.state in ("altered", "unreadable"):
        words += f" ({', '.join(signed.problems[:3])})"
    if signed.state == "unreadable":
        return words
    kind = "" if signed.ours else signed.source_type.rpartition("/")[2]
    said = ", ".join(filter(None, (signed.tool, signed.when, kind)))
    by = f"{words}; {signed.signer or 'nobody'} says: {signed.what or 'nothing'}"
    return f"{by} ({said})" if said else by


def _printable(line: str) -> str:
    """Return a line that stays one, and cannot steer a terminal: names of files may do both."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)
