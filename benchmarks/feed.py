"""How many augmented faces per second does the training data pipeline make?

`python -m benchmarks.feed`. Renders faces of two people of the cast into a temporary folder. Stages
of augmentation add up: each row includes those of the rows before it. The unit is milliseconds of
CPU per face, with one thread. Then the whole stream that a training reads is measured, in CPU time
and wall-clock time: with one OpenCV thread for each of our threads, and with OpenCV's default
number of threads.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.measure import compare, report
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.record import Face
from faceswap_ae.networks.model_interface import FACE
from faceswap_ae.synthetic.motion import Performance
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Setting, render
from faceswap_ae.training.data.augmentation import Augmentation, without_chance
from faceswap_ae.training.data.batches import BatchSource
from faceswap_ae.training.data.face_set import FaceSet, load_face_set
from faceswap_ae.training.data.pixel_cache import PixelCache

WHO = ("ada", "ben")
GOAL = 1500  # faces of 128 pixels per second, on two cores
BATCH = 16
DEFAULT = Augmentation()
STILL = without_chance(DEFAULT)
MOVED = replace(STILL, rotation=10.0, scale=0.1, shift=0.05, flip=0.5)
BENT = replace(MOVED, warp=DEFAULT.warp)
STAGES = {
    "cut, masks": STILL,
    "and moved": MOVED,
    "and bent": BENT,
    "and lit": replace(BENT, gain=0.25, tint=0.125, offset=0.083),
    "and occluded: the default": DEFAULT,
    "and made worse": replace(DEFAULT, motion=0.2, blur=0.2, shrink=0.2, jpeg=0.2),
    "and grey outside, colours, shapes": replace(DEFAULT, hide=True, colour=0.5, to_landmarks=0.5),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128, help="pixels of input and target")
    parser.add_argument("--faces", type=int, default=24, help="rendered, of each of two people")
    parser.add_argument("--batches", type=int, default=24, help="of each kind and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        began = time.process_time()
        sets = made(Path(place), wanted.faces, wanted.size)
        rendered = time.process_time() - began

        def feed(options: Augmentation) -> BatchSource:
            return BatchSource(sets, options, wanted.size, wanted.size, BATCH, 0, wanted.threads)

        each = {name: batches(feed(options), wanted.batches) for name, options in STAGES.items()}
        cv2.setNumThreads(1)
        costs = compare(each, wanted.rounds)
        count = BATCH * wanted.batches
        streams = {
            "stream": streaming(feed(DEFAULT), wanted.batches, 1),
            "stream, free OpenCV": streaming(feed(DEFAULT), wanted.batches, -1),
        }
        streamed = compare(streams, wanted.rounds)
    facts = {
        "pixels": wanted.size,
        "threads": wanted.threads,
        "goal": GOAL,
        "cpu_seconds_rendering_and_loading": round(rendered, 1),
        "cpu_ms_per_face": {name: round(1000 * cost.cpu / count, 3) for name, cost in costs.items()}
        | {name: round(500 * cost.cpu / count, 3) for name, cost in streamed.items()},
        "faces_per_second": {name: round(2 * count / cost.wall) for name, cost in streamed.items()},
    }
    print(report("feed", costs | streamed, **facts))


def made(place: Path, count: int, size: int) -> tuple[FaceSet, FaceSet]:
    """Render two folders of faces and load them."""
    for seed, who in enumerate(WHO):
        for number in range(count):
            write(place / who, who, seed, number)
    face, onto = (
        load_face_set(place / who, "inner", size, PixelCache(place / "cache")) for who in WHO
    )
    return face, onto


def write(folder: Path, who: str, seed: int, number: int) -> None:
    act = Performance(seed).act(number * 0.37, 150.0, (0.5, 0.47))
    frame = render(alone(person(who)), act, Setting((320, 320), backdrop=number % 3, seed=number))
    face = Face(
        id=f"{who}-{number:06d}",
        source=f"{who}.mp4",
        clip=f"{seed:016d}",
        frame=number,
        time=number * 0.37,
        box=(80.0, 60.0, 240.0, 240.0),
        landmarks=frame.landmarks.picture.astype(np.float64),
        detector="truth",
        score=1.0,
        descriptor=np.zeros(128, np.float32),
        pose=(act.yaw, act.pitch, act.roll),
    )
    face_file.write(folder / f"{face.id}.png", frame.image, face)


def batches(feed: BatchSource, count: int) -> Callable[[], object]:
    return lambda: [feed.batch(step, FACE) for step in range(count)]


def streaming(feed: BatchSource, count: int, threads: int) -> Callable[[], object]:
    """A function that reads `count` pairs of batches from the stream.

    `threads` is the number of OpenCV's own threads; -1 is OpenCV's default.
    """

    def way() -> None:
        cv2.setNumThreads(threads)
        try:
            for _ in islice(feed.stream(), count):
                pass
        finally:
            feed.close()
            cv2.setNumThreads(1)

    return way


if __name__ == "__main__":
    main()
