"""How do tests write resumable outputs in segments, in every format?"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from faceswap_ae.media import provenance
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.reader import frames
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.segments import OutputSpec

STEADY = Encoding(repeatable=True)


OUTPUTS = {
    "h264": ("out.mp4", STEADY),
    "h264 mkv": ("out.mkv", STEADY),
    "prores": ("out.mov", Encoding("prores", repeatable=True)),
    "ffv1": ("out.mkv", Encoding("ffv1", repeatable=True)),
    "gif": ("out.gif", STEADY),
    "pictures": ("out", STEADY),
}


TOLD = provenance.make_marks(datetime(2026, 11, 20, tzinfo=UTC), "ben's face put onto ada")


JOB = {"face": "ben", "onto": "ada"}


LENGTH = 12  # frames per segment in these tests


def output(folder: Path, clip: Path, name: str = "h264") -> OutputSpec:
    file, encoding = OUTPUTS[name]
    like = open_clip(clip)
    return OutputSpec(folder / file, like, encoding, like, marks=TOLD, segment=LENGTH)


def make(out: OutputSpec, stop: Callable[[int], None] = lambda _: None) -> list[object]:
    """Write the frames that are still missing, and return all notes.

    `stop` is called before each frame, and may raise to stop the writing.
    """
    with resumable(out, JOB) as parts:
        for frame in frames(out.like, parts.rest):
            stop(frame.index)
            note = {"frame": frame.index}
            parts.write(frame.image, frame.time, frame.duration, note)
        return list(parts.notes())


def content(path: Path) -> list[tuple[str, bytes]]:
    places = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(place.name, place.read_bytes()) for place in places]
