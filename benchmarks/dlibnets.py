"""How much CPU time do dlib's networks take in Keras, and in dlib? `python -m benchmarks.dlibnets`.

Runs the detector on one frame with two people of the cast, at two sizes, and the descriptor network
on 16 chips (crops of faces); in Keras and in dlib in turn. dlib's wheels compute on the CPU only
and on one core, so the time of all cores together is compared. `KERAS_BACKEND=jax` measures another
backend.
"""

import argparse
from collections.abc import Callable

import dlib
import keras
import numpy as np

from benchmarks.measure import compare, report
from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.detection.dlib_networks import DESCRIPTOR, DETECTOR, Describer, MmodDetector
from faceswap_ae.runtime.weights import weight_file
from faceswap_ae.synthetic.film import Film, frame
from faceswap_ae.synthetic.people import CAST, alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIZES = ((640, 360), (1280, 720))
CHIPS = 16
Ways = dict[str, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    pairs = {**detecting(), **describing()}
    ways = {f"{what}, {how}": run for what, both in pairs.items() for how, run in both.items()}
    costs = compare(ways, rounds)
    times_less = {
        what: round(costs[f"{what}, dlib"].cpu / costs[f"{what}, ours"].cpu, 1) for what in pairs
    }
    ms = {name: round(cost.cpu * 1000, 1) for name, cost in costs.items()}
    backend = keras.backend.backend()
    print(report("dlibnets", costs, backend=backend, times_less_cpu=times_less, cpu_ms=ms))


def detecting() -> dict[str, Ways]:
    bare = dlib.cnn_face_detection_model_v1(str(weight_file(DETECTOR)))

    def ways(image: Image) -> Ways:
        ours = MmodDetector()  # one per size, as in the extraction of a clip
        return {"ours": lambda: ours.find(image[None]), "dlib": lambda: bare(image, 0)}

    films = {size: Film("ada", company="ben", size=size) for size in SIZES}
    return {f"detect {w}x{h}": ways(frame(film, 3).image) for (w, h), film in films.items()}


def describing() -> dict[str, Ways]:
    ours = Describer()
    bare = dlib.face_recognition_model_v1(str(weight_file(DESCRIPTOR)))
    sitters = [alone(person(CAST[number % len(CAST)])) for number in range(CHIPS)]
    shot = [render(sitter, Act(110), Setting((150, 150))).image for sitter in sitters]
    chips = np.stack(shot)
    ways: Ways = {
        "ours": lambda: ours(chips),
        "dlib": lambda: np.array(bare.compute_face_descriptor(shot)),
    }
    return {f"describe {CHIPS}": ways}


if __name__ == "__main__":
    main()
