"""Where exactly does each swapped face lie in each frame, steadily?

Landmarks tremble from frame to frame though the head does not, so the places of a track are
smoothed as a whole (smooth.py). A face that is lost for a moment is bridged along its motion; after
a longer while it comes in anew. What is smoothed places the crop: eyes and mouth are in its pixels
and move as they did.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.common.geometry import Floats, Points
from faceswap_ae.conversion.smoothing import SMOOTH
from faceswap_ae.faces.record import Face

BRIDGED = 12  # frames, that a lost face is swapped all the same
BLOCK = 17  # points that are smoothed together
RAW = 0.5  # of an outline that is the frame's own: a chin that drops quickly is not damped away


@dataclass(frozen=True, eq=False)
class FacePlacement:
    """A face in one frame, landmarks in its pixels."""

    track: int
    role: int  # of the run that it gets
    landmarks: Points  # (68, 2), steady: where the crop lies
    outline: Points  # (68, 2): nearer to what this frame shows
    before: Points  # (68, 2), steady, of the frame before and after, for its motion
    after: Points
    apart: int  # frames between these two


@dataclass(frozen=True, eq=False)
class TrackRow:
    """A track's places without a longer break."""

    track: int
    role: int
    first: int
    steady: Floats  # (m, 68, 2)
    outline: Floats
    dropped: frozenset[int]  # frames in which it is left alone
    meshes: Floats | None = None  # (m, 478, 3), as found; in a gap between the frames around it

    @property
    def frames(self) -> range:
        return range(self.first, self.first + len(self.steady))

    def at(self, frame: int) -> FacePlacement:
        number = frame - self.first
        low, high = max(number - 1, 0), min(number + 1, len(self.steady) - 1)
        steady, outline, before, after = (
            np.asarray(points, np.float64)
            for points in (
                self.steady[number],
                self.outline[number],
                self.steady[low],
                self.steady[high],
            )
        )
        apart = max(high - low, 1)
        return FacePlacement(self.track, self.role, steady, outline, before, after, apart)


@dataclass(frozen=True)
class Trajectories:
    """All of a clip."""

    rows: tuple[TrackRow, ...]

    @property
    def frames(self) -> list[int]:
        """Every frame with a swapped face."""
        return sorted(set().union(*(set(row.frames) - row.dropped for row in self.rows)))

    @property
    def digest(self) -> str:
        """Other places, another digest."""
        mark = blake2b(digest_size=16)
        for row in self.rows:
            mark.update(f"{row.track} {row.role} {row.first} ".encode())
            mark.update(row.steady.tobytes() + row.outline.tobytes())
            mark.update(str(sorted(row.dropped)).encode())
        return mark.hexdigest()

    def at(self, frame: int) -> list[FacePlacement]:
        """The swapped faces of a frame, by track."""
        here = [row for row in self.rows if frame in row.frames and frame not in row.dropped]
        return [row.at(frame) for row in sorted(here, key=lambda row: row.track)]


def place_faces(
    faces: Iterable[Face],
    roles: Mapping[int, int],
    how: str = "rts",
    dropped: Collection[str] = (),
    *,
    meshes: bool = False,
) -> Trajectories:
    """The places of the tracks that have a role, from all their faces.

    Dropped ones (ids) tell where a face is, but it is left alone there. `meshes` are kept only
    where they are asked for: they take ten times as much memory as the landmarks.
    """
    if how not in SMOOTH:
        raise UserError(unknown("smoothing", how, SMOOTH))
    tracks: dict[int, dict[int, Floats]] = defaultdict(dict)
    shapes: dict[int, dict[int, Floats]] = defaultdict(dict)
    left: dict[int, set[int]] = defaultdict(set)
    for face in faces:
        if face.track in roles:
            tracks[face.track][face.frame] = face.landmarks.astype(np.float32)
            if meshes and face.mesh is not None:
                shapes[face.track][face.frame] = face.mesh.astype(np.float32)
            if face.id in dropped:
                left[face.track].add(face.frame)
    rows = []
    for track, found in tracks.items():
        numbers = np.array(sorted(found))
        for part in np.split(numbers, np.flatnonzero(np.diff(numbers) > BRIDGED + 1) + 1):
            steady, outline = _steadied(np.stack([found[frame] for frame in part]), part, how)
            own, shape = frozenset(left[track]), _every_mesh(shapes[track], part)
            rows.append(TrackRow(track, roles[track], int(part[0]), steady, outline, own, shape))
    return Trajectories(tuple(rows))


def _every_mesh(found: Mapping[int, Floats], frames: NDArray[np.int64]) -> Floats | None:
    """Meshes for every frame from the first to the last, or None where none is known.

    Between two known ones they lie on straight lines; before the first and after the last they
    stay.
    """
    known = np.array([frame for frame in frames if frame in found])
    if not len(known):
        return None
    stack = np.stack([found[frame] for frame in known])
    every = np.arange(frames[0], frames[-1] + 1)
    right = np.searchsorted(known, every).clip(0, len(known) - 1)
    left = np.where(known[right] <= every, right, np.maximum(right - 1, 0))
    share = (every - known[left]) / np.maximum(known[right] - known[left], 1)
    share = np.clip(share, 0, 1).astype(np.float32)[:, None, None]
    return stack if len(known) == len(every) else stack[left] + share * (stack[right] - stack[left])


def _steadied(points: Floats, frames: NDArray[np.int64], how: str) -> tuple[Floats, Floats]:
    """Steady places, and outlines, for every frame from the first to the last."""
    sizes = np.ptp(points, axis=1).max(axis=1).astype(np.float64)
    # A few points at a time: a filter holds many numbers for each of them.
    blocks = [
        SMOOTH[how](points[:, first : first + BLOCK].astype(np.float64), frames, sizes)
        for first in range(0, points.shape[1], BLOCK)
    ]
    steady = np.concatenate(blocks, axis=1).astype(np.float32)
    outline, at = steady.copy(), frames - frames[0]
    outline[at] += np.float32(RAW) * (points - steady[at])
    return steady, outline
