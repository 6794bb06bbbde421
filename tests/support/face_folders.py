"""How are small face folders made for tests, with many faces from a few rendered frames?"""

import dataclasses
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.faces.record import DESCRIPTOR, Face, StoredFace
from faceswap_ae.media import images
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIDE = 48  # pixels
WHO = ("ada", "ben")  # the people, in turn
YAWS = (-50.0, -10.0, 20.0, 60.0)
UNTOLD = face_file.FaceEntry(Path("photo.png"), None)  # a picture without face metadata
CLIPS = {"first.mp4": "f" * 16, "second.mp4": "5" * 16}


@cache
def shot(who: str, yaw: float) -> tuple[Image, NDArray[np.float64]]:
    """A rendered frame and its true landmarks."""
    frame = render(alone(person(who)), Act(70, yaw=yaw), Setting((128, 128)))
    return frame.image, frame.landmarks.picture.astype(np.float64)


def face(number: int) -> Face:
    """A face of ada (even number) or ben (odd number).

    A higher number is sharper. Each clip has ten faces.
    """
    who, yaw = WHO[number % 2], YAWS[number // 2 % len(YAWS)]
    source = list(CLIPS)[number // 10 % 2]
    rng = np.random.default_rng(number)
    # The descriptors of the two people are far apart and each has some spread, like dlib's.
    middle = np.random.default_rng([7, number % 2]).normal(size=DESCRIPTOR) * 0.04
    return Face(
        id=f"{source[:-4]}-{number:06d}",
        source=source,
        clip=CLIPS[source],
        frame=number,
        time=number / 25,
        box=(30.0, 30.0, 98.0, 98.0),
        landmarks=shot(who, yaw)[1] + rng.normal(0, 0.05, (68, 2)),
        detector="cnn",
        score=1.0,
        descriptor=(middle + rng.normal(size=DESCRIPTOR) * 0.015).astype(np.float32),
        sharpness=round(0.05 * number, 2),
        brightness=0.4,
        pose=(yaw, 0.0, 0.0),
        track=number % 2,
    )


def fill(folder: Path, numbers: Sequence[int], side: int = SIDE) -> list[Face]:
    """Write faces as an extraction does: the frame, the PNG and the row of the journal."""
    journal = Journal(folder)
    found = [face(number) for number in numbers]
    for one in found:
        journal.add_frame(one.clip, one.frame, [one])
        image = shot(WHO[one.track], one.pose[0])[0]
        face_file.write(folder / f"{one.id}.png", image, one, size=side)
        journal.add_written(one.id)
    return found


def paint(folder: Path, name: str, value: int = 200) -> Path:
    """Write a painted mask beside a face."""
    path = folder / f"{Path(name).stem}{face_file.MASK}"
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4] = value
    images.write(path, mask)
    return path


def plain_picture(folder: Path, name: str = "photo.png") -> Path:
    """Write a picture without face metadata."""
    images.write(folder / name, np.full((SIDE, SIDE, 3), 90, np.uint8))
    return folder / name


def names(folder: Path) -> list[str]:
    return [picture.name for picture in face_file.pictures(folder)]


def ids(folder: Path) -> list[str]:
    """The faces' ids, in the order of the file names."""
    return [entry.stored.face.id for entry in face_file.entries(folder) if entry.stored]


def entry(number: int, **changes: float | str) -> face_file.FaceEntry:
    """The entry of a face that has no file, with some of its values changed."""
    changed = dataclasses.replace(face(number), **changes)  # type: ignore[arg-type] # by its name
    stored = StoredFace(changed, "whole", np.eye(2, 3))
    return face_file.FaceEntry(Path(f"{changed.id}.png"), stored)
