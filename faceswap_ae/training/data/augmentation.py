"""What may a network be shown in a face's stead, and what should it answer?

    source --(occluder)--(move, bend: one look-up)--(worse picture)--(light)--> warped
    source --(move)------------------------------------------------(colours)--> target
    landmarks --(move)--> hull (or the painted mask) minus occluder --> mask, eyes, mouth

Target and masks are moved by the same matrix, so landmarks stay true. All randomness comes from a
generator. Held-out faces are made by the same way with `steady` options, which change nothing.
"""

from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from faceswap_ae.common.geometry import (
    Floats,
    Image,
    Matrix,
    Points,
    compose,
    invert,
    scale_of,
    transform,
)
from faceswap_ae.faces.landmark_masks import eye_masks, hull_mask, mouth_mask
from faceswap_ae.training.data import photometric
from faceswap_ae.training.data.geometric import (
    Grid,
    apply_move,
    bend_to,
    combine_bends,
    from_pixels,
    look_up,
    mirror,
    nearest,
    random_bend,
    random_move,
    to_pixels,
)
from faceswap_ae.training.data.occluders import OccludedFace, add_occluder
from faceswap_ae.training.data.photometric import (
    ColourStatistics,
    Table,
    colours_of,
    plain,
    relit,
    transferred,
)

COARSE = 1.5  # pixels of the source for one of a picture, from which they are averaged first


@dataclass(frozen=True)
class Augmentation:
    """Every option. Probabilities and shares are in [0, 1]; 0 switches an option off."""

    # Where the face lies, in input and target alike.
    rotation: float = 10.0  # degrees, either way
    scale: float = 0.1  # of the size, either way
    shift: float = 0.05  # of the crop's side, either way
    flip: float = 0.5  # probability of a mirror image
    # The input's shape.
    warp: float = 0.03  # of the crop's side: standard deviation of a 5x5 grid's offsets
    to_landmarks: float = 0.0  # probability that it is bent to a shape of the other identity
    # Colours of input and target alike.
    colour: float = 0.0  # probability of the mean and contrast of some face of either identity
    # The input's light: everywhere alike.
    gain: float = 0.25  # of the light, either way
    tint: float = 0.125  # of each channel, either way
    offset: float = 0.083  # of the range, either way
    # A worse input: probabilities.
    motion: float = 0.0  # blurred along a line
    blur: float = 0.0  # out of focus
    shrink: float = 0.0  # fewer pixels
    jpeg: float = 0.0  # compressed
    occluder: float = 0.2  # something before the face, cut out of the mask
    hide: bool = False  # the input is grey outside the hull of the landmarks, always
    # Which faces are taken.
    balance: float = 0.5  # 0: every face as often; 1: every clip as often; between: between
    even_yaw: bool = True  # faces turned as few are come up to four times as often

    def __post_init__(self) -> None:
        most = {"rotation": 180.0, "warp": 0.1, "shift": 0.5, "scale": 0.9}
        for field in fields(self):
            value, top = getattr(self, field.name), most.get(field.name, 1.0)
            if not 0 <= value <= top:
                raise ValueError(f"{field.name}: {value} is not between 0 and {top:g}")


@dataclass(frozen=True, eq=False)
class SourceFace:
    """A face before anything is done to it: its crop and a margin of so many pixels around."""

    image: Image  # (s, s, 3)
    landmarks: Points  # (68, 2) in its pixels
    margin: int
    mask: Image | None = None  # (s, s): painted

    @property
    def to_pixels(self) -> Matrix:
        """From the crop's unit square."""
        return to_pixels(self.image.shape[0] - 2 * self.margin, self.margin)

    @property
    def shape(self) -> Points:
        """The landmarks in the crop's unit square."""
        size = self.image.shape[0] - 2 * self.margin
        return transform(self.landmarks, from_pixels(size, self.margin))

    @property
    def hull(self) -> Image:
        """(s, s): the face, going by its landmarks."""
        return hull_mask(self.landmarks, self.image.shape[1::-1])


@dataclass(frozen=True, eq=False)
class SourcesAround:
    """What else may be needed for one face: another one's colours, the other identity's shapes."""

    donor: SourceFace | None = None
    shapes: Floats | None = None  # (n, 68, 2) in the unit square


@dataclass(frozen=True, eq=False)
class AugmentedFace:
    """One face of a batch; its pictures become float32 in [0, 1] through the tables."""

    warped: Image  # (in, in, 3)
    light: Table  # of the input
    hull: Image | None  # (in, in): outside it the input is to be grey; None: nowhere
    target: Image  # (out, out, 3)
    colours: Table  # of the target
    mask: Image  # (out, out), of 255, as the two that follow
    eyes: Image
    mouth: Image
    landmarks: Points  # (68, 2) in the target's unit square


def without_chance(options: Augmentation) -> Augmentation:
    """The same with nothing left to chance."""
    numbers = {field.name: 0.0 for field in fields(options) if field.type is float}
    return replace(options, **numbers)  # type: ignore[arg-type] # all of them are float


def augment(
    source: SourceFace,
    sizes: tuple[int, int],
    options: Augmentation,
    rng: np.random.Generator,
    around: SourcesAround = SourcesAround(),
) -> AugmentedFace:
    """A face as input of `sizes[0]` pixels a side and target of `sizes[1]`."""
    move = random_move(rng, options.rotation, options.scale, options.shift)
    move = mirror(move) if rng.random() < options.flip else move
    back = compose(source.to_pixels, invert(move))
    bend = _bend(source, move, options, rng, around.shapes)
    table = _colours(source, options, rng, around.donor)
    image, cover = source.image, None
    if rng.random() < options.occluder:
        image, cover = add_occluder(OccludedFace(image, source.landmarks), rng)
    shape = apply_move(source.shape, move)
    return AugmentedFace(
        _worse(_bent(image, bend, back, sizes[0]), options, rng),
        relit(table, rng, options.gain, options.tint, options.offset),
        _bent(source.hull, bend, back, sizes[0]) if options.hide else None,
        _cut(source.image, back, sizes[1]),
        table,
        *_masks(source, shape, back, cover, sizes[1]),
        landmarks=shape,
    )


def _bend(
    source: SourceFace,
    move: Matrix,
    options: Augmentation,
    rng: np.random.Generator,
    shapes: Floats | None,
) -> Grid:
    bend = random_bend(rng, options.warp)
    if shapes is None or rng.random() >= options.to_landmarks:
        return bend
    other = nearest(source.shape, shapes, rng)
    return combine_bends(bend, bend_to(apply_move(other, move), apply_move(source.shape, move)))


def _colours(
    source: SourceFace, options: Augmentation, rng: np.random.Generator, donor: SourceFace | None
) -> Table:
    """For input and target alike."""
    if donor is None or rng.random() >= options.colour:
        return plain()
    return transferred(plain(), _colours_in(source), _colours_in(donor))


def _colours_in(source: SourceFace) -> ColourStatistics:
    return colours_of(source.image, source.hull)


def _bent(image: Image, bend: Grid, back: Matrix, size: int) -> Image:
    """What the input sees of a picture in the source's place: moved and bent at once."""
    image, back = _averaged(image, back, size)
    x, y = look_up(bend, back, size)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))


def _cut(image: Image, back: Matrix, size: int) -> Image:
    """What the target sees of it. Cubic: sampled once more, a face would lose its pores."""
    image, back = _averaged(image, back, size)
    flags, border = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, cv2.BORDER_REFLECT_101
    matrix = compose(back, from_pixels(size))
    return np.asarray(cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=border))


def _averaged(image: Image, back: Matrix, size: int) -> tuple[Image, Matrix]:
    """A picture with about as many pixels as are asked of it: skipping some would alias."""
    step = scale_of(back) / size
    if step < COARSE:
        return image, back
    old, new = image.shape[0], max(1, round(image.shape[0] / step))
    small = cv2.resize(image, (new, new), interpolation=cv2.INTER_AREA)
    share = new / old
    # Edges, not centres, are what scales.
    shift = (share - 1) / 2
    shrink = np.array([[share, 0.0, shift], [0.0, share, shift]])
    return np.asarray(small, np.uint8), compose(shrink, back)


def _worse(image: Image, options: Augmentation, rng: np.random.Generator) -> Image:
    ways = (
        (options.motion, photometric.shaken),
        (options.blur, photometric.softened),
        (options.shrink, photometric.shrunk),
        (options.jpeg, photometric.compressed),
    )
    for chance, way in ways:
        if rng.random() < chance:
            image = way(image, rng)
    return image


def _masks(
    source: SourceFace, shape: Points, back: Matrix, cover: Image | None, size: int
) -> tuple[Image, Image, Image]:
    """Face, eyes and mouth in the target; nothing counts where the input shows something else."""
    points, square = transform(shape, to_pixels(size)), (size, size)
    face = hull_mask(points, square) if source.mask is None else _cut(source.mask, back, size)
    masks = face, np.maximum(*eye_masks(points, square)), mouth_mask(points, square)
    if cover is None:
        return masks
    free = 255 - _cut(cover, back, size)
    cut = (np.asarray(cv2.multiply(one, free, scale=1 / 255), np.uint8) for one in masks)
    face, eyes, mouth = cut
    return face, eyes, mouth
