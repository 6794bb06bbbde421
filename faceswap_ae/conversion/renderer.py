"""How do frames get their new faces?

    crops -> networks, some frames at a time -> colours, pooled over the frames around each ->
    sharpness, motion blur -> blended back -> grain

What depends on other frames depends on few: if `WARMUP` frames before one are made too, it is as if
all were. Networks take groups of frames that begin at multiples of `GROUP`, so that a conversion
that is taken up again computes the very same.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Floats, Image
from faceswap_ae.common.prefetch import prefetch
from faceswap_ae.conversion.compositing.blending import warp_layer
from faceswap_ae.conversion.compositing.region_colour import Pairs
from faceswap_ae.conversion.compositing.temporal import REACH, ColourWindow, gaussian, smoothed
from faceswap_ae.conversion.compositor import Compositor, PlacedFace
from faceswap_ae.conversion.swapper import GeneratedFace
from faceswap_ae.conversion.trajectories import Trajectories
from faceswap_ae.media.reader import Frame

REVISION = 1  # goes up when the same settings give other pixels
GROUP = 8  # frames that networks take together
STEADY = gaussian(4)  # frames: over which grain and smooth fields are averaged
WARMUP = 24  # frames: whole groups, at least what both windows reach back
MADE_AHEAD = 2  # groups that the networks' thread makes in advance


@dataclass(frozen=True)
class RenderPlan:
    """What the frames of one clip are rendered with."""

    compositors: Sequence[Compositor]  # by role
    trajectories: Trajectories
    covers: bool = False  # are masks wanted too, laid over the frame?


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """A frame with its new faces."""

    frame: Frame
    image: Image
    tracks: tuple[int, ...] = ()  # of the faces that were swapped
    cover: Floats | None = None  # (h, w): where


@dataclass(frozen=True, eq=False)
class _FrameWithFaces:
    """A frame and the faces on their way into it."""

    frame: Frame
    faces: Sequence[PlacedFace]


Colours = Sequence[Pairs]
Values = Mapping[tuple[int, str], NDArray[np.float64]]  # by track, and what is averaged


def render(frames: Iterator[Frame], plan: RenderPlan) -> Iterator[RenderedFrame]:
    """Every frame, in order. Networks work in a thread of their own."""
    faced = prefetch(_faced(frames, plan), MADE_AHEAD * GROUP)
    for one, values in smoothed(_dressed(faced, plan), STEADY):
        yield _laid(one, values, plan)


def _faced(frames: Iterator[Frame], plan: RenderPlan) -> Generator[tuple[_FrameWithFaces, Colours]]:
    """Frames with what the networks made of their faces, and the colours there."""
    for _, group in groupby(frames, lambda frame: frame.index // GROUP):
        some = list(group)
        made = _made(some, plan)
        for number, frame in enumerate(some):
            faces, pairs = [], []
            for place in plan.trajectories.at(frame.index):
                compositor = plan.compositors[place.role]
                one = compositor.fitted(frame.image, place, made[number, place.track])
                faces.append(one)
                pairs.append(compositor.colours(one))
            yield _FrameWithFaces(frame, faces), pairs


def _made(frames: Sequence[Frame], plan: RenderPlan) -> dict[tuple[int, int], GeneratedFace]:
    """What each run's network makes of its faces, by the frame's place and the track."""
    found: dict[tuple[int, int], GeneratedFace] = {}
    for role, compositor in enumerate(plan.compositors):
        swapper = compositor.swapper
        here = [
            (number, frame.image, place)
            for number, frame in enumerate(frames)
            for place in plan.trajectories.at(frame.index)
            if place.role == role
        ]
        crops = [swapper.shown(image, one.landmarks, one.outline) for _, image, one in here]
        for (number, _, place), made in zip(here, swapper(crops), strict=True):
            found[number, place.track] = made
    return found


def _dressed(
    faced: Iterable[tuple[_FrameWithFaces, Colours]], plan: RenderPlan
) -> Iterator[tuple[_FrameWithFaces, Values]]:
    """Faces in the colours of the frames around; and what is still to be averaged."""
    for one, pairs in _pooled(faced, plan):
        faces, values = [], {}
        for plain, wanted in zip(one.faces, pairs, strict=True):
            compositor = plan.compositors[plain.place.role]
            face = compositor.dressed(plain, wanted)
            faces.append(face)
            for name, value in compositor.steadied(one.frame.image, face).items():
                values[face.place.track, name] = value
        yield _FrameWithFaces(one.frame, faces), values


def _pooled(
    faced: Iterable[tuple[_FrameWithFaces, Colours]], plan: RenderPlan
) -> Iterator[tuple[_FrameWithFaces, Colours]]:
    """Each frame once the next few are known, with its faces' colours over all of these."""
    windows: dict[int, dict[str, ColourWindow]] = {}  # by track and by kind
    waiting: deque[_FrameWithFaces] = deque()

    def first() -> tuple[_FrameWithFaces, Colours]:
        one = waiting.popleft()
        found = [windows[face.place.track].items() for face in one.faces]
        return one, [{kind: own.at(one.frame.index) for kind, own in each} for each in found]

    for one, pairs in faced:
        for face, measured in zip(one.faces, pairs, strict=True):
            track, role = face.place.track, face.place.role
            if track not in windows:
                kinds = plan.compositors[role].complexion.kinds
                windows[track] = {kind: ColourWindow(way) for kind, way in kinds.items()}
            for kind, window in windows[track].items():
                window.add(one.frame.index, measured[kind])
        waiting.append(one)
        if len(waiting) > REACH:
            yield first()
    while waiting:
        yield first()


def _laid(one: _FrameWithFaces, values: Values, plan: RenderPlan) -> RenderedFrame:
    image = one.frame.image
    cover = np.zeros(image.shape[:2], np.float32) if plan.covers else None
    for face in one.faces:
        track = face.place.track
        steady = {name: value for (whose, name), value in values.items() if whose == track}
        compositor = plan.compositors[face.place.role]
        image = compositor.laid(image, face, steady, one.frame.index)
        if cover is not None:
            whole = (slice(0, image.shape[0]), slice(0, image.shape[1]))
            np.maximum(cover, warp_layer(face.mask, face.matrix).at(whole), out=cover)
    return RenderedFrame(one.frame, image, tuple(face.place.track for face in one.faces), cover)
