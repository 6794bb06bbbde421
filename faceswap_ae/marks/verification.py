"""Which marks does a file carry, of any origin, and what was lost of them?

Tags say what was done, but anybody can write or remove them. A signature says whether the bytes are
those that were signed. A watermark says which output of this toolkit the pixels are from, also
after they were cut, scaled and encoded again; it has no key, so a forger can write one. Where the
three do not agree, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from faceswap_ae.common.errors import FaceswapError, UserError
from faceswap_ae.common.limits import read_whole
from faceswap_ae.marks.c2pa_manifest import INTACT, one_line
from faceswap_ae.marks.certificate import EXTRA
from faceswap_ae.marks.credentials import Credentials, can_sign, read_credentials
from faceswap_ae.marks.samples import read_samples
from faceswap_ae.marks.seal import NONE
from faceswap_ae.marks.watermark_reader import WatermarkFound, WatermarkSums
from faceswap_ae.media import provenance
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.provenance import WATERMARK

PARTS = 3  # of a clip, each looked at by itself where the whole shows nothing


@dataclass(frozen=True)
class Verified:
    """What is known of a file."""

    path: Path
    tags: dict[str, str] | None
    credentials: Credentials | None
    watermark: WatermarkFound | None
    unreadable: str = ""  # why its pixels could not be looked at
    blind: bool = False  # to signatures, because the library that reads them is missing
    looked_at: int = 0  # frames
    pictures: int = 0  # in a folder that was looked at as one clip

    @property
    def altered(self) -> bool:
        """Does any mark say that the file is AI-altered?"""
        signed = self.credentials is not None and self.credentials.says_ai
        return bool(self.tags or signed or self.watermark)

    @property
    def certainty(self) -> str:
        """How sure that is, in words: the surest mark counts."""
        signed = self.credentials
        state = signed.state if signed is not None and signed.says_ai else ""
        # Anybody can write our watermark, or sign; a signer whom the user trusts, nobody else can.
        if self.watermark is not None and state != "trusted":
            return "a watermark in the pixels says so"
        if state in INTACT:
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
            "watermark": None if mark is None else _seen(mark),
            "lost": self.lost,
            "unreadable": self.unreadable,
            "frames_looked_at": self.looked_at,
            "pictures_as_one_clip": self.pictures,
        }

    def _lost_watermark(self) -> Iterator[str]:
        named = (self.tags or {}).get(WATERMARK, "")
        if self.watermark is None:
            if named == NONE:
                yield "the file was made without a watermark"
            elif named:
                yield f"the watermark of output id {named} is not in the pixels any more"
        elif named not in ("", self.watermark.payload.output):
            output = self.watermark.payload.output
            yield f"the tags name output id {named}, but the pixels are of output id {output}"

    def _lost_words(self) -> Iterator[str]:
        if self.tags is None:
            yield "the tags are gone"
        if self.credentials is None:
            if not self.blind:
                yield "there is no signature"
        elif self.credentials.state == "altered":
            yield "the signature does not hold: the file was changed after it was signed"
        elif self.credentials.state not in INTACT:
            yield "the signature cannot be read, so it says nothing of the file"


def read_anchors(path: Path) -> bytes:
    """Read the certificates (PEM) of signers whom the user trusts. Raises UserError."""
    try:
        pem = read_whole(path)
        import_module("cryptography.x509").load_pem_x509_certificates(pem)
    except OSError as error:
        why = error.strerror or error
        raise UserError(f"--trust {path}: {why}; give a PEM file of certificates") from error
    except ImportError as error:
        raise UserError(f"--trust {path}: signatures cannot be read here; {EXTRA}") from error
    except ValueError as error:
        raise UserError(
            f"--trust {path}: holds no certificates, or broken ones; give PEM"
        ) from error
    return bytes(pem)


def verify_file(path: Path, anchors: bytes = b"") -> Verified:
    """Look for all marks in a video, a picture, or a folder whose pictures are a clip's frames.

    A file that cannot be read is no error: what could be found is returned, and why not more.
    `anchors`: see read_anchors.
    """
    tags, watermark, looked_at, why = None, None, 0, ""
    pictures: tuple[Path, ...] = ()
    try:
        clip = open_clip(path)
        pictures = clip.pictures
        tags = _read_tags(clip)
        watermark, looked_at = _find_watermark(clip)
    except (FaceswapError, OSError) as error:
        why = str(error)
    blind = not can_sign()
    place = pictures[0] if pictures else path
    credentials = read_credentials(place, anchors) if place.is_file() and not blind else None
    row = len(pictures) if path not in pictures else 0
    return Verified(path, tags, credentials, watermark, why, blind, looked_at, row)


def _read_tags(clip: Clip) -> dict[str, str] | None:
    """Return the tags, each as one line: a stranger may have written them."""
    return {key: one_line(text) for key, text in provenance.read_clip_marks(clip).items()} or None


def _find_watermark(clip: Clip) -> tuple[WatermarkFound | None, int]:
    """Look for one watermark in the whole clip, else in each of its parts; count the frames.

    A part of a clip may be from elsewhere, and hide in a mean over all frames what the others show.
    """
    parts: dict[tuple[tuple[int, ...], int], WatermarkSums] = {}
    count = 0
    for place, image in read_samples(clip):
        count += 1
        parts.setdefault((image.shape, int(place * PARTS)), WatermarkSums()).add(image)
    wholes: dict[tuple[int, ...], WatermarkSums] = {}  # by size: only one size can be added up
    for (shape, _), part in parts.items():
        wholes.setdefault(shape, WatermarkSums()).join(part)
    sums = [*wholes.values(), *(parts.values() if len(parts) > len(wholes) else ())]
    return next((found for one in sums if (found := one.read()) is not None), None), count


def _seen(mark: WatermarkFound) -> dict[str, Any]:
    across, down = mark.scale
    return {
        "kind": mark.payload.kind,
        "output_id": mark.payload.output,
        "standard_deviations": round(mark.certainty, 1),
        "scale": [round(across, 3), round(down, 3)],
        "mirrored": mark.mirrored,
    }
