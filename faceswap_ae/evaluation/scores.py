"""Which metrics say how good a swap is, and what are their values (scores) for a whole clip?

score         of the result       reported beside it
value         mean over frames    floor: baseline where nothing was swapped (baselines.py)
                                  truth: of the true swap, measured in the same way
                                  unswapped: of the original performance
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.evaluation.following import following
from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.gaze import gaze_error
from faceswap_ae.evaluation.identity_metrics import PersonViews, pose_error
from faceswap_ae.evaluation.synchronised import Role
from faceswap_ae.evaluation.temporal_metrics import flicker, jitter

Better = Literal["lower", "higher", "one"]

# A face was not swapped if its descriptor is near the performer's and its pixels nearly equal.
# Encoding alone changes up to 4 levels (H.264 at crf 36), a swap of the synthetic cast 8 and more.
UNCHANGED, SAME = 5.0, 0.3
PERCENT = 100.0
LOST, LEFT = "no face is found there", "the face was left as it was"


@dataclass(frozen=True)
class Score:
    """The score of a whole clip in one metric; None where it could not be measured."""

    value: float | None
    floor: float | None
    unit: str
    better: Better
    words: str
    truth: float | None = None
    unswapped: float | None = None


@dataclass(frozen=True)
class ScoreKind:
    """A metric: its description, its unit, and which values are better."""

    words: str
    unit: str = ""
    better: Better = "lower"


EYES_APART = "% of the eyes' distance"
FOLLOW = "goes with the performance in time (correlation, 1 at best): {}"
AMOUNT = "moves as far as the performance (its share): {}"
MOVED = {
    "eyes": "how far the eyes are open",
    "mouth": "how far the mouth is open",
    "brows": "how high the brows are",
    "gaze": "where the eyes look",
}
SCORES = {
    "id_owner": ScoreKind("distance of descriptors to the owner's view nearest in pose"),
    "id_replaced": ScoreKind(
        "distance to the replaced person's view nearest in pose", "", "higher"
    ),
    "nearer_to_owner": ScoreKind("share of frames nearer to the owner", "", "higher"),
    "retrieval": ScoreKind("share of frames whose most similar view is the owner's", "", "higher"),
    "pose": ScoreKind(
        "angle between the heads of swap and performance, without its constant part", "°"
    ),
    "expression": ScoreKind("distance of the landmarks to those of the performance", EYES_APART),
    "expression_px": ScoreKind("the same as in papers: over all 136 coordinates", "px of 255"),
    "eyes": ScoreKind("distance of the eyes' landmarks to those of the performance", EYES_APART),
    "mouth": ScoreKind("distance of the mouth's landmarks to those of the performance", EYES_APART),
    "gaze": ScoreKind(
        "distance of the irises to those of the performance, without its constant part",
        "% of an eye's width",
    ),
    **{
        f"{part}_follow": ScoreKind(FOLLOW.format(what), "", "higher")
        for part, what in MOVED.items()
    },
    **{f"{part}_amount": ScoreKind(AMOUNT.format(what), "", "one") for part, what in MOVED.items()},
    "pose_truth": ScoreKind("angle between the heads of swap and true swap", "°"),
    "expression_truth": ScoreKind(
        "distance of the landmarks to those of the true swap", EYES_APART
    ),
    "eyes_truth": ScoreKind(
        "distance of the eyes' landmarks to those of the true swap", EYES_APART
    ),
    "mouth_truth": ScoreKind(
        "distance of the mouth's landmarks to those of the true swap", EYES_APART
    ),
    "gaze_truth": ScoreKind(
        "distance of the irises to those of the true swap", "% of an eye's width"
    ),
    "ssim": ScoreKind("structural similarity to the true swap, brows to mouth", "", "higher"),
    "psnr": ScoreKind("nearness to the true swap, brows to mouth", "dB", "higher"),
    "psnr_coloured": ScoreKind("the same if it had the true colours", "dB", "higher"),
    "psnr_unswapped": ScoreKind("nearness of the untouched performance to the true swap", "dB"),
    "psnr_gain": ScoreKind("how much nearer than the untouched performance", "dB", "higher"),
    "ssim_other": ScoreKind("structural similarity to the true swap by {other}", "", "higher"),
    "psnr_other": ScoreKind("nearness to the true swap by {other}", "dB", "higher"),
    "jitter": ScoreKind("how far the crop's corners leave a straight motion", "px"),
    "jitter_truth": ScoreKind("the same for the true swap", "px"),
    "jitter_ratio": ScoreKind(
        "jitter, divided by that of the true swap (or of the performance, if there is none)"
    ),
    "flicker": ScoreKind("change of the face's mean colour from frame to frame", "levels"),
    "warping": ScoreKind("change along the motion, beyond that of the performance", "levels"),
    "seam": ScoreKind(
        "step of colours at the face's border, beyond what is natural there", "levels"
    ),
    "sharpness": ScoreKind("detail, as a share of what is natural there", "", "one"),
    "missed": ScoreKind("frames in which the face was not swapped", "frames"),
}
ALONE = ("psnr_unswapped", "psnr_gain", "jitter_truth", "jitter_ratio", "ssim_other", "psnr_other")
OTHER_WORDS = {"face": "chin, forehead and cheeks too", "features": "brows, eyes, nose and mouth"}


def series(columns: FrameColumns, made: Role = "result") -> dict[str, Doubles]:
    """Return each metric frame by frame, of the result or of another clip in its place."""
    near, far = (columns[f"{made}.{name}"] for name in ("id_owner", "id_replaced"))
    found = {
        "id_owner": near,
        "id_replaced": far,
        "nearer_to_owner": np.where(np.isfinite(near), near < far, np.nan),
        "retrieval": columns[f"{made}.retrieval"],
        "jitter": _jitter(columns, made),
    }
    if made == "onto":
        return found
    found |= _performed(columns, made, "onto")
    if made == "truth":
        return found
    true = _performed(columns, made, "truth", level=False)
    own = {f"{name}_truth": values for name, values in true.items() if name != "expression_px"}
    plain = ("ssim", "psnr", "psnr_coloured", "warping", "seam", "sharpness")
    gain = columns["psnr"] - columns["onto.psnr"]
    return {
        **found,
        **own,
        **{name: columns[name] for name in plain},
        "psnr_unswapped": columns["onto.psnr"],
        "psnr_gain": gain,
        **{f"{name}_other": columns[f"other.{name}"] for name in ("ssim", "psnr")},
    }


def missed(columns: FrameColumns) -> dict[int, str]:
    """Return the frames in which the target person was not swapped, and why not."""
    if "onto.quad" not in columns:
        return {}
    there = is_measured(columns, "onto")
    lost = there & ~is_measured(columns, "result")
    left = there & (columns["changed"] < UNCHANGED) & (columns["result.id_replaced"] < SAME)
    told = {int(at): LEFT for at in np.flatnonzero(left)}
    return {**told, **{int(at): LOST for at in np.flatnonzero(lost & ~left)}}


def leading(columns: FrameColumns) -> Role:
    """Return the clip that shows the target person: the performance if known, else the result."""
    return "onto" if "onto.quad" in columns else "result"


def is_measured(columns: FrameColumns, role: Role) -> NDArray[np.bool_]:
    """Return (n,): whether the face was found in each frame of a clip."""
    return np.asarray(np.isfinite(_first(columns[f"{role}.quad"])))


def is_seen(columns: FrameColumns) -> NDArray[np.bool_]:
    """Return (n,): whether each frame shows the target person."""
    return is_measured(columns, leading(columns))


def means(columns: FrameColumns, made: Role = "result") -> dict[str, float]:
    """Return each metric over all frames: the mean, but the median for jitter."""
    every = series(columns, made)
    found = {name: mean(values) for name, values in every.items()}
    if made != "onto":
        found |= following(columns, made)
    return {**found, "jitter": middle(every["jitter"]), "flicker": _flicker(columns, made)}


def summary(
    columns: FrameColumns, rewritten: FrameColumns, floors: Mapping[str, float], other: str | None
) -> dict[str, Score]:
    """Return the scores of all metrics; `rewritten` and `floors` come from baselines.py.

    `other` is the name of the other definition of a true swap.
    """
    own, true, bare = (means(columns, role) for role in ("result", "truth", "onto"))
    least = {**means(rewritten), **floors, "missed": 0.0}
    standard = true["jitter"] if np.isfinite(true["jitter"]) else bare["jitter"]
    own["jitter_truth"] = true["jitter"]
    own["jitter_ratio"] = own["jitter"] / standard if standard > 0 else np.nan
    own["missed"] = float(len(missed(columns))) if "onto.quad" in columns else np.nan
    bare |= {name: mean(columns[f"onto.{name}"]) for name in ("psnr", "ssim")}
    words = OTHER_WORDS.get(other or "", "its other definition")
    return {
        name: Score(
            _plain(own[name]),
            None if name in ALONE else _plain(least.get(name, np.nan)),
            kind.unit,
            kind.better,
            kind.words.format(other=words),
            _plain(true.get(name, np.nan)),
            _plain(bare.get(name, np.nan)),
        )
        for name, kind in SCORES.items()
    }


def mean(values: Doubles) -> float:
    """Return the mean of the finite values."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else np.nan


def middle(values: Doubles) -> float:
    """Return the median of the finite values.

    It ignores landmarks that are wrong in one or two frames only: this is no jitter.
    """
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else np.nan


def _performed(
    columns: FrameColumns, made: Role, wanted: Role, *, level: bool = True
) -> dict[str, Doubles]:
    """Return the errors of one clip's pose, expression and gaze against another clip."""
    pair = f"{made}-{wanted}"
    return {
        "pose": _turned(columns, made, wanted, level=level),
        "expression": PERCENT * columns[f"{pair}.points"],
        "expression_px": columns[f"{pair}.boxed"],
        "eyes": PERCENT * columns[f"{pair}.eyes"],
        "mouth": PERCENT * columns[f"{pair}.mouth"],
        "gaze": PERCENT * _looking(columns, made, wanted, level=level),
    }


def _turned(columns: FrameColumns, made: Role, wanted: Role, *, level: bool) -> Doubles:
    poses = [columns[f"{role}.pose"] for role in (made, wanted)]
    if min(each.ndim for each in poses) < 2:
        return np.full(columns.count, np.nan)
    nothing = np.zeros((columns.count, 0))
    one, other = (PersonViews(nothing, nothing, each) for each in poses)
    return pose_error(one, other, level=level)


def _looking(columns: FrameColumns, made: Role, wanted: Role, *, level: bool) -> Doubles:
    eyes = [columns[f"{role}.irises"] for role in (made, wanted)]
    if min(each.ndim for each in eyes) < 3:
        return np.full(columns.count, np.nan)
    return gaze_error(*eyes, level=level)


def _jitter(columns: FrameColumns, made: Role) -> Doubles:
    """Return (n,): the jitter of each frame between its neighbours; NaN across a cut."""
    quads, found = columns[f"{made}.quad"], np.full(columns.count, np.nan)
    if quads.ndim < 3 or columns.count < 3:
        return found
    cut = columns["cut"] > 0
    found[1:-1] = np.where(cut[1:-1] | cut[2:], np.nan, jitter(quads))
    return found


def _flicker(columns: FrameColumns, made: Role) -> float:
    """Return the flicker over all runs of frames without a gap or a cut, weighted by length."""
    colours = columns[f"{made}.colour"]
    if colours.ndim < 2:
        return np.nan
    here = np.isfinite(colours[:, 0])
    breaks = np.flatnonzero((columns["cut"][1:] > 0) | ~here[1:] | ~here[:-1]) + 1
    rows = [row for row in np.split(colours, breaks) if len(row) > 1 and np.isfinite(row).all()]
    steps = [len(row) - 1 for row in rows]
    if not rows:
        return np.nan
    return float(np.sqrt(np.average([flicker(row) ** 2 for row in rows], weights=steps)))


def _first(values: Doubles) -> Doubles:
    """Return the first number of each row, for rows of any shape."""
    return values.reshape(len(values), -1)[:, 0]


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
