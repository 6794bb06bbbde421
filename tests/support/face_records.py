"""How are records of invented faces made for tests: landmarks, descriptors, tracks?"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Points
from faceswap_ae.faces.alignment import FITTED, TEMPLATE
from faceswap_ae.faces.identities import KnownPerson, known_person
from faceswap_ae.faces.record import Face


def shaped(scale: float = 100.0, angle: float = 0.0) -> Points:
    """68 landmarks, turned and scaled; those used by the alignment are the template's."""
    points = np.full((68, 2), 0.5)
    points[FITTED] = TEMPLATE
    points[:17] = np.column_stack([np.linspace(-0.2, 1.2, 17), np.full(17, 0.6)])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(scale * points @ turn.T + (40, 30), np.float64)


def some_face(seed: int = 0, **changes: Any) -> Face:
    """The record of a face with random landmarks and a random descriptor."""
    rng = np.random.default_rng(seed)
    face = Face(
        id=f"clip-{seed:06d}",
        source="clip.mp4",
        clip="0123456789abcdef",
        frame=seed,
        time=seed / 25,
        box=(10.0, 20.0, 110.0, 120.0),
        landmarks=rng.uniform(10, 110, (68, 2)),
        detector="hog",
        score=1.5,
        descriptor=rng.normal(size=128).astype(np.float32),
        pose=(5.0, -3.0, 1.0),
    )
    return replace(face, **changes)


SPREAD = 0.02  # of each of 128 values; two faces of one person then have a distance of about .32


def somebody(seed: int) -> NDArray[np.float64]:
    """The mean of a person's descriptors, at a distance of about .6 from other people's."""
    direction = np.random.default_rng(seed).normal(size=128)
    return np.asarray(0.43 * direction / np.linalg.norm(direction), np.float64)


def seen(who: int, track: int, count: int = 12, clip: str = "clip") -> list[Face]:
    """The faces of a person in one track."""
    rng = np.random.default_rng((who, track))
    middle = somebody(who) + rng.normal(0, 0.005, 128)  # the light differs from track to track
    return [
        some_face(
            number,
            clip=clip,
            track=track,
            descriptor=(middle + rng.normal(0, SPREAD, 128)).astype(np.float32),
        )
        for number in range(count)
    ]


def known(who: int, count: int = 20) -> KnownPerson:
    found = known_person([face.descriptor for face in seen(who, 99, count)])
    assert found is not None
    return found
