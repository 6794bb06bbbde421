"""How do tests run small conversions and read their reports and frames?"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import Progress, no_progress
from faceswap_ae.conversion.compositor import CompositeOptions
from faceswap_ae.conversion.convert import convert_clip
from faceswap_ae.conversion.converter import Converter, ConvertOptions
from faceswap_ae.marks.seal import UNMARKED
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.training.runs.run import Run

LOSSLESS = Encoding("ffv1")


PLAIN = CompositeOptions(grain=False, motion_blur=False)


def options(studio: Path, **changes: Any) -> ConvertOptions:
    run = Run(studio / "runs" / "ben-onto-ada")
    plain = ConvertOptions((run,), studio / "data", style=PLAIN, encoding=LOSSLESS)
    plain = replace(plain, marks=UNMARKED)
    return replace(plain, **changes)


def converted(studio: Path, clip: Path, out: Path, **changes: Any) -> dict[str, Any]:
    """Convert a clip, and return the report of the conversion."""
    convert_clip(Converter(options(studio, **changes), no_progress), open_clip(clip), out)
    found: dict[str, Any] = json.loads(out.with_name(out.name + ".json").read_text())
    return found


def stopping(task: str, at: int) -> Progress:
    """Return a progress that stops the work, as Ctrl-C does, at a step of a task."""

    @contextmanager
    def impatient(what: str, _total: int) -> Iterator[Callable[[int], None]]:
        def advance(count: int) -> None:
            if what.startswith(task) and count == at:
                raise KeyboardInterrupt

        yield advance

    return impatient


def shown(path: Path) -> list[Image]:
    return [frame.image for frame in reader.frames(open_clip(path))]
