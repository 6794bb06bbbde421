"""How good and how quick are swaps without training? `python -m benchmarks.instant`.

Each pair of `benchmarks.quality` is swapped twice: out of all faces of the owner's clips, and out
of one of them, which looks straight ahead (a photo). Both are measured against the exact answer.
Then a clip of 720 and of 1080 lines is swapped, finding included. `--keep` draws the picture of the
docs.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.measure import report
from benchmarks.quality import table
from benchmarks.quality_cast import PAIRS, Stage, staged
from benchmarks.quality_picture import draw
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.compositor import CompositeOptions
from faceswap_ae.conversion.convert import convert_clip
from faceswap_ae.conversion.converter import Converter, ConvertOptions
from faceswap_ae.conversion.reenact import ReenactOptions, reenact
from faceswap_ae.evaluation.evaluate import SwapPaths, evaluate_paths
from faceswap_ae.media import images, reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.span import Span
from faceswap_ae.reenactment.source_faces import load_source_faces
from faceswap_ae.synthetic.film import Film, shoot

PICTURE, MOVED = Path("docs/instant.jpg"), Path("docs/moved.jpg")
CLIPS, PHOTO = "all faces of two clips", "one photo"
SHOWN = (5, 25, 45, 65, 85)  # frames of the moved photo
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
FRAMES = 100  # of the clips whose speed is measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", nargs="+", default=[str(pair) for pair in PAIRS])
    parser.add_argument("--work", type=Path, help="a folder to keep everything in")
    parser.add_argument("--keep", action="store_true", help=f"draw {PICTURE} and {MOVED}")
    wanted = parser.parse_args()
    cv2.setNumThreads(1)
    work = wanted.work or Path(tempfile.gettempdir()) / "faceswap-ae-instant"
    stages = [Stage(work / "pairs" / str(p), p) for p in PAIRS if str(p) in wanted.pairs]
    found: dict[str, dict[str, Mapping[str, Any]]] = {CLIPS: {}, PHOTO: {}}
    files: dict[str, list[Path]] = {CLIPS: [], PHOTO: []}
    for stage in stages:
        staged(stage)
        for way, faces in ((CLIPS, stage.face), (PHOTO, _photo(stage))):
            out = stage.folder / f"{way.replace(' ', '-')}.mp4"
            _swap(faces, stage.play, out)
            files[way].append(out)
            found[way][str(stage.pair)] = _figures(stage, out)
    print(table(found))
    print(json.dumps(found, indent=1))
    if wanted.keep:
        draw(stages, files, PICTURE)
        _draw_moved(stages[0])
    print(report("instant", {}, **speed(work, stages[0])))


def speed(work: Path, stage: Stage) -> dict[str, Any]:
    """Frames per second of wall time, and CPU seconds a frame, finding included."""
    told = {}
    for name, size in SIZES.items():
        folder = work / name
        if not (folder / "clip.mp4").exists():
            film = Film("ada", size=size, fps=Fraction(25), seconds=Fraction(FRAMES, 25), seed=3)
            shoot(film, folder, lambda _: None)
        _swap(stage.face, stage.play, work / "warm.mp4")
        wall, cpu = time.perf_counter(), time.process_time()
        _swap(stage.face, folder / "clip.mp4", work / f"{name}.mp4")
        spent = time.perf_counter() - wall, time.process_time() - cpu
        told[name] = {"fps": FRAMES / spent[0], "cpu s a frame": spent[1] / FRAMES}
    return told


def _swap(faces: Path, clip: Path, out: Path) -> None:
    options = ConvertOptions(source=faces, style=CompositeOptions(colour="light"), overwrite=True)
    convert_clip(Converter(options, no_progress), open_clip(clip), out)


def _photo(stage: Stage) -> Path:
    """A face folder with the one face of the owner's that looks the straightest."""
    folder = stage.folder / "photo" / stage.face.name
    if not folder.exists():
        folder.mkdir(parents=True)
        place = load_source_faces(stage.face).faces[0].entry.place
        assert isinstance(place, Path)
        shutil.copy(place, folder / place.name)
    return folder


def _draw_moved(stage: Stage) -> None:
    """A picture of some frames: the driver above, the photo that moves below."""
    photo, out = stage.folder / "photo.png", stage.folder / "moved.mp4"
    who = stage.pair.films[stage.pair.face][0]
    owner = stage.folder / f"{stage.face.name}-{who.seed}"
    frames = json.loads((owner / "truth.json").read_bytes())["frames"]
    acts = [frame["act"] for frame in frames]
    straight = min(range(len(acts)), key=lambda at: abs(acts[at]["yaw"]) + abs(acts[at]["pitch"]))
    (shown,) = reader.frames(open_clip(owner / "clip.mp4"), Span(first=straight, last=straight))
    images.write(photo, shown.image)
    reenact(photo, stage.play, out, ReenactOptions(overwrite=True))
    rows = [
        [frame.image for frame in reader.frames(open_clip(clip)) if frame.index in SHOWN]
        for clip in (stage.play, out)
    ]
    small = [np.hstack([cv2.resize(one, None, fx=0.5, fy=0.5) for one in row]) for row in rows]
    images.write(MOVED, np.vstack(small))


def _figures(stage: Stage, out: Path) -> dict[str, float | None]:
    clips = SwapPaths(out, stage.face, stage.play, stage.answer)
    summary = evaluate_paths(clips, no_progress).summary
    found = ((name, one.value) for name, one in summary.items())
    return {name: None if value is None else round(float(value), 4) for name, value in found}


if __name__ == "__main__":
    main()
