"""How good is a run's swap, frame by frame, on clips that nobody learnt from?

A swap is compared with the renderer's own answer: the owner's face on the performer's head, same
moment, same light. Before, it takes on the colours of the frame that it goes into, as in a
conversion. All pictures are the face's crop at 256 pixels, whatever the network's size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.claims_cast import Cast, Clips, Pictures
from benchmarks.pasting import CROP, SIDE, closest, laid_in, levels, shares
from faceswap_ae.common.geometry import Image, transform, warp
from faceswap_ae.conversion.compositing.colour_transfer import COLOUR, measure_colours, recolour
from faceswap_ae.evaluation import identity_metrics
from faceswap_ae.evaluation.gaze import gaze_error, irises
from faceswap_ae.evaluation.identity_metrics import PersonViews
from faceswap_ae.evaluation.image_metrics import overlap, sharpness, ssim
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.networks import code_alignment
from faceswap_ae.networks.model_interface import ONTO, Output
from faceswap_ae.training.data import face_set
from faceswap_ae.training.data.batches import Batch, BatchSource
from faceswap_ae.training.trained_run import TrainedRun

INNER = 9  # pixels of the mask's edge that are not compared: there the seam would be
LOT = 8  # faces at once
VIEWS = 48  # of the owner, whom a swap should look like
BAND = (1.5, 6.0)  # pixels: what is finer is grain, what is coarser is shape and light
LEAST_HIDDEN = 0.05  # of the face: a frame with less before it has nothing to leave out

Scores = dict[str, list[float]]  # a number for each frame
Bits = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Made:
    """What a run makes of the frames of clips, at its own size."""

    faces: NDArray[np.float32]  # (n, s, s, 3)
    again: NDArray[np.float32]  # the performer as themself
    masks: NDArray[np.float32]  # (n, s, s)


def made(one: TrainedRun, clips: Clips) -> Made:
    """Swaps of every frame, as a conversion makes them."""
    batch = _shown(one, clips)
    swaps, again = [], []
    for first in range(0, len(clips), LOT):
        warped = batch.warped[first : first + LOT]
        swaps.append(_told(code_alignment.aligned_swap(one.networks, warped, one.alignment())))
        again.append(_told(one.networks.reconstruct(warped, ONTO)))
    both, alone = np.concatenate(swaps), np.concatenate(again)
    return Made(both[..., :3], alone[..., :3], both[..., 3])


def _shown(one: TrainedRun, clips: Clips) -> Batch:
    own = one.networks
    shown = face_set.load_face_set(clips.folder, one.plan.crop, max(own.size_in, own.size_out))
    feed = BatchSource((shown, shown), one.plan.augment, own.size_in, own.size_out, LOT, 0)
    return feed.still(ONTO, np.arange(len(shown)))


def _told(output: Output) -> NDArray[np.float32]:
    """(n, s, s, 4): face and mask."""
    from keras import ops

    both = ops.concatenate([ops.cast(one, "float32") for one in (output.face, output.mask)], -1)
    return np.asarray(ops.convert_to_numpy(both), np.float32)


def crops(pictures: Pictures, clips: Clips) -> Pictures:
    """The face's crop in each of the clips' frames, or in pictures or masks beside them."""
    pairs = zip(pictures, clips.landmarks, strict=True)
    return np.stack([warp(one, matrix_of(at, CROP, SIDE), (SIDE, SIDE)) for one, at in pairs])


def enlarged(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Faces or masks of any size (n, s, s, ...) at the size of a crop."""
    side = (SIDE, SIDE)
    return np.stack([cv2.resize(one, side, interpolation=cv2.INTER_CUBIC) for one in planes])


def recolouring(found: NDArray[np.float32], clips: Clips) -> Pictures:
    """Faces (n, SIDE, SIDE, 3) in the colours of the frames that they go into."""
    way, done = COLOUR["mkl"], []
    rows = zip(found, crops(clips.image, clips), inside(clips), strict=True)
    for face, image, mask in rows:
        frame, soft = image.astype(np.float32) / 255, mask.astype(np.float32)
        done.append(recolour(way, face, measure_colours(way, face, frame, soft)))
    return levels(np.stack(done))


def inside(clips: Clips) -> NDArray[np.bool_]:
    """(n, SIDE, SIDE): what is compared, the face in frame and answer alike without its edge."""
    both = crops(np.minimum(clips.mask, clips.true_mask), clips)
    kernel = np.ones((INNER, INNER), np.uint8)
    return np.stack([cv2.erode(one, kernel) > 127 for one in both])


def likenesses(found: Pictures, clips: Clips, owner: PersonViews) -> Scores:
    """How near swaps (n, SIDE, SIDE, 3) are to the true ones."""
    true, masks = crops(clips.true, clips), inside(clips)
    points = [
        transform(own, matrix_of(at, CROP, SIDE))
        for own, at in zip(clips.true_landmarks, clips.landmarks, strict=True)
    ]
    looks, wanted = (
        np.stack([irises(one, at) for one, at in zip(many, points, strict=True)])
        for many in (found, true)
    )
    views, answer = (
        identity_metrics.describe_views(zip(pictures, clips.true_landmarks, strict=True))
        for pictures in (laid(found, clips), list(clips.true))
    )
    apart = np.linalg.norm(views.descriptors - answer.descriptors, axis=1)
    return {
        **_pixels(found, true, masks),
        "gaze": gaze_error(looks, wanted).tolist(),
        "looks": _sideways(looks),
        "wanted": _sideways(wanted),
        "identity": identity_metrics.identity(views, owner).tolist(),
        "apart": apart.tolist(),
    }


def rebuilt(again: Pictures, clips: Clips) -> Scores:
    """How near the performer's own faces are to what was filmed."""
    return _pixels(again, crops(clips.image, clips), inside(clips))


def _pixels(found: Pictures, true: Pictures, masks: Bits) -> Scores:
    rows = list(zip(found, true, masks, strict=True))
    return {
        "sharpness": [sharpness(*row) for row in rows],
        "ssim": [ssim(*row) for row in rows],
        "mae": [float(np.abs(a.astype(float) - b)[at].mean()) for a, b, at in rows],
        "detail": [detail(*row) for row in rows],
    }


def detail(found: Image, true: Image, mask: Bits) -> float:
    """How far the detail of two pictures is the same: its correlation, 0 for noise."""
    one, other = (_fine(picture)[mask] for picture in (found, true))
    if len(one) == 0 or one.std() == 0 or other.std() == 0:
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def _fine(image: Image) -> NDArray[np.float64]:
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    small, large = (cv2.GaussianBlur(luma, (0, 0), sigma) for sigma in BAND)
    return np.asarray(small - large, np.float64)


def _sideways(looks: NDArray[np.float64]) -> list[float]:
    """How far to the right both irises are, NaN where neither is seen."""
    seen = np.isfinite(looks[..., 0])
    total = np.where(seen, looks[..., 0], 0).sum(axis=1)
    found = np.where(seen.any(axis=1), total / np.maximum(seen.sum(axis=1), 1), np.nan)
    return [float(one) for one in found]


def laid(found: Pictures, clips: Clips) -> list[Image]:
    """Faces in their frames, as far as the landmarks' hull goes."""
    rows = zip(found, clips.image, clips.landmarks, strict=True)
    return [laid_in(face, frame, points) for face, frame, points in rows]


def mixed(found: Pictures, frames: Pictures, masks: Pictures) -> Pictures:
    """One over the other, where a mask (n, SIDE, SIDE) of 255 says so."""
    share = shares(masks)[..., None]
    return levels(shares(found) * share + shares(frames) * (1 - share))


def masked(learned: NDArray[np.float32], clips: Clips) -> dict[str, Scores]:
    """How well a learned mask (n, SIDE, SIDE), and the landmarks' hull, are the visible face."""
    outlines, looked = hulls(clips), [one > 0.5 for one in learned]
    both = [one & other for one, other in zip(looked, outlines, strict=True)]
    return {
        "learned": covers(looked, clips),
        "hull": covers(outlines, clips),
        "both": covers(both, clips),
        # How near a hull comes at best: what is before the face taken out by the renderer.
        "best": covers([one & ~at for one, at in zip(outlines, hidden(clips), strict=True)], clips),
    }


def hulls(clips: Clips) -> list[Bits]:
    """The face by its landmarks, whatever is before it."""
    found = []
    for points in clips.landmarks:
        at = transform(points, matrix_of(points, CROP, SIDE))
        found.append(hull_mask(at, (SIDE, SIDE)) > 127)
    return found


def hidden(clips: Clips) -> Bits:
    """(n, SIDE, SIDE): face that would be seen, were nothing before it."""
    seen, clear = (crops(one, clips) > 127 for one in (clips.mask, clips.clear_mask))
    return np.asarray(clear & ~seen)


def covers(found: Sequence[Bits], clips: Clips) -> Scores:
    """Of the frames in which enough of the face is hidden: IoU, and what was kept and left out."""
    scores: Scores = {"iou": [], "kept": [], "left_out": []}
    rows = zip(found, crops(clips.mask, clips) > 127, hidden(clips), strict=True)
    for one, visible, covered in rows:
        if covered.sum() >= LEAST_HIDDEN * (covered | visible).sum():
            scores["iou"].append(overlap(one, visible))
            scores["kept"].append(float(one[visible].mean()))
            scores["left_out"].append(float(1 - one[covered].mean()))
    return scores


def owners(cast: Cast) -> PersonViews:
    """The owner, as seen in some of the faces that were learnt from."""
    entries = face_file.entries(cast.owner)
    some = entries[:: max(len(entries) // VIEWS, 1)]
    told = ((face_file.pixels(one.place), one.stored.landmarks) for one in some if one.stored)
    return identity_metrics.describe_views(told)


def nearest(cast: Cast, clips: Clips) -> NDArray[np.float32]:
    """Without any training: the owner's faces whose landmarks lie most alike."""
    known = face_set.load_face_set(cast.owner, CROP, SIDE)
    return shares(np.stack([closest(known, points) for points in clips.landmarks]))


def seen_through(pictures: Pictures, side: int) -> NDArray[np.float32]:
    """Pictures as a network of so many pixels could make them at best."""
    small = [cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in pictures]
    return enlarged(shares(np.stack(small)))
