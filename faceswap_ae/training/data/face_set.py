"""How are one person's face images loaded as a training set, for one crop and one size?

Each face is cut out of its PNG once, with a margin around the crop. So augmentation can rotate and
shift it without invented borders. The pixels are in a file that is mapped into memory
(pixel_cache.py); everything else is in memory. The faces are in order of clip and time, whatever
the names of their files are. So a folder and its zip are the same set.
"""

import hashlib
import io
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import MediaError, UserError, unknown
from faceswap_ae.common.geometry import Image, Matrix, Points, compose, transform, warp
from faceswap_ae.common.progress import AdvanceOf
from faceswap_ae.faces.alignment import CROPS, Crop, matrix_of
from faceswap_ae.faces.folders.archive import entries
from faceswap_ae.faces.folders.face_file import FaceEntry, Place, contents, mask_place
from faceswap_ae.faces.record import StoredFace, check_kind
from faceswap_ae.media import images
from faceswap_ae.training.data.augmentation import SourceFace
from faceswap_ae.training.data.geometric import from_pixels
from faceswap_ae.training.data.pixel_cache import Bytes, PixelCache
from faceswap_ae.training.data.sampling import held_out

MARGIN = 0.125  # of the crop's side, on each side of it
LEAST = 2  # faces: one for training and one for the hold-out set
HOLDS = 0.02  # share of the crop's side by which the crop may exceed the picture in the file
AT_ONCE = 64  # faces that are decoded before they are written
NAMED = 3  # file names that an error message lists
VERSION = 1  # of the cache's content


log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, kw_only=True)
class FaceSet:
    """The n faces of one folder. Pixel coordinates are those of `images`: crop and margin."""

    name: str
    crop: str
    landmarker: str  # who found the landmarks
    size: int  # pixels of the crop's side
    margin: int  # pixels added on each side
    images: Bytes  # (n, s, s, 3)
    landmarks: NDArray[np.float64]  # (n, 68, 2)
    masks: dict[int, Image]  # index -> (s, s), for faces that have a painted mask
    ids: tuple[str, ...]
    clips: tuple[str, ...]  # fingerprints of the files in which the faces were found
    yaw: NDArray[np.float64]  # degrees
    sharpness: NDArray[np.float64]
    descriptors: NDArray[np.float32]  # (n, 128): identity embeddings
    held: NDArray[np.int64]  # indices of the hold-out faces, which are never in a batch
    fingerprint: str  # hash of the faces, the same wherever their files are

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, place: int) -> SourceFace:
        return SourceFace(
            self.images[place], self.landmarks[place], self.margin, self.masks.get(place)
        )

    @cached_property
    def taught(self) -> NDArray[np.int64]:
        """Indices of the training faces: all that are not held out."""
        return np.setdiff1d(np.arange(len(self)), self.held)

    def holding(self, ids: Collection[str]) -> "FaceSet":
        """Return the set with these faces held out; unchanged if it contains none of them."""
        held = [place for place, own in enumerate(self.ids) if own in set(ids)]
        return replace(self, held=np.array(held, np.int64)) if held else self

    @cached_property
    def shapes(self) -> NDArray[np.float64]:
        """The landmarks (n, 68, 2) in the crop's unit square."""
        return transform(self.landmarks, from_pixels(self.size, self.margin))

    @cached_property
    def mean_shape(self) -> Points:
        """The mean landmarks (68, 2) of the training faces in the crop's unit square."""
        return np.asarray(self.shapes[self.taught].mean(axis=0))


@dataclass(frozen=True, eq=False)
class _Planned:
    """A face, and the matrix that cuts its cached picture out of its PNG."""

    entry: FaceEntry
    stored: StoredFace
    matrix: Matrix
    painted: Place | None


def load_face_set(
    folder: Path,
    crop: str,
    size: int,
    cache: PixelCache | None = None,
    advance: AdvanceOf = lambda _done, _of: None,
) -> FaceSet:
    """Load the faces of a folder or its zip, for crops of `size` pixels."""
    if crop not in CROPS:
        raise UserError(unknown("crop", crop, CROPS))
    margin = int(np.ceil(MARGIN * size))
    plans = [_planned(entry, stored, crop, size) for entry, stored in _usable(folder, crop)]
    side = size + 2 * margin
    painted = [number for number, plan in enumerate(plans) if plan.painted]
    pictures = len(plans) * side * side * 3
    length = pictures + len(painted) * side * side
    kept = (cache or PixelCache()).kept(
        _key(plans, crop, size), length, lambda: _made(plans, side, advance)
    )
    masks = kept[pictures:].reshape(-1, side, side)
    all_faces = [plan.stored.face for plan in plans]
    return FaceSet(
        name=folder.stem if folder.suffix == ".zip" else folder.name,
        crop=crop,
        landmarker=all_faces[0].landmarker,
        size=size,
        margin=margin,
        images=kept[:pictures].reshape(-1, side, side, 3),
        landmarks=np.stack([transform(plan.stored.landmarks, plan.matrix) for plan in plans]),
        masks=dict(zip(painted, masks, strict=True)),
        ids=tuple(face.id for face in all_faces),
        clips=tuple(face.clip for face in all_faces),
        yaw=np.nan_to_num([face.pose[0] for face in all_faces]),
        sharpness=np.array([face.sharpness for face in all_faces]),
        descriptors=np.stack([face.descriptor for face in all_faces]),
        held=held_out([face.id for face in all_faces]),
        fingerprint=_fingerprint(plans),
    )


def warn_of_changes(sets: Sequence[FaceSet], before: Mapping[str, str]) -> None:
    """Log which sets have other faces than before; `before` has fingerprints by set name."""
    for one in sets:
        if before.get(one.name, one.fingerprint) != one.fingerprint:
            log.info("%s: other faces than before, now %d", one.name, len(one))


def warn_of_difference(face: FaceSet, onto: FaceSet) -> None:
    """Refuse two sets with the same faces or the same name; warn of faces that are in both."""
    if face.fingerprint == onto.fingerprint or set(face.ids) == set(onto.ids):
        raise UserError(
            f"{face.name} and {onto.name}: are the same {len(face)} faces; "
            "--face and --onto need two people"
        )
    if face.name == onto.name:
        raise UserError(f"{face.name}: two folders of one name; rename one, as runs go by names")
    both = len(set(face.ids) & set(onto.ids))
    if both:
        log.warning("%s and %s: %d faces are in both", face.name, onto.name, both)


def _usable(folder: Path, crop: str) -> list[tuple[FaceEntry, StoredFace]]:
    found = entries(folder)
    usable = [(entry, entry.stored) for entry in found if entry.stored]
    plain = [entry.name for entry in found if not entry.stored]
    if plain:
        raise UserError(
            f"{folder}: {_named(plain)} of {len(found)} pictures without face data; put them "
            "elsewhere and extract them (faceswap-ae extract)"
        )
    if len(usable) < LEAST:
        raise UserError(
            f"{folder}: {len(usable)} usable faces, {LEAST} are needed; extract more "
            "(faceswap-ae extract)"
        )
    _check_crops(folder, crop, usable)
    for _, stored in usable:
        check_kind(str(folder), stored.face.landmarker, usable[0][1].face.landmarker, "the others")
    return sorted(usable, key=lambda one: (one[1].face.clip, one[1].face.frame, one[1].face.id))


def _check_crops(folder: Path, crop: str, usable: Sequence[tuple[FaceEntry, StoredFace]]) -> None:
    heads = [entry.name for entry, stored in usable if stored.crop == "head"]
    if heads and len(heads) < len(usable):
        raise UserError(
            f"{folder}: {_named(heads)} of {len(usable)} faces are cut as head, "
            "the others are not; use a folder for each"
        )
    for kind in sorted({stored.crop for _, stored in usable}):
        names = [entry.name for entry, stored in usable if stored.crop == kind]
        if kind not in CROPS:
            raise UserError(f"{folder}: {_named(names)}: {unknown('crop', kind, CROPS)}")
        if not _holds(CROPS[kind], CROPS[crop]):
            raise UserError(
                f"{folder}: {_named(names)} hold {kind} faces, which is less than {crop}; train "
                f"on {kind} or extract again"
            )


def _named(names: Sequence[str]) -> str:
    """Return the count and the first names, as in `4 (a.png, b.png, c.png, ...)`."""
    more = ", ..." if len(names) > NAMED else ""
    return f"{len(names)} ({', '.join(names[:NAMED])}{more})"


def _holds(outer: Crop, inner: Crop) -> bool:
    """Check that the outer crop contains the inner one.

    A crop that follows the head's turn is contained in an equal crop only.
    """
    if inner.follows_turn:
        return outer == inner
    room = (outer.side - inner.side) / 2 + HOLDS * inner.side
    return all(abs(a - b) <= room for a, b in zip(outer.centre, inner.centre, strict=True))


def _planned(entry: FaceEntry, stored: StoredFace, crop: str, size: int) -> _Planned:
    margin = int(np.ceil(MARGIN * size))
    shift = np.array([[1.0, 0.0, margin], [0.0, 1.0, margin]])
    matrix = compose(shift, matrix_of(stored.landmarks, crop, size))
    painted = mask_place(entry.place)
    return _Planned(entry, stored, matrix, painted if painted.exists() else None)


def _key(plans: Sequence[_Planned], crop: str, size: int) -> str:
    """Return the cache key: a hash of everything that the cached pixels depend on."""
    mark = hashlib.blake2b(f"{VERSION} {crop} {size} {MARGIN}".encode(), digest_size=16)
    for plan in plans:
        stamps = [_stamp(place) for place in (plan.entry.place, plan.painted) if place]
        mark.update(f"{plan.stored.face.id} {stamps}\n".encode())
    return mark.hexdigest()


def _stamp(place: Place) -> tuple[int, int]:
    """Return numbers that change when the file changes: size and time, or size and CRC in a zip."""
    if isinstance(place, Path):
        facts = place.stat()
        return facts.st_size, facts.st_mtime_ns
    inside = place.root.getinfo(place.at)
    return inside.file_size, inside.CRC


def _fingerprint(plans: Sequence[_Planned]) -> str:
    mark = hashlib.blake2b(digest_size=8)
    for plan in plans:
        mark.update(f"{plan.stored.face.id} {plan.painted is not None}\n".encode())
        mark.update(plan.stored.face.landmarks.round(1).astype("<f4").tobytes())
    return mark.hexdigest()


def _made(plans: Sequence[_Planned], side: int, advance: AdvanceOf) -> Iterator[Bytes]:
    """Yield all pictures, then all masks, in order."""
    masked = [plan for plan in plans if plan.painted]
    work = [(_picture, plan) for plan in plans] + [(_mask, plan) for plan in masked]
    with ThreadPoolExecutor() as pool:
        for first in range(0, len(work), AT_ONCE):
            some = work[first : first + AT_ONCE]
            yield from pool.map(lambda one: one[0](one[1], side), some)
            advance(min(first + AT_ONCE, len(plans)), len(plans))


def _picture(plan: _Planned, side: int) -> Image:
    return warp(_read(plan.entry.place), plan.matrix, (side, side))


def _mask(plan: _Planned, side: int) -> Image:
    assert plan.painted is not None
    painted = np.ascontiguousarray(_read(plan.painted)[..., 0])
    height, width = _read(plan.entry.place).shape[:2]
    if painted.shape != (height, width):  # the mask was painted on an enlarged copy
        painted = np.asarray(cv2.resize(painted, (width, height)), np.uint8)
    return warp(painted, plan.matrix, (side, side))


def _read(place: Place) -> Image:
    try:
        return images.read(io.BytesIO(contents(place)), str(place))
    except OSError as error:
        raise MediaError(f"{place}: cannot be read ({error.strerror}); is it gone?") from error
