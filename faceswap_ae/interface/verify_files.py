"""`verify`: what do a file's marks say of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap_ae.interface.arguments import Paths, as_paths
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
    "unreadable": "not readable",
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
        return [line for one in self.files for line in _lines(one)]

    def to_json(self) -> list[dict[str, Any]]:
        """Return all of it as JSON."""
        return [one.to_json() for one in self.files]


@public
def verify(files: Paths) -> VerifyResult:
    """Read the marks of videos and pictures: tags, signature, and watermark in the pixels.

    Files may be of any origin, cut, scaled or encoded again. No mark is no proof that nobody
    altered a file.

    >>> verify("clips/ada/clip.mp4")
    clips/ada/clip.mp4: no marks found; no proof that nobody altered it: marks can be removed

    Args:
        files: Videos, pictures, folders of pictures.
    """
    from faceswap_ae.marks.verification import verify_file

    return VerifyResult([verify_file(path) for path in as_paths(files)])


def _lines(one: Verified) -> list[str]:
    if not one.altered:
        if one.unreadable:
            return [one.unreadable]
        broken = one.credentials is not None and one.credentials.state == "unreadable"
        more = [f"  signature: {_signed(one.credentials)}"] if broken else []
        more += [f"  but {what}" for what in one.lost]
        return [f"{one.path}: no marks found; {one.certainty}", *more]
    lines = [f"{one.path}: AI-altered; {one.certainty}"]
    if one.watermark is not None:
        lines.append(f"  watermark: {_watermark(one.watermark)}")
    if one.credentials is not None:
        lines.append(f"  signature: {_signed(one.credentials)}")
    if one.tags is not None:
        lines.append(f"  tags: {one.tags.get('comment', one.tags['ai_tool'])}")
    lines += [f"  but {what}" for what in one.lost]
    return lines + ([f"  {one.unreadable}"] if one.unreadable else [])


def _watermark(mark: WatermarkFound) -> str:
    across, down = mark.scale
    seen = f"{mark.payload.kind}, run {mark.payload.run}, {mark.certainty:.0f} standard deviations"
    changed = abs(across - 1) > 0.01 or abs(down - 1) > 0.01
    scaled = f", scaled to {across:.0%} x {down:.0%}" if changed else ""
    return seen + scaled + (", mirrored" if mark.mirrored else "")


def _signed(signed: Credentials | None) -> str:
    if signed is None:
        return "none"
    words = SIGNED[signed.state]
    if signed.problems and signed.state in ("altered", "unreadable"):
        words += f" ({', '.join(signed.problems[:3])})"
    said = ", ".join(filter(None, (signed.tool, signed.when)))
    return f"{words}; {signed.signer or 'nobody'} says: {signed.what or 'nothing'} ({said})"
