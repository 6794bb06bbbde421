"""Which synthetic faces train the networks, and which held-out clips score them (hold-out set)?

All are films of the synthetic cast. Each seed is another performance, place and light. Faces are
cropped by the renderer's own landmarks, so that no detector's errors are in the comparison. The
held-out clips have the true swap of every frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.atomic import replacing, replacing_folder
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.record import Face
from faceswap_ae.synthetic.film import HIDDEN, Film, frame
from faceswap_ae.synthetic.scene import SyntheticFrame

OWNER, PERFORMER = "ben", "ada"
SIZE = (480, 480)  # pixels; a face's crop has sides of 180 of them
# Seeds of the films to train on. Both people appear in the same four kinds of light. No person
# appears twice in the same place.
TAUGHT = {OWNER: (11, 15, 16, 18), PERFORMER: (23, 22, 24, 21)}
HELD, OCCLUDED = (29, 30), (41, 44)  # held-out films of the performer; with a hand, a microphone
SECONDS, FPS, HELD_FPS = Fraction(10), Fraction(4), Fraction(2)
KEPT = ("image", "landmarks", "mask", "true", "true_landmarks", "true_mask", "clear_mask")

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Clips:
    """The n frames of held-out clips, in the order of their faces in `folder`."""

    folder: Path  # the faces that are the network's input
    image: Pictures  # (n, h, w, 3)
    landmarks: NDArray[np.float64]  # (n, 68, 2)
    mask: Pictures  # (n, h, w): the visible face
    true: Pictures  # the same frames with the owner's face: the true swap
    true_landmarks: NDArray[np.float64]
    true_mask: Pictures
    clear_mask: Pictures  # the visible face if there were no occluder

    def __len__(self) -> int:
        return len(self.image)


@dataclass(frozen=True)
class Cast:
    """A folder with all faces and clips on which the claims are measured."""

    folder: Path

    @property
    def owner(self) -> Path:
        return self.folder / OWNER

    @property
    def performer(self) -> Path:
        return self.folder / PERFORMER

    @property
    def held(self) -> Clips:
        """Clips of the performer that no network was trained on (hold-out set)."""
        return _read(self.folder / "held")

    @property
    def occluded(self) -> Clips:
        """Held-out clips with a hand or a microphone in front of the face."""
        return _read(self.folder / "occluded")


def filmed(folder: Path) -> Cast:
    """The cast in this folder. Renders the parts that are missing."""
    cast = Cast(folder)
    for who, seeds in TAUGHT.items():
        if not (folder / who).exists():
            with replacing_folder(folder / who) as part:
                for seed in seeds:
                    film = _film(who, seed)
                    for number, shot in _shots(film):
                        _write(part, film, number, shot)
    held = {
        "held": [replace(_film(PERFORMER, seed), fps=HELD_FPS) for seed in HELD],
        "occluded": [replace(_film(PERFORMER, seed), occlude=True) for seed in OCCLUDED],
    }
    for name, films in held.items():
        if not (folder / name).exists():
            with replacing_folder(folder / name) as part:
                _keep(part, films)
    return cast


def _film(who: str, seed: int) -> Film:
    return Film(who, seed=seed, size=SIZE, seconds=SECONDS, fps=FPS)


def _shots(film: Film) -> Iterator[tuple[int, SyntheticFrame]]:
    """Yield the frames of a film; with an occluder, only those in which it may be visible."""
    for number in range(film.count):
        if not film.occlude or HIDDEN[0] <= number / film.count <= HIDDEN[1]:
            yield number, frame(film, number)


def _keep(folder: Path, films: list[Film]) -> None:
    """Write the faces for the network's input, and one file with all frames and their truth."""
    kept: dict[str, list[NDArray[np.generic]]] = {name: [] for name in KEPT}
    for film in films:
        for number, shot in _shots(film):
            true = frame(replace(film, as_if=OWNER), number)
            clear = frame(replace(film, occlude=False), number) if film.occlude else shot
            _write(folder / "faces", film, number, shot)
            found = shot.image, shot.landmarks.picture, shot.mask
            answer = true.image, true.landmarks.picture, true.mask
            for name, value in zip(KEPT, (*found, *answer, clear.mask), strict=True):
                kept[name].append(np.asarray(value))
    with replacing(folder / "frames.npz") as part, part.open("wb") as file:
        np.savez(file, **{name: np.stack(many) for name, many in kept.items()})  # type: ignore[arg-type] # numpy's stub takes allow_pickle for one of them


def _read(folder: Path) -> Clips:
    with np.load(folder / "frames.npz") as kept:
        arrays = {name: kept[name] for name in KEPT}
    for name in ("landmarks", "true_landmarks"):
        arrays[name] = arrays[name].astype(np.float64)
    return Clips(folder / "faces", **arrays)


def _write(folder: Path, film: Film, number: int, shot: SyntheticFrame) -> None:
    landmarks = shot.landmarks.picture.astype(np.float64)
    (left, top), (right, bottom) = landmarks.min(axis=0), landmarks.max(axis=0)
    face = Face(
        id=f"{film.who}-{film.seed}-{number:06d}",
        source=f"{film.seed}.mp4",
        clip=f"{film.seed:016d}",
        frame=number,
        time=float(number / film.fps),
        box=(float(left), float(top), float(right), float(bottom)),
        landmarks=landmarks,
        detector="truth",
        score=1.0,
        descriptor=np.zeros(128, np.float32),
    )
    folder.mkdir(exist_ok=True)
    face_file.write(folder / f"{face.id}.png", shot.image, face)
