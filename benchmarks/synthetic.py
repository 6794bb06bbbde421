"""How much CPU time does rendering a synthetic frame cost? `python -m benchmarks.synthetic`.

Measures CPU-seconds for frames of 256x256 with a face of 150 pixels, plain and oversampled, in
turn. The pictures are checked too: the plain frame is compared with an oversampled one, and dlib's
HOG detector must find the face.
"""

import argparse
import itertools

import cv2
import dlib
import numpy as np

from benchmarks.measure import compare, report
from faceswap_ae.synthetic.motion import Performance
from faceswap_ae.synthetic.people import CAST, alone, person
from faceswap_ae.synthetic.scene import Setting, SyntheticFrame, render

FACE = 150.0
GOAL = 0.08  # CPU-seconds per plain frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=24, help="of each kind and round")
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    cv2.setNumThreads(1)
    costs = compare(
        {
            "plain": lambda: films(wanted.frames, 1),
            "oversampled twice": lambda: films(wanted.frames, 2),
        },
        wanted.rounds,
    )
    each = {name: round(cost.cpu / wanted.frames, 4) for name, cost in costs.items()}
    print(report("synthetic", costs, cpu_per_frame=each, goal=GOAL, picture=checked()))


def films(count: int, oversample: int) -> list[SyntheticFrame]:
    """Frames of all people of the cast in turn, in motion."""
    names = itertools.cycle(CAST)
    return [shot(next(names), number, oversample) for number in range(count)]


def shot(name: str, number: int, oversample: int) -> SyntheticFrame:
    act = Performance(number % 5).act(number * 0.37, FACE, (0.5, 0.47))
    setting = Setting(backdrop=number % 3, seed=number, grain=0, oversample=oversample)
    return render(alone(person(name)), act, setting)


def checked() -> dict[str, float]:
    """The mean difference of plain and oversampled frames in the face (levels of 255).

    Also the share of faces that dlib's HOG detector finds.
    """
    hog, off, found = dlib.get_frontal_face_detector(), [], []
    for number, name in enumerate(CAST * 3):
        plain, fine = shot(name, number, 1), shot(name, number, 4)
        inside = (plain.mask > 0) & (fine.mask > 0)
        difference = np.abs(plain.image.astype(int) - fine.image).mean(axis=-1)
        off.append(float(difference[inside].mean()))
        found.append(len(hog(plain.image, 1)) > 0)
    return {"off_in_face": round(float(np.mean(off)), 2), "hog": float(np.mean(found))}


if __name__ == "__main__":
    main()
