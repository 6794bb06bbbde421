"""Which detections jump against the same face in the frames around, and can they be mended?

A face does not change its size, place or shape for a few frames and then go back. Where its
landmarks do, they are wrong. They are looked for again from the place of the face in a frame
nearby. A face whose landmarks still jump is marked: it is no face to learn from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from faceswap_ae.common.geometry import Doubles, Flags, Image, transform
from faceswap_ae.faces.alignment import FITTED, to_template
from faceswap_ae.faces.detection.detections import CloseUp, Detection

AROUND = 6  # frames before and after that a face is compared with
REACH = 0.8  # of its side: how far a face, or its landmarks, may jump from frame to frame
LEAST = 3  # faces of a track in a piece: of fewer, nobody can say which is wrong
# The greatest difference from the frames around, on both sides.
SIZE = float(np.log(1.15))
PLACE = 0.25  # of the face's side
SHAPE = 0.07  # mean distance of landmarks in template units: twice what a wide grin does
# Between the landmarks' size and the detector's box, from what is usual of this track.
BOX = float(np.log(1.2))


@dataclass(frozen=True, eq=False)
class _Track:
    """The same face in some frames of a piece: in which, and which of the frame's faces it is."""

    frames: list[int]
    places: list[int]

    def sights(self, found: Sequence[Sequence[Detection]]) -> list[Detection]:
        return [found[frame][place] for frame, place in zip(self.frames, self.places, strict=True)]


def mend(images: Sequence[Image], found: list[list[Detection]], closely: CloseUp) -> None:
    """Look again for the landmarks that jump in a piece of frames, in place."""
    for track in _tracks(found):
        sights = track.sights(found)
        wrong = jumping(sights)
        for number in np.flatnonzero(wrong):
            frame, place = track.frames[number], track.places[number]
            near = min(np.flatnonzero(~wrong), key=lambda other: abs(other - number), default=None)
            again = None if near is None else closely.again(images[frame], sights[near])
            trial = [*sights[:number], again or sights[number], *sights[number + 1 :]]
            if again is not None and not jumping(trial)[number]:
                found[frame][place] = sights[number] = again
            else:
                found[frame][place] = replace(sights[number], doubtful=True)


def jumping(sights: Sequence[Detection]) -> Flags:
    """Return for each of a track's detections (n,) whether it jumps."""
    count = len(sights)
    if count < LEAST:
        return np.zeros(count, bool)
    squares = [sight.square for sight in sights]
    sides = np.array([square.side for square in squares])
    size, box = np.log(sides), np.log([sight.spot.square.side for sight in sights])
    centres = np.array([square.centre for square in squares]) / np.median(sides)
    shapes = np.stack([_shape(sight) for sight in sights])
    share = size - box
    return np.asarray(
        (_apart(size[:, None]) > SIZE)
        | (_apart(centres) > PLACE)
        | (_apart(shapes) / np.sqrt(len(FITTED)) > SHAPE)
        | (np.abs(share - np.median(share)) > BOX)
    )


def _apart(values: Doubles) -> Doubles:
    """Return (n,): how far each row lies off the rows before it and off those after it.

    It counts only as far as it lies off both in the same direction: who goes on to a new place is
    on the way between them.
    """
    count, off = len(values), []
    for number in range(count):
        before, after = values[max(0, number - AROUND) : number], values[number + 1 :][:AROUND]
        if len(before) and len(after):
            one, other = (values[number] - np.median(side, axis=0) for side in (before, after))
            back = float(one @ other) <= 0
            off.append(0.0 if back else min(map(_length, (one, other))))
        else:
            near, next_ = after[:2] if len(after) else before[::-1][:2]
            # At an end: farther from the next frame than that is from the one behind it.
            off.append(max(0.0, _length(values[number] - near) - 1.5 * _length(near - next_)))
    return np.array(off)


def _away(sight: Detection, before: Detection) -> float:
    return _length(sight.square.centre - before.square.centre) / before.square.side


def _length(row: Doubles) -> float:
    return float(np.linalg.norm(row))


def _shape(sight: Detection) -> Doubles:
    """Return the landmarks that move little, without place, size and turn, as one row."""
    return transform(sight.landmarks[FITTED], to_template(sight.landmarks)).ravel()


def _tracks(found: Sequence[Sequence[Detection]]) -> Iterator[_Track]:
    """Yield each face of a piece, as long as it is in one frame after the other."""
    open_: list[_Track] = []
    for frame, sights in enumerate(found):
        going: list[_Track] = []
        for place, sight in enumerate(sights):
            free = [track for track in open_ if track not in going]
            away = [_away(sight, found[track.frames[-1]][track.places[-1]]) for track in free]
            near = int(np.argmin(away)) if away else 0
            track = free[near] if away and away[near] < REACH else _Track([], [])
            track.frames.append(frame)
            track.places.append(place)
            going.append(track)
        yield from (track for track in open_ if track not in going)
        open_ = going
    yield from open_
