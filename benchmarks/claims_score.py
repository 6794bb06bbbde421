"""Which metrics score a run's swap, frame by frame, on the held-out clips of the claims?

A swap is compared with the true swap by the renderer: the owner's face on the performer's head at
the same moment in the same light. Before the comparison, the swap's colours are transferred from
its frame, as in a conversion. All pictures are the face's crop at 256 pixels, whatever the
network's size.
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

INNER = 9  # pixels of the kernel that erodes the compared mask: the seam would be at its edge
LOT = 8  # faces in one batch
VIEWS = 48  # pictures of the owner, for the identity metric
BAND = (1.5, 6.0)  # pixels: finer differences are grain, coarser ones are shape and light
LEAST_HIDDEN = 0.05  # share of the face: frames with less of it hidden do not score the mask

Scores = dict[str, list[float]]  # one number for each frame
Bits = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Made:
    """The output of a run for the frames of clips, at the network's own size."""

    faces: NDArray[np.float32]  # (n, s, s, 3)
    again: NDArray[np.float32]  # the performer's own face, reconstructed
    masks: NDArray[np.float32]  # (n, s, s)


def made(one: TrainedRun, clips: Clips) -> Made:
    """Swap the face of every frame, as a conversion does, and reconstruct the performer's face."""
    batch = _shown(one, clips)
    swaps, again = [], []
    for first in range(0, len(clips), LOT):
        warped = batch.warped[first : first + LOT]
        swaps.append(
            _face_and_mask(code_alignment.aligned_swap(one.networks, warped, one.alignment()))
        )
        again.append(_face_and_mask(one.networks.reconstruct(warped, ONTO)))
    both, alone = np.concatenate(swaps), np.concatenate(again)
    return Made(both[..., :3], alone[..., :3], both[..., 3])


def _shown(one: TrainedRun, clips: Clips) -> Batch:
    own = one.networks
    shown = face_set.load_face_set(clips.folder, one.recipe.crop, max(own.size_in, own.size_out))
    feed = BatchSource((shown, shown), one.recipe.augment, own.size_in, own.size_out, LOT, 0)
    return feed.still(ONTO, np.arange(len(shown)))


def _face_and_mask(output: Output) -> NDArray[np.float32]:
    """A network's output as one array (n, s, s, 4): face and mask."""
    from keras import ops

    both = ops.concatenate([ops.cast(one, "float32") for one in (output.face, output.mask)], -1)
    return np.asarray(ops.convert_to_numpy(both), np.float32)


def crops(pictures: Pictures, clips: Clips) -> Pictures:
    """The crop of the face from each frame, or from other pictures or masks of the frames."""
    pairs = zip(pictures, clips.landmarks, strict=True)
    return np.stack([warp(one, matrix_of(at, CROP, SIDE), (SIDE, SIDE)) for one, at in pairs])


def enlarged(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Resize faces or masks of any size (n, s, s, ...) to the size of a crop."""
    side = (SIDE, SIDE)
    return np.stack([cv2.resize(one, side, interpolation=cv2.INTER_CUBIC) for one in planes])


def recolouring(found: NDArray[np.float32], clips: Clips) -> Pictures:
    """Transfer the colours of their frames to faces (n, SIDE, SIDE, 3)."""
    way, done = COLOUR["mkl"], []
    rows = zip(found, crops(clips.image, clips), inside(clips), strict=True)
    for face, image, mask in rows:
        frame, soft = image.astype(np.float32) / 255, mask.astype(np.float32)
        done.append(recolour(way, face, measure_colours(way, face, frame, soft)))
    return levels(np.stack(done))


def inside(clips: Clips) -> NDArray[np.bool_]:
    """The area that is compared (n, SIDE, SIDE).

    It is the visible face of both the frame and the true swap, without its edge.
    """
    both = crops(np.minimum(clips.mask, clips.true_mask), clips)
    kernel = np.ones((INNER, INNER), np.uint8)
    return np.stack([cv2.erode(one, kernel) > 127 for one in both])


def likenesses(found: Pictures, clips: Clips, owner: PersonViews) -> Scores:
    """Score how close swaps (n, SIDE, SIDE, 3) are to the true swaps, and to the owner."""
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
    """Score how close the performer's reconstructed faces are to the frames."""
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
    """The correlation of two pictures' fine detail: 1 for the same detail, 0 for noise."""
    one, other = (_fine(picture)[mask] for picture in (found, true))
    if len(one) == 0 or one.std() == 0 or other.std() == 0:
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def _fine(image: Image) -> NDArray[np.float64]:
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    small, large = (cv2.GaussianBlur(luma, (0, 0), sigma) for sigma in BAND)
    return np.asarray(small - large, np.float64)


def _sideways(looks: NDArray[np.float64]) -> list[float]:
    """The mean position of both irises to the right; NaN where no iris is visible."""
    seen = np.isfinite(looks[..., 0])
    total = np.where(seen, looks[..., 0], 0).sum(axis=1)
    found = np.where(seen.any(axis=1), total / np.maximum(seen.sum(axis=1), 1), np.nan)
    return [float(one) for one in found]


def laid(found: Pictures, clips: Clips) -> list[Image]:
    """Composite faces into their frames, with the landmarks' hull as mask."""
    rows = zip(found, clips.image, clips.landmarks, strict=True)
    return [laid_in(face, frame, points) for face, frame, points in rows]


def mixed(found: Pictures, frames: Pictures, masks: Pictures) -> Pictures:
    """Blend `found` over `frames`. The mask (n, SIDE, SIDE) is the opacity, up to 255."""
    share = shares(masks)[..., None]
    return levels(shares(found) * share + shares(frames) * (1 - share))


def masked(learned: NDArray[np.float32], clips: Clips) -> dict[str, Scores]:
    """Score how well the learned mask (n, SIDE, SIDE) and the hull match the visible face."""
    outlines, looked = hulls(clips), [one > 0.5 for one in learned]
    both = [one & other for one, other in zip(looked, outlines, strict=True)]
    return {
        "learned": covers(looked, clips),
        "hull": covers(outlines, clips),
        "both": covers(both, clips),
        # The best possible hull: the renderer's own mask of the occluder is removed from it.
        "best": covers([one & ~at for one, at in zip(outlines, hidden(clips), strict=True)], clips),
    }


def hulls(clips: Clips) -> list[Bits]:
    """The landmarks' hull of each frame, with any occluder included."""
    found = []
    for points in clips.landmarks:
        at = transform(points, matrix_of(points, CROP, SIDE))
        found.append(hull_mask(at, (SIDE, SIDE)) > 127)
    return found


def hidden(clips: Clips) -> Bits:
    """The hidden part of the face (n, SIDE, SIDE): it would be visible without the occluder."""
    seen, clear = (crops(one, clips) > 127 for one in (clips.mask, clips.clear_mask))
    return np.asarray(clear & ~seen)


def covers(found: Sequence[Bits], clips: Clips) -> Scores:
    """Scores of masks, for the frames in which enough of the face is hidden.

    `iou` compares the mask with the visible face. `kept` is the share of the visible face in the
    mask, `left_out` the share of the hidden face outside it.
    """
    scores: Scores = {"iou": [], "kept": [], "left_out": []}
    rows = zip(found, crops(clips.mask, clips) > 127, hidden(clips), strict=True)
    for one, visible, covered in rows:
        if covered.sum() >= LEAST_HIDDEN * (covered | visible).sum():
            scores["iou"].append(overlap(one, visible))
            scores["kept"].append(float(one[visible].mean()))
            scores["left_out"].append(float(1 - one[covered].mean()))
    return scores


def owners(cast: Cast) -> PersonViews:
    """Descriptors of the owner, from some of the faces in the training set."""
    entries = face_file.entries(cast.owner)
    some = entries[:: max(len(entries) // VIEWS, 1)]
    told = ((face_file.pixels(one.place), one.stored.landmarks) for one in some if one.stored)
    return identity_metrics.describe_views(told)


def nearest(cast: Cast, clips: Clips) -> NDArray[np.float32]:
    """A baseline without training: for each frame, the owner's face with the closest landmarks."""
    known = face_set.load_face_set(cast.owner, CROP, SIDE)
    return shares(np.stack([closest(known, points) for points in clips.landmarks]))


def seen_through(pictures: Pictures, side: int) -> NDArray[np.float32]:
    """Pictures as the best network of `side` pixels could make them: reduced and enlarged."""
    small = [cv2.resize(one, (side, side), interpolation=cv2.INTER_AREA) for one in pictures]
    return enlarged(shares(np.stack(small)))
