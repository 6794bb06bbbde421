"""How are faces sorted by a measure or by similarity, and which faces meet a condition?

A measure is one number of a face (`sharpness`, `yaw`). Faces are sorted by a measure or by the
similarity of their descriptors. The user writes conditions such as `sharpness<0.2` or `turned>=60`.
A picture without face data has no measures: it is last in every order and meets no condition.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.faces.alignment import misfit
from faceswap_ae.faces.folders.face_file import FaceEntry
from faceswap_ae.faces.record import Face


@dataclass(frozen=True)
class SortMeasure:
    """One number of a face, and whether more of it is better (1), worse (-1) or neither (0)."""

    of: Callable[[Face], float]
    better: int


MEASURES = {
    "sharpness": SortMeasure(lambda face: face.sharpness, 1),
    "brightness": SortMeasure(lambda face: face.brightness, 0),
    "occlusion": SortMeasure(lambda face: face.occlusion, -1),
    "score": SortMeasure(lambda face: face.score, 1),
    "size": SortMeasure(lambda face: face.size, 1),
    "yaw": SortMeasure(lambda face: face.pose[0], 0),
    "pitch": SortMeasure(lambda face: face.pose[1], 0),
    "roll": SortMeasure(lambda face: face.pose[2], 0),
    "turned": SortMeasure(lambda face: abs(face.pose[0]), -1),
    "nodded": SortMeasure(lambda face: abs(face.pose[1]), -1),
    "misfit": SortMeasure(lambda face: misfit(face.landmarks), -1),
    "time": SortMeasure(lambda face: face.time, 0),
    "frame": SortMeasure(lambda face: face.frame, 0),
    "track": SortMeasure(lambda face: face.track, 0),
}
SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
CONDITION = re.compile(r"\s*(\w+)\s*(<=|>=|<|>|=)\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*")


@dataclass(frozen=True)
class Condition:
    """A measure, a sign and a number."""

    measure: str
    sign: str
    value: float

    def holds(self, face: Face) -> bool:
        return bool(SIGNS[self.sign](MEASURES[self.measure].of(face), self.value))


def parse_condition(text: str) -> Condition:
    """Read a condition such as `sharpness<0.2`."""
    found = CONDITION.fullmatch(text)
    if not found:
        raise UserError(f"'{text}' is not a condition; write 'sharpness<0.2' or 'turned>=60'")
    name, sign, number = found.groups()
    if name not in MEASURES:
        raise UserError(f"'{text}': {unknown('measure', name, MEASURES)}")
    try:
        return Condition(name, sign, float(number))
    except ValueError as error:
        raise UserError(f"'{text}': '{number}' is not a number; write 0.2 or 60") from error


def matching(entries: Iterable[FaceEntry], conditions: Sequence[Condition]) -> list[FaceEntry]:
    """Return the faces for which all conditions hold."""
    return [
        entry
        for entry in entries
        if entry.stored and all(one.holds(entry.stored.face) for one in conditions)
    ]


def extreme(entries: Sequence[FaceEntry], by: str, *, count: int, best: bool) -> list[FaceEntry]:
    """Return the `count` best or worst faces by a measure."""
    judging = {name for name, measure in MEASURES.items() if measure.better}
    if by not in judging:
        raise UserError(f"--by: {unknown('measure with a better and a worse', by, judging)}")
    told = [entry for entry in _by_measure(entries, by) if entry.stored]
    return told[:count] if best else told[max(0, len(told) - count) :]


def ordered(
    entries: Sequence[FaceEntry], by: str, like: str | None = None, *, backwards: bool = False
) -> list[FaceEntry]:
    """Return all faces in an order: best first if the measure has a better and a worse end.

    Other measures are sorted from low to high. `like` is the name of a face: the order `similarity`
    then goes by the distance to that face.
    """
    if by not in ORDERS:
        raise UserError(f"--by: {unknown('order', by, ORDERS)}")
    if like is not None and by != "similarity":
        raise UserError(f"--like goes with --by similarity, not with --by {by}")
    told = [entry for entry in entries if entry.stored]
    found = ORDERS[by](told) if like is None else _nearest(told, like)
    return [*(found[::-1] if backwards else found), *(one for one in entries if not one.stored)]


def _by_measure(entries: Sequence[FaceEntry], by: str) -> list[FaceEntry]:
    measure = MEASURES[by]
    return sorted(entries, key=lambda entry: _value(measure, entry))


def _value(measure: SortMeasure, entry: FaceEntry) -> float:
    """Return a sort key that puts the best face first and a face with a damaged number last."""
    value = measure.of(entry.stored.face) if entry.stored else math.nan
    return math.inf if math.isnan(value) else -value if measure.better > 0 else value


def _by_time(entries: Sequence[FaceEntry]) -> list[FaceEntry]:
    """Sort clip by clip, and by frame within a clip."""
    faces = {entry: entry.stored.face for entry in entries if entry.stored}
    return sorted(faces, key=lambda one: (faces[one].source, faces[one].clip, faces[one].frame))


def _chained(entries: Sequence[FaceEntry]) -> list[FaceEntry]:
    """Sort into a chain: each face is followed by the most similar one of the remaining faces.

    The chain starts at the face nearest to the mean descriptor. So the faces of one person, and of
    one scene, are side by side, and unusual faces are at the end.
    """
    if not entries:
        return []
    left, numbers = descriptors(entries), np.arange(len(entries))
    chain: list[FaceEntry] = []
    here = left.mean(axis=0)
    for count in range(len(entries), 0, -1):
        nearest = int(((left[:count] - here) ** 2).sum(axis=1).argmin())
        here = left[nearest].copy()
        chain.append(entries[numbers[nearest]])
        # The last remaining one moves to the free place, so that the array has no gaps.
        left[nearest], numbers[nearest] = left[count - 1], numbers[count - 1]
    return chain


def _nearest(entries: Sequence[FaceEntry], like: str) -> list[FaceEntry]:
    """Sort by the distance to the descriptor of the face `like`."""
    names = [entry.name for entry in entries]
    if like not in names:
        raise UserError(f"--like: no face '{like}' there; name one as the folder does")
    all_ = descriptors(entries)
    far = np.linalg.norm(all_ - all_[names.index(like)], axis=1)
    return [entries[place] for place in np.argsort(far, kind="stable")]


def descriptors(entries: Sequence[FaceEntry]) -> NDArray[np.float32]:
    """Return the descriptors (n, 128) of entries which all have face data."""
    return np.stack([entry.stored.face.descriptor for entry in entries if entry.stored])


Order = Callable[[Sequence[FaceEntry]], list[FaceEntry]]
ORDERS: dict[str, Order] = {
    **{name: partial(_by_measure, by=name) for name in MEASURES},
    "time": _by_time,
    "similarity": _chained,
}
