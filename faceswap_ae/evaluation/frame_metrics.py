"""Which metrics are measured on each frame of a swap, and how are they stored?

Only numbers are kept, one row for each frame, so a clip may have any length. A row needs only its
own frame and the frame before. Metrics that need all rows are in scores.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Flags, Image, Points, transform
from faceswap_ae.conversion.compositing.colour_transfer import COLOUR, measure_colours, recolour
from faceswap_ae.evaluation.gaze import irises_of_face
from faceswap_ae.evaluation.identity_metrics import (
    PersonViews,
    expression_error,
    identity,
    retrieved,
    views_of_faces,
)
from faceswap_ae.evaluation.image_metrics import CROP, SIDE, aligned, psnr, seam, sharpness, ssim
from faceswap_ae.evaluation.openings import openings
from faceswap_ae.evaluation.synchronised import AlignedFrames, Role
from faceswap_ae.evaluation.temporal_metrics import FacePair, mean_colour, quad, warping_error
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.landmark_masks import hull_mask, outline_mask
from faceswap_ae.faces.record import Face

INNER = 17  # the first landmark that is not the jaw's
SOFT = 2.0  # pixels of blur: what encoding changes is finer
COARSE = 128  # pixels a side of the crop on which the seam is measured
DEPTHS = (0, 3, 6)  # of these pixels inside the face's outline: where a mask may end
HIGHEST = 99.0  # decibels: upper limit, for pictures that are equal

Values = Iterator[tuple[str, float | Doubles]]


@dataclass(frozen=True, eq=False)
class ComparedPeople:
    """The person whose face it should be (owner), and the person whose face it was (replaced)."""

    owner: PersonViews
    replaced: PersonViews


class FrameColumns:
    """Columns with a number or an array for each frame; NaN where it is not known."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._kept: dict[str, Doubles] = {}

    def put(self, at: int, values: Iterable[tuple[str, float | Doubles]]) -> None:
        """Store what was measured on a frame, by name of the column."""
        for name, value in values:
            if name not in self._kept:
                self._kept[name] = np.full((self.count, *np.shape(value)), np.nan)
            self._kept[name][at] = value

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def __getitem__(self, name: str) -> Doubles:
        """Return a whole column; only NaN if it was never measured."""
        return self._kept.get(name, np.full(self.count, np.nan))


def measure(
    moments: Iterable[AlignedFrames], columns: FrameColumns, people: ComparedPeople
) -> Iterator[int]:
    """Fill the columns; yield the number of each frame that is done."""
    before: AlignedFrames | None = None
    for moment in moments:
        columns.put(moment.at, [("time", moment.time), ("cut", float(moment.cut))])
        for role, face in moment.faces.items():
            columns.put(moment.at, _whose(role, face, people))
            columns.put(moment.at, _placed(role, moment.images[role], face))
        columns.put(moment.at, _compared(moment.faces))
        columns.put(moment.at, _surface(moment))
        columns.put(moment.at, _nearness(moment))
        columns.put(moment.at, _unsteadiness(before, moment))
        before = moment
        yield moment.at


def inner_mask(landmarks: Points) -> Flags:
    """Return the part between brows, nose and mouth of a crop.

    It is smaller than the face in every definition of a true swap.
    """
    outline = cv2.convexHull(landmarks[INNER:].astype(np.float32))[:, 0]
    return outline_mask(outline.astype(np.float64), (SIDE, SIDE)) > 127


def _whose(role: Role, face: Face, people: ComparedPeople) -> Values:
    views = views_of_faces([face])
    yield f"{role}.id_owner", float(identity(views, people.owner)[0])
    yield f"{role}.id_replaced", float(identity(views, people.replaced)[0])
    found = retrieved(views, [people.owner, people.replaced])[0]
    yield f"{role}.retrieval", float(found == 0)


def _placed(role: Role, image: Image, face: Face) -> Values:
    yield f"{role}.pose", np.array(face.pose)
    yield f"{role}.quad", quad(face.landmarks)
    yield f"{role}.crop", matrix_of(face.landmarks, "whole", 1)
    yield f"{role}.irises", irises_of_face(image, face)
    for part, value in asdict(openings(face)).items():
        yield f"{role}.{part}", value


def _compared(faces: Mapping[Role, Face]) -> Values:
    """Yield the landmark errors of every pair of clips that is compared."""
    pairs: tuple[tuple[Role, Role], ...] = (
        ("result", "onto"),
        ("truth", "onto"),
        ("result", "truth"),
    )
    for made, wanted in pairs:
        if made in faces and wanted in faces:
            off = expression_error(*(faces[one].landmarks[None] for one in (made, wanted)))
            for part in ("boxed", "points", "eyes", "mouth"):
                yield f"{made}-{wanted}.{part}", float(getattr(off, part)[0])


def _surface(moment: AlignedFrames) -> Values:
    """Yield colours, change, sharpness and seam at the place of the replaced person's face."""
    place = moment.faces.get("onto")
    if place is None:
        return
    crops = {role: aligned(image, place.landmarks) for role, image in moment.images.items()}
    mask = hull_mask(_framed(place), (SIDE, SIDE)) > 127
    for role, crop in crops.items():
        yield f"{role}.colour", mean_colour(crop, mask)
    made, own = crops["result"], crops["onto"]
    yield "changed", _changed(made, own, mask)
    true = crops.get("truth", own)
    yield "sharpness", sharpness(made, true, mask)
    yield "seam", _seam(made, true, mask)


def _nearness(moment: AlignedFrames) -> Values:
    """Yield the similarity to the true swap, pixel by pixel."""
    place = moment.faces.get("truth")
    if place is None:
        return
    landmarks = place.landmarks
    true, made = (aligned(moment.images[role], landmarks) for role in ("truth", "result"))
    mask = inner_mask(_framed(place))
    if moment.visible is not None:
        seen = aligned(moment.visible.astype(np.uint8) * 255, landmarks)
        mask &= seen > 127
    yield "psnr", _decibels(made, true, mask)
    yield "psnr_coloured", _decibels(_coloured(made, true, mask), true, mask)
    yield "ssim", ssim(made, true, mask)
    if "onto" in moment.images:
        own = aligned(moment.images["onto"], landmarks)
        yield "onto.psnr", _decibels(own, true, mask)
        yield "onto.ssim", ssim(own, true, mask)
    if moment.other is not None:
        other = aligned(moment.other, landmarks)
        yield "other.psnr", _decibels(made, other, mask)
        yield "other.ssim", ssim(made, other, mask)


def _unsteadiness(before: AlignedFrames | None, now: AlignedFrames) -> Values:
    """Yield the warping error from the frame before to this one; nothing across a cut."""
    if before is None or now.cut or "onto" not in now.faces or "onto" not in before.faces:
        return
    size = now.images["onto"].shape[1::-1]
    mask = hull_mask(now.faces["onto"].landmarks, (size[0], size[1])) > 127
    last, new = (FacePair(one.images["onto"], one.images["result"]) for one in (before, now))
    yield "warping", warping_error(last, new, mask)


def _framed(face: Face) -> Points:
    """Return a face's landmarks in its own crop."""
    return transform(face.landmarks, matrix_of(face.landmarks, CROP, SIDE))


def _changed(made: Image, own: Image, mask: Flags) -> float:
    """Return the difference of a face from the performer's, in levels, without encoding noise."""
    one, other = (
        cv2.GaussianBlur(crop.astype(np.float32), (0, 0), SOFT)[mask] for crop in (made, own)
    )
    return float(np.abs(one - other).mean()) if one.size else np.nan


def _seam(made: Image, true: Image, mask: Flags) -> float:
    """Return the strongest colour step along one of several outlines, one inside the other.

    A mask is usually eroded, so its edge is inside the face's outline.
    """
    size = (COARSE, COARSE)
    crops = [cv2.resize(crop, size, interpolation=cv2.INTER_AREA) for crop in (made, true)]
    one, other = (np.asarray(crop, np.uint8) for crop in crops)
    small = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    kernels = (np.ones((2 * depth + 1, 2 * depth + 1), np.uint8) for depth in DEPTHS)
    return max(seam(one, other, cv2.erode(small, kernel) > 0) for kernel in kernels)


def _decibels(made: Image, true: Image, mask: Flags) -> float:
    return min(psnr(made, true, mask), HIGHEST)


def _coloured(made: Image, true: Image, mask: Flags) -> Image:
    """Return the swap with the colours of the true swap: only shape and detail still differ."""
    way = COLOUR["mkl"]
    face, wanted = (crop.astype(np.float32) / np.float32(255) for crop in (made, true))
    pair = measure_colours(way, face, wanted, mask.astype(np.float32))
    return np.rint(recolour(way, face, pair) * 255).astype(np.uint8)
