"""How is one face made to belong into its frame: its part, its colours, its edge, its grain?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.common.geometry import (
    Doubles,
    Floats,
    Image,
    Matrix,
    Points,
    compose,
    transform,
    warp,
)
from faceswap_ae.conversion.compositing import blending, detail
from faceswap_ae.conversion.compositing.blending import BLEND, corrected
from faceswap_ae.conversion.compositing.colour_transfer import COLOUR
from faceswap_ae.conversion.compositing.masks import (
    ERODE,
    FEATHER,
    MASK,
    MaskInputs,
    Way,
    choose_mask,
    face_side,
    refine_mask,
)
from faceswap_ae.conversion.compositing.region_colour import ColourSample, Pairs, RegionColours
from faceswap_ae.conversion.face_generator import FaceGenerator, GeneratedFace
from faceswap_ae.conversion.trajectories import FacePlacement, Trajectories

STABLE = "poisson-stable"  # a blend that wants what it adds to be steady


@dataclass(frozen=True)
class CompositeOptions:
    """How faces are put into frames."""

    colour: str = "tint"
    amount: float = 1.0  # of the colours
    mask: str = "learned"
    erode: float = ERODE  # of the face's size
    feather: float = FEATHER
    blend: str = "laplacian"
    sharpen: float = 0.0
    motion_blur: bool = True
    grain: bool = True
    scale: float = 1.0  # of the face

    def __post_init__(self) -> None:
        for name, known in (("colour", COLOUR), ("mask", MASK), ("blend", BLEND)):
            if getattr(self, name) not in known:
                raise UserError(unknown(name, getattr(self, name), known))
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:
                told = f"--{name} {getattr(self, name):g}"
                raise UserError(f"{told}: give a number from {low:g} to {high:g}")


LIMITS = {
    "amount": (0.0, 1.0),
    "erode": (-0.5, 0.5),
    "feather": (0.0, 0.5),
    "sharpen": (0.0, 5.0),
    "scale": (0.5, 2.0),
}


@dataclass(frozen=True, eq=False)
class PlacedFace:
    """A face on its way to a place in a frame."""

    place: FacePlacement
    points: Points  # (68, 2): the new face's landmarks in the crop
    matrix: Matrix  # frame to crop
    seen: Floats  # (s, s, 3): what the frame shows there
    face: Floats  # (s, s, 3)
    whole: Floats  # (s, s): the mask, for measuring
    mask: Floats  # (s, s): drawn in and softened, for blending


@dataclass(eq=False)
class Compositor:
    """Composites the faces that one generator makes."""

    swapper: FaceGenerator
    style: CompositeOptions
    painted: Image | None = None  # a mask of the user's
    complexion: RegionColours = field(init=False)
    _way: Way = field(init=False)

    def __post_init__(self) -> None:
        self.complexion = RegionColours(self.style.colour, self.style.amount)
        self._way = choose_mask(self.style.mask, has_mask=self.swapper.has_mask)

    def for_clip(self, where: Trajectories, role: int) -> "Compositor":
        """The same for the faces of one clip that have a role."""
        return replace(self, swapper=self.swapper.for_clip(where, role))

    def fitted(self, image: Image, place: FacePlacement, made: GeneratedFace) -> PlacedFace:
        """A face that was made of a frame's crop, and what is known of where it goes."""
        size, style = self.swapper.size_out, self.style
        crop = self.swapper.matrix(place.landmarks)
        known = MaskInputs(size, transform(place.outline, crop), made.mask, self.painted)
        whole = self._way(known)
        soft = refine_mask(whole, face_side(self.swapper.crop, size), style.erode, style.feather)
        matrix = compose(_enlarged(style.scale, size), crop)
        seen = warp(image, matrix, (size, size)).astype(np.float32)
        seen *= np.float32(1 / 255)
        points = known.landmarks if made.landmarks is None else made.landmarks
        return PlacedFace(place, points, matrix, seen, made.face, whole, soft)

    def colours(self, one: PlacedFace) -> Pairs:
        """What the face has and what its place has; to be pooled over time."""
        there = transform(one.place.outline, one.matrix)  # elsewhere where --scale enlarges
        frame = ColourSample(one.seen, there, one.whole)
        return self.complexion.measure(ColourSample(one.face, one.points, one.whole), frame)

    def dressed(self, one: PlacedFace, pairs: Pairs) -> PlacedFace:
        """The face in the frame's colours, as sharp and as blurred by motion as it should be."""
        face = self.complexion.apply(one.face, one.points, pairs)
        face = detail.sharpen(face, self.style.sharpen)
        if self.style.motion_blur:
            place = one.place
            moved = detail.shift(place.before, place.after, one.matrix, place.apart)
            path = detail.exposed(one.seen, face, one.mask, moved)
            face = detail.motion_blur(face, one.mask, path)
        return replace(one, face=face)

    def steadied(self, image: Image, one: PlacedFace) -> dict[str, Doubles]:
        """What is to be averaged over time before the face is laid in."""
        found: dict[str, Doubles] = {}
        if self.style.grain:
            found["noise"] = detail.noise(image, one.mask, one.matrix)
        if self.style.blend == STABLE:
            spread = blending.field(image, one.face, one.mask, one.matrix)
            found["field"] = np.asarray(spread, np.float64)
        return found

    def laid(
        self, image: Image, one: PlacedFace, steady: Mapping[str, Doubles], frame: int
    ) -> Image:
        """The frame with the face in it. The same each time: grain goes by the frame's number."""
        way, face = BLEND[self.style.blend], one.face
        if self.style.blend == STABLE:
            way, face = BLEND["feather"], corrected(face, steady["field"].astype(np.float32))
        image = way(image, face, one.mask, one.matrix)
        if "noise" not in steady:
            return image
        seeds = self.swapper.seed, frame, one.place.track
        return detail.grain(image, steady["noise"], one.mask, one.matrix, seeds)


def _enlarged(scale: float, size: int) -> Matrix:
    """Crop to a crop in which the face is so much larger: about its centre."""
    middle = (size - 1) / 2
    return np.array(
        [[1 / scale, 0, middle * (1 - 1 / scale)], [0, 1 / scale, middle * (1 - 1 / scale)]]
    )
