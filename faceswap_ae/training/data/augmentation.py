"""How does data augmentation make the network's input, target and masks from one face?

    source --(occluder)--(move, bend: one look-up)--(degradation)--(light)--> warped
    source --(move)----------------------------------------------(colours)--> target
    landmarks --(move)--> hull (or the painted mask) minus occluder --> mask, eyes, mouth

A move is a random similarity; a bend is a random warp of the face's shape. The target and the
masks are moved by the same matrix, so the landmarks stay true. All random numbers come from the
generator that the caller passes. Held-out faces go the same way with the options of
`without_chance`, so nothing about them is random.
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

COARSE = 1.5  # source pixels per output pixel; from this ratio on, the source is averaged first


@dataclass(frozen=True)
class Augmentation:
    """All options. Probabilities and shares are in [0, 1]; 0 switches an option off."""

    # Position of the face: the same in input and target.
    rotation: float = 10.0  # at most, in degrees, in both directions
    scale: float = 0.1  # at most, as a share of the size, larger or smaller
    shift: float = 0.05  # at most, as a share of the crop's side, along each axis
    flip: float = 0.5  # probability of a mirror image
    # Shape of the input.
    warp: float = 0.03  # standard deviation of a 5x5 grid's offsets, as a share of the crop's side
    to_landmarks: float = 0.0  # probability of a warp to a face shape of the other identity
    # Colours: the same in input and target.
    colour: float = 0.0  # probability of a colour transfer from a random face of either identity
    # Light of the input: the same for all its pixels.
    gain: float = 0.25  # at most, as a share of the brightness, brighter or darker
    tint: float = 0.125  # at most, as a share of each channel, up or down
    offset: float = 0.083  # at most, as a share of the range, up or down
    # Degradation of the input: probabilities.
    motion: float = 0.0  # probability of motion blur along a line
    blur: float = 0.0  # probability of defocus blur
    shrink: float = 0.0  # probability of a lower resolution
    jpeg: float = 0.0  # probability of JPEG compression
    occluder: float = 0.2  # probability of an object in front, which is cut out of the mask
    hide: bool = False  # the input is always grey outside the hull of the landmarks
    # Sampling of the faces.
    balance: float = 0.5  # 0: equal chance for every face; 1: for every clip; or a value between
    even_yaw: bool = True  # faces with a rare yaw are drawn up to four times as often

    def __post_init__(self) -> None:
        most = {"rotation": 180.0, "warp": 0.1, "shift": 0.5, "scale": 0.9}
        for field in fields(self):
            value, top = getattr(self, field.name), most.get(field.name, 1.0)
            if not 0 <= value <= top:
                raise ValueError(f"{field.name}: {value} is not between 0 and {top:g}")


@dataclass(frozen=True, eq=False)
class SourceFace:
    """A face before augmentation: its crop with a margin around it."""

    image: Image  # (s, s, 3)
    landmarks: Points  # (68, 2) in pixels of the image
    margin: int  # pixels on each side of the crop
    mask: Image | None = None  # (s, s): the mask that the user painted, if any

    @property
    def to_pixels(self) -> Matrix:
        """The matrix from the crop's unit square to pixels of the image."""
        return to_pixels(self.image.shape[0] - 2 * self.margin, self.margin)

    @property
    def shape(self) -> Points:
        """The landmarks in the crop's unit square."""
        size = self.image.shape[0] - 2 * self.margin
        return transform(self.landmarks, from_pixels(size, self.margin))

    @property
    def hull(self) -> Image:
        """(s, s): the mask of the face, made from its landmarks."""
        return hull_mask(self.landmarks, self.image.shape[1::-1])


@dataclass(frozen=True, eq=False)
class SourcesAround:
    """What augmentation may take from other faces: colours, and shapes of the other identity."""

    donor: SourceFace | None = None  # the face whose colours are transferred
    shapes: Floats | None = None  # (n, 68, 2) landmarks in the unit square


@dataclass(frozen=True, eq=False)
class AugmentedFace:
    """One face of a batch; the tables turn its uint8 pictures into float32 in [0, 1]."""

    warped: Image  # (in, in, 3): the input
    light: Table  # for the input
    hull: Image | None  # (in, in): the input becomes grey outside it; None: nowhere
    target: Image  # (out, out, 3)
    colours: Table  # for the target
    mask: Image  # (out, out) from 0 to 255, like the next two
    eyes: Image
    mouth: Image
    landmarks: Points  # (68, 2) in the target's unit square


def without_chance(options: Augmentation) -> Augmentation:
    """The same options without randomness: every number is 0, the switches stay as they are."""
    numbers = {field.name: 0.0 for field in fields(options) if field.type is float}
    return replace(options, **numbers)  # type: ignore[arg-type] # all of them are float


def augment(
    source: SourceFace,
    sizes: tuple[int, int],
    options: Augmentation,
    rng: np.random.Generator,
    around: SourcesAround = SourcesAround(),
) -> AugmentedFace:
    """Return the augmented face: an input of `sizes[0]` pixels a side, a target of `sizes[1]`."""
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
    """Return the colour table that input and target share."""
    if donor is None or rng.random() >= options.colour:
        return plain()
    return transferred(plain(), _colours_in(source), _colours_in(donor))


def _colours_in(source: SourceFace) -> ColourStatistics:
    return colours_of(source.image, source.hull)


def _bent(image: Image, bend: Grid, back: Matrix, size: int) -> Image:
    """Sample the input from an image aligned with the source: move and bend in one look-up."""
    image, back = _averaged(image, back, size)
    x, y = look_up(bend, back, size)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))


def _cut(image: Image, back: Matrix, size: int) -> Image:
    """Sample the target from an image aligned with the source: the move without the bend.

    Cubic, because this is one more resampling: a softer filter would remove the skin's pores.
    """
    image, back = _averaged(image, back, size)
    flags, border = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, cv2.BORDER_REFLECT_101
    matrix = compose(back, from_pixels(size))
    return np.asarray(cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=border))


def _averaged(image: Image, back: Matrix, size: int) -> tuple[Image, Matrix]:
    """Reduce the picture to about as many pixels as are sampled; skipping pixels would alias."""
    step = scale_of(back) / size
    if step < COARSE:
        return image, back
    old, new = image.shape[0], max(1, round(image.shape[0] / step))
    small = cv2.resize(image, (new, new), interpolation=cv2.INTER_AREA)
    share = new / old
    # The edges of the pixels scale, not their centres: this adds a shift.
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
    """Return the masks of face, eyes and mouth in the target, without the occluder's pixels."""
    points, square = transform(shape, to_pixels(size)), (size, size)
    face = hull_mask(points, square) if source.mask is None else _cut(source.mask, back, size)
    masks = face, np.maximum(*eye_masks(points, square)), mouth_mask(points, square)
    if cover is None:
        return masks
    free = 255 - _cut(cover, back, size)
    cut = (np.asarray(cv2.multiply(one, free, scale=1 / 255), np.uint8) for one in masks)
    face, eyes, mouth = cut
    return face, eyes, mouth
