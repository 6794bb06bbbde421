"""Where exactly does each swapped face lie in each frame, steadily?

Landmarks tremble from frame to frame though the head does not, so the places of a track are
smoothed as a whole (smooth.py). A face that is lost for a moment is bridged along its motion; after
a longer while it comes in anew. What is smoothed places the crop: eyes and mouth are in its pixels
and move as they did.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.errors import UserError, unknown
from faceswap_ae.face import Face
from faceswap_ae.geometry import Points
from faceswap_ae.smooth import SMOOTH

BRIDGED = 12  # frames, that a lost face is swapped all the same
RAW = 0.5  # of an outline that is the frame's own: a chin that drops quickly is not damped away

Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Place:
    """A face in one frame, landmarks in its pixels."""

    track: int
    role: int  # of the run that it gets
    landmarks: Points  # (68, 2), steady: where the crop lies
    outline: Points  # (68, 2): nearer to what this frame shows
    before: Points  # (68, 2), steady, of the frame before and after, for its motion
    after: Points
    apart: int  # frames between these two
    seen: bool  # False where it is bridged


@dataclass(frozen=True, eq=False)
class _Row:
    """A track's places without a longer break."""

    track: int
    role: int
    first: int
    steady: Numbers  # (m, 68, 2)
    outline: Numbers
    seen: NDArray[np.bool_]  # (m,)

    def at(self, frame: int) -> Place:
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
        seen, apart = bool(self.seen[number]), max(high - low, 1)
        return Place(self.track, self.role, steady, outline, before, after, apart, seen)


@dataclass(frozen=True)
class Places:
    """All of a clip."""

    rows: tuple[_Row, ...]

    @property
    def frames(self) -> list[int]:
        """Every frame with a swapped face."""
        each = (range(row.first, row.first + len(row.steady)) for row in self.rows)
        return sorted(set().union(*each))

    @property
    def digest(self) -> str:
        """Other places, another digest."""
        mark = blake2b(digest_size=16)
        for row in self.rows:
            mark.update(f"{row.track} {row.role} {row.first} ".encode())
            mark.update(row.steady.tobytes() + row.outline.tobytes())
        return mark.hexdigest()

    def at(self, frame: int) -> list[Place]:
        """The swapped faces of a frame, by track."""
        here = [row for row in self.rows if 0 <= frame - row.first < len(row.steady)]
        return [row.at(frame) for row in sorted(here, key=lambda row: row.track)]


def places(faces: Iterable[Face], roles: Mapping[int, int], how: str = "rts") -> Places:
    """The places of the tracks that have a role, from all their faces that count."""
    if how not in SMOOTH:
        raise UserError(unknown("smoothing", how, SMOOTH))
    tracks: dict[int, dict[int, Numbers]] = defaultdict(dict)
    for face in faces:
        if face.track in roles:
            tracks[face.track][face.frame] = face.landmarks.astype(np.float32)
    rows = []
    for track, found in tracks.items():
        numbers = np.array(sorted(found))
        for part in np.split(numbers, np.flatnonzero(np.diff(numbers) > BRIDGED) + 1):
            points = np.stack([found[frame] for frame in part])
            rows.append(_row(track, roles[track], part, points, how))
    return Places(tuple(rows))


def _row(track: int, role: int, frames: NDArray[np.int64], points: Numbers, how: str) -> _Row:
    exact = points.astype(np.float64)
    steady = SMOOTH[how](exact, frames, np.ptp(exact, axis=1).max(axis=1))
    at = frames - frames[0]
    seen = np.zeros(len(steady), bool)
    seen[at] = True
    outline = steady.copy()
    outline[at] += RAW * (exact - steady[at])
    return _Row(
        track, role, int(frames[0]), steady.astype(np.float32), outline.astype(np.float32), seen
    )
