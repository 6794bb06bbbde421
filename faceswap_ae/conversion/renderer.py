"""How do frames get their new faces?

    crops -> networks, some frames at a time -> colours, pooled over the frames around each ->
    sharpness, motion blur -> blended back -> grain

What depends on other frames depends on few: if `WARMUP` frames before one are made too, it is as if
all were. Networks take groups of frames that begin at multiples of `GROUP`, so that a conversion
that is taken up again computes the very same.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Image
from faceswap_ae.common.prefetch import prefetch
from faceswap_ae.conversion.compositing.blending import warp_layer
from faceswap_ae.conversion.compositing.colour_transfer import Pair
from faceswap_ae.conversion.compositing.temporal import gaussian, smoothed
from faceswap_ae.conversion.compositor import Compositor, PlacedFace
from faceswap_ae.conversion.face_generator import FaceRequest, GeneratedFace
from faceswap_ae.conversion.trajectories import Trajectories
from faceswap_ae.media.reader import Frame

REVISION = 3  # goes up when the same settings give other pixels
GROUP = 8  # frames that networks take together
COLOURS = gaussian(4, far=2)  # frames: over which the colours around are pooled
STEADY = gaussian(4)  # frames: over which grain and smooth fields are averaged
WARMUP = 24  # frames: whole groups, at least what both windows reach back
MADE_AHEAD = 2  # groups that the networks' thread makes in advance


@dataclass(frozen=True)
class RenderPlan:
    """What the frames of one clip are rendered with."""

    compositors: Sequence[Compositor]  # by role
    trajectories: Trajectories
    covers: bool = False  # are masks wanted too, laid over the frame?

    def pool(
        self, key: tuple[int, int, str], pairs: Sequence[Pair], weights: Sequence[float]
    ) -> Pair:
        """Colours of one face in several frames as one, in the way of their method."""
        role, _, kind = key
        return self.compositors[role].complexion.kinds[kind].pool(pairs, np.array(weights))


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


Measured = tuple[_FrameWithFaces, dict[tuple[int, int, str], Pair | None]]
Values = Mapping[tuple[int, str], Doubles]  # by track, and what is averaged


def warm_start(first: int) -> int:
    """The frame to begin with so that from `first` on it is as if all had been rendered."""
    return max(0, (first - WARMUP) // GROUP * GROUP)


def render(frames: Iterator[Frame], plan: RenderPlan) -> Iterator[RenderedFrame]:
    """Every frame with its new faces, in order. Networks work in a thread of their own."""
    return composite(prefetch(generated(frames, plan), MADE_AHEAD * GROUP), plan)


def composite(faced: Iterable[Measured], plan: RenderPlan) -> Iterator[RenderedFrame]:
    """Lay generated faces into their frames."""
    coloured = smoothed(faced, COLOURS, plan.pool)
    finished = (_finished(one, colours, plan) for one, colours in coloured)
    for one, values in smoothed(finished, STEADY):
        yield _laid(one, values, plan)


def generated(frames: Iterator[Frame], plan: RenderPlan) -> Generator[Measured]:
    """Frames with what the networks made of their faces, and the colours measured there.

    Colours are by role, track and kind of region.
    """
    for _, group in groupby(frames, lambda frame: frame.index // GROUP):
        some = list(group)
        made = _made(some, plan)
        for number, frame in enumerate(some):
            faces, colours = [], {}
            for place in plan.trajectories.at(frame.index):
                compositor = plan.compositors[place.role]
                one = compositor.fitted(frame.image, place, made[number, place.track])
                faces.append(one)
                for kind, pair in compositor.colours(one).items():
                    colours[place.role, place.track, kind] = pair
            yield _FrameWithFaces(frame, faces), colours


def _made(frames: Sequence[Frame], plan: RenderPlan) -> dict[tuple[int, int], GeneratedFace]:
    """What each generator makes of its faces, by the frame's place and the track."""
    found: dict[tuple[int, int], GeneratedFace] = {}
    for role, compositor in enumerate(plan.compositors):
        here = [
            (number, FaceRequest(frame.index, frame.image, place))
            for number, frame in enumerate(frames)
            for place in plan.trajectories.at(frame.index)
            if place.role == role
        ]
        made = compositor.swapper([wanted for _, wanted in here])
        for (number, wanted), face in zip(here, made, strict=True):
            found[number, wanted.place.track] = face
    return found


def _finished(
    one: _FrameWithFaces, colours: Mapping[tuple[int, int, str], Pair | None], plan: RenderPlan
) -> tuple[_FrameWithFaces, Values]:
    """Faces in the colours of the frames around, and what is still to be averaged over time."""
    faces, values = [], {}
    for plain in one.faces:
        place = plain.place
        compositor = plan.compositors[place.role]
        pairs = {kind: pair for (_, track, kind), pair in colours.items() if track == place.track}
        face = compositor.dressed(plain, pairs)
        faces.append(face)
        for name, value in compositor.steadied(one.frame.image, face).items():
            values[place.track, name] = value
    return _FrameWithFaces(one.frame, faces), values


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
