"""Which marks does a file carry, of any origin, and what was lost of them?

Tags say what was done, but anybody can write or remove them. A signature says whether the bytes are
those that were signed. A watermark says which run of this toolkit the pixels are from, also after
they were cut, scaled and encoded again. Where the three do not agree, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from faceswap_ae.common.errors import FaceswapError
from faceswap_ae.common.geometry import Image
from faceswap_ae.marks.c2pa_manifest import INTACT
from faceswap_ae.marks.certificate import EXTRA
from faceswap_ae.marks.credentials import Credentials, can_sign, read_credentials
from faceswap_ae.marks.seal import NONE
from faceswap_ae.marks.watermark_reader import WatermarkFound, read_watermark
from faceswap_ae.media import provenance, reader
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.provenance import WATERMARK
from faceswap_ae.media.span import Span

FRAMES = 24  # of a clip that are looked at, evenly spaced
PARTS = 3  # of a clip, each looked at by itself where the whole shows nothing
SEEK = 60  # frames between two that are looked at, from which on the reader seeks each


@dataclass(frozen=True)
class Verified:
    """What is known of a file."""

    path: Path
    tags: dict[str, str] | None
    credentials: Credentials | None
    watermark: WatermarkFound | None
    unreadable: str = ""  # why its pixels could not be looked at
    blind: bool = False  # to signatures, because the library that reads them is missing

    @property
    def altered(self) -> bool:
        """Does any mark say that the file is AI-altered?"""
        found = self.credentials
        signed = found is not None and found.source_type == provenance.SOURCE_TYPE
        return bool(self.tags or signed or self.watermark)

    @property
    def certainty(self) -> str:
        """How sure that is, in words: the surest mark counts."""
        if self.watermark is not None:
            return "the pixels themselves say so"
        if self.credentials is not None and self.altered and self.credentials.state in INTACT:
            return "a signature says so, and the file is as it was signed"
        if self.altered:
            return "words in the file say so, which anybody can write"
        return "no proof that nobody altered it: marks can be removed"

    @property
    def lost(self) -> list[str]:
        """What is missing of the marks, or does not fit the others."""
        unseen = [f"signatures cannot be read here; {EXTRA}"] if self.blind else []
        if self.unreadable or not self.altered:
            return unseen
        return [*self._lost_watermark(), *self._lost_words(), *unseen]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        mark, signed = self.watermark, self.credentials
        return {
            "file": str(self.path),
            "ai_altered": self.altered,
            "certainty": self.certainty,
            "tags": self.tags,
            "credentials": None if signed is None else asdict(signed),
            "watermark": None if mark is None else {**asdict(mark.payload), **_seen(mark)},
            "lost": self.lost,
            "unreadable": self.unreadable,
        }

    def _lost_watermark(self) -> Iterator[str]:
        named = (self.tags or {}).get(WATERMARK, "")
        if self.watermark is None:
            if named == NONE:
                yield "the file was made without a watermark"
            elif named:
                yield f"the watermark of run {named} is not in the pixels any more"
        elif named not in ("", self.watermark.payload.run):
            run = self.watermark.payload.run
            yield f"the tags name run {named}, but the pixels are of run {run}"

    def _lost_words(self) -> Iterator[str]:
        if self.tags is None:
            yield "the tags are gone"
        if self.credentials is None:
            if not self.blind:
                yield "there is no signature"
        elif self.credentials.state not in INTACT:
            yield "the signature does not hold: the file was changed after it was signed"


def verify_file(path: Path) -> Verified:
    """Look for all marks in a video, a picture or a folder of pictures.

    A file that cannot be read is no error: what could be found is returned, and why not more.
    """
    tags, credentials, watermark, why = None, None, None, ""
    try:
        clip = open_clip(path)
        tags = provenance.read_clip_marks(clip) or None
        watermark = _find_watermark(clip)
    except (FaceswapError, OSError) as error:
        why = str(error)
    blind = not can_sign()
    if path.exists() and not blind:
        credentials = read_credentials(path)
    return Verified(path, tags, credentials, watermark, why, blind)


def _find_watermark(clip: Clip) -> WatermarkFound | None:
    """Look for one watermark in the whole clip, else in each of its parts.

    A part of a clip may be from elsewhere, and hide in a mean over all frames what the others show.
    """
    pictures = list(_samples(clip))
    if (found := read_watermark(pictures)) is not None or len(pictures) < PARTS:
        return found
    size = -(-len(pictures) // PARTS)
    parts = (pictures[at : at + size] for at in range(0, len(pictures), size))
    return next(filter(None, map(read_watermark, parts)), None)


def _samples(clip: Clip) -> Iterator[Image]:
    """Yield some frames of a clip, evenly spaced, of one size."""
    step = max(1, clip.count // FRAMES)
    numbers = range(step // 2, max(clip.count, 1), step)[:FRAMES]
    if step < SEEK:
        span = Span(first=numbers[0], last=numbers[-1])
        shown = (one for one in _shown(clip, span) if one.index in numbers)
    else:
        spans = (Span(first=number, last=number) for number in numbers)
        shown = (one for span in spans for one in _shown(clip, span))
    first: tuple[int, ...] | None = None
    for frame in shown:
        first = first or frame.image.shape
        if frame.image.shape == first:
            yield frame.image


def _shown(clip: Clip, span: Span) -> Iterator[reader.Frame]:
    return reader.frames(clip, span, keep_going=not clip.pictures, quick=True)


def _seen(mark: WatermarkFound) -> dict[str, Any]:
    across, down = mark.scale
    return {
        "standard_deviations": round(mark.certainty, 1),
        "scale": [round(across, 3), round(down, 3)],
        "mirrored": mark.mirrored,
    }
