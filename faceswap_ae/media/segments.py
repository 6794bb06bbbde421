"""What is a segment of an output: its frames, its packets, and both as JSON?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

from faceswap_ae.common.geometry import Image
from faceswap_ae.common.limits import fraction
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import H264, Encoding
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.waveform import Waveform

# Frames; about x264's own keyframe distance, so that the keyframe of each segment costs nothing.
SEGMENT = 240


class Seal(Protocol):
    """Marks that an output has besides its tags."""

    def imprint(self, image: Image) -> Image:
        """Return a picture with a mark in its pixels."""

    def sign(self, part: Path, final: Path) -> None:
        """Sign a finished file that will be named `final`."""


@dataclass(frozen=True)
class OutputSpec:
    """What is to be made: a file or folder like `like`, with its other tracks and its marks."""

    path: Path
    like: Clip
    encoding: Encoding = H264
    tracks: Clip | Waveform | None = None
    span: Span = WHOLE
    marks: Mapping[str, str] = field(default_factory=dict)
    segment: int = SEGMENT
    seal: Seal | None = None
    untitled: bool = False  # without the names of tracks and chapters


@dataclass(frozen=True)
class WrittenFrame:
    """A frame that is done: its time, its duration, and the caller's note about it."""

    time: Fraction
    duration: Fraction
    note: Any = None


@dataclass(frozen=True)
class PacketInfo:
    """One packet: its bytes, its frame's number in the segment, whether it is a keyframe."""

    size: int
    frame: int
    key: bool


@dataclass(frozen=True)
class Segment:
    """Frames in display order, packets in decoding order (a segment of pictures has none)."""

    frames: tuple[WrittenFrame, ...]
    pieces: tuple[PacketInfo, ...] = ()
    digest: str = ""  # of the packets, or of the pictures one after the other
    delay: int = 0  # frames by which decoding is ahead of display
    extradata: bytes = b""  # what a decoder must know before the first packet


def segment_to_json(segment: Segment) -> dict[str, Any]:
    """Return a segment as JSON, with a hash of all the rest."""
    told = {
        "frames": [[str(shown.time), str(shown.duration)] for shown in segment.frames],
        "notes": [shown.note for shown in segment.frames],
        "packets": [[piece.size, piece.frame, piece.key] for piece in segment.pieces],
        "digest": segment.digest,
        "delay": segment.delay,
        "extradata": segment.extradata.hex(),
    }
    return {"hash": _hash(told), **told}


def segment_from_json(told: dict[str, Any]) -> Segment:
    """Read a segment. Raises ValueError, KeyError or TypeError where it is not as written."""
    if told.pop("hash") != _hash(told):
        raise ValueError("is not as it was written")
    times = [(fraction(time), fraction(duration)) for time, duration in told["frames"]]
    notes = zip(times, told["notes"], strict=True)
    frames = tuple(WrittenFrame(*when, note) for when, note in notes)
    pieces = tuple(map(_packet, told["packets"]))
    extradata = bytes.fromhex(told["extradata"])
    return Segment(frames, pieces, str(told["digest"]), int(told["delay"]), extradata)


def _packet(told: object) -> PacketInfo:
    match told:
        case [int(size), int(frame), bool(key)] if size >= 0 and frame >= 0:
            return PacketInfo(size, frame, key)
    raise ValueError("has a packet that is none")


def _hash(told: dict[str, Any]) -> str:
    return blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()
