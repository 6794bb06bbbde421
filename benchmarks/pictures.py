"""How are the documentation's pictures made again? `python -m benchmarks.pictures --demo demo`.

The pictures of the cast are rendered. The picture `docs/swap.jpg` shows the finished demo in the
given folder.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.converter import Converter, ConvertOptions
from faceswap_ae.conversion.stills import render_masks
from faceswap_ae.media import images, reader
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.span import Span
from faceswap_ae.synthetic.sheet import write_sheets
from faceswap_ae.training.preview import sheet
from faceswap_ae.training.runs.run import list_runs

DOCS = Path("docs")
SHOWN = (20, 56, 104)  # frames of the demo that are shown
SIDE = 300  # pixels of a picture's side
PART, TOP = 0.7, 0.1  # side and top edge of the square that is shown, as shares of frame height


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, help="a finished demo's folder")
    wanted = parser.parse_args()
    for path in [*write_sheets(DOCS), *([demo(wanted.demo)] if wanted.demo else [])]:
        print(path)


def demo(folder: Path) -> Path:
    """Write a picture of some frames of a demo: performance, swap, mask, exact answer."""
    work = folder / "swap.work"
    play = open_clip(folder / "clips" / "play" / "clip.mp4")
    converter = Converter(
        ConvertOptions(tuple(list_runs(work / "runs")), work / "data"), no_progress
    )
    cover = render_masks(converter, play, SHOWN)
    columns = {
        "ada": _frames(play),
        "ben on ada, after 4 minutes": _frames(open_clip(folder / "swap.mp4")),
        "mask": [cover[number] for number in SHOWN],
        "the exact answer": _frames(open_clip(folder / "clips" / "answer" / "clip.mkv")),
    }
    pictures = [np.stack([_square(one) for one in some]) / 255 for some in columns.values()]
    place = DOCS / "swap.jpg"
    images.write(place, sheet(pictures, list(columns)))
    return place


def _frames(clip: Clip) -> Sequence[Image]:
    found = {}
    for number in SHOWN:
        for frame in reader.frames(clip, Span(first=number, last=number)):
            found[number] = frame.image
    return [found[number] for number in SHOWN]


def _square(image: Image) -> Image:
    """The square of a frame in which the face is, at SIDE pixels."""
    high, wide = image.shape[:2]
    side, top = round(PART * high), round(TOP * high)
    left = (wide - side) // 2
    cut = image[top : top + side, left : left + side]
    return np.asarray(cv2.resize(cut, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
