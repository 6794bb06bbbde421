"""How far is a face made from the true one?

Every trainer begins with this question, so its options are the first of every trainer's own.
`likeness` compares pixels; judging.py has what looks deeper.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from keras import ops

from faceswap_ae.common.errors import unknown
from faceswap_ae.networks.blocks import PLANES
from faceswap_ae.networks.model_interface import Output, Tensor
from faceswap_ae.networks.trainer_interface import FaceBatch
from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.feature_networks import Net
from faceswap_ae.training.losses.pixel import softened

MOST = 1e3  # a weight above it is a slip of the pen
PERCENT = ("face_style", "background_style")
PART = 11.6  # of the side to one of DeepFaceLab's window
TWO_WINDOWS = 256  # pixels a side, from which on it takes half that window as well

Weighed = Mapping[str, tuple[float, Callable[[], Tensor]]]  # weights, and what is made if not 0


@dataclass(frozen=True)
class LossWeights:
    """Weights of the loss's terms; 0 leaves one out."""

    mae: float = 1.0
    mse: float = 0.0
    dssim: float = 0.0
    window: int = 9  # pixels, of the structure compared; 0: by the size, as DeepFaceLab has it
    edge: float = 0.0
    smaller: float = 1.0  # times mae, of each face at a lower resolution
    mask: float = 0.1  # of the difference from the true one, where the model gives one
    masked: bool = False  # what is not face is black in both, before they are compared
    outside: float = 1.0  # of a pixel outside the mask, one inside being worth 1
    eyes: float = 0.0  # more of mae and edge, where the eyes are
    mouth: float = 0.0
    landmarks: float = 0.0  # a side head that reads the landmarks from the code
    perceptual: float = 0.0  # of the difference to a network that knows faces; published: 1
    perceptual_net: Net = "auto"
    perceptual_file: Path | None = None  # weights of one's own
    identity: float = 0.0  # of the squared distance of dlib's descriptors
    face_style: float = 0.0  # percent: a swap's colours are those of the face it goes onto
    background_style: float = 0.0  # percent: and what is around it
    true_face: float = 0.0  # of a judge who tells the codes of the two apart; .01 is much

    def __post_init__(self) -> None:
        for name in (one.name for one in fields(self) if one.type is float):
            value, most = getattr(self, name), 100 if name in PERCENT else MOST
            if not 0 <= value <= most:
                raise ValueError(f"{name}: {value} is not from 0 to {most:g}")
        if self.window < 0 or self.window == 1:
            raise ValueError(f"window: {self.window} pixels have no structure; try 9")
        if self.perceptual_net not in get_args(Net):
            raise ValueError(unknown("perceptual_net", self.perceptual_net, get_args(Net)))


def reconstruction_terms(
    output: Output, faces: FaceBatch, options: LossWeights
) -> dict[str, Tensor]:
    """How far faces are from the true ones, term by term."""
    if options.masked:
        output, faces = _cut(output, faces)
    made, target = output.face, faces.target
    inside = options.outside + (1 - options.outside) * faces.mask
    weight = inside + options.eyes * faces.eyes + options.mouth * faces.mouth
    found: dict[str, tuple[float, Callable[[], Tensor]]] = {
        "mae": (options.mae, lambda: pixel.mae(target, made, weight)),
        "mse": (options.mse, lambda: pixel.mse(target, made, inside)),
        "dssim": (options.dssim, lambda: structure(target, made, options.window)),
        "edge": (options.edge, lambda: pixel.edge(target, made, weight)),
    }
    if output.smaller:
        found["smaller"] = (options.smaller * options.mae, lambda: _coarse(output.smaller, target))
    if output.mask is not None:
        found["mask"] = (options.mask, lambda: pixel.mse(faces.mask, output.mask))
    return weighed(found)


def structure(target: Tensor, made: Tensor, window: int = 0) -> Tensor:
    """Structural dissimilarity, as the window says; 0: by the size."""
    if window:
        return pixel.dssim(target, made, window)
    side = target.shape[1]
    parts = (PART, 2 * PART) if side >= TWO_WINDOWS else (PART,)
    return sum(pixel.dssim(target, made, int(side / part)) for part in parts) / len(parts)


def weighed(found: Weighed) -> dict[str, Tensor]:
    """Terms times their weights, without those that weigh nothing."""
    return {name: share * term() for name, (share, term) in found.items() if share}


def _cut(output: Output, faces: FaceBatch) -> tuple[Output, FaceBatch]:
    """Both without what is around a face."""
    soft = softened(faces.mask)
    smaller = tuple(ops.cast(face, "float32") * _means(soft, face) for face in output.smaller)
    cut = replace(output, face=ops.cast(output.face, "float32") * soft, smaller=smaller)
    return cut, replace(faces, target=faces.target * soft)


def _coarse(smaller: Sequence[Tensor], target: Tensor) -> Tensor:
    """Of all faces at lower resolutions, each against the true one's means."""
    found: Any = 0.0
    for face in smaller:
        found = found + pixel.mae(_means(target, face), face)
    return found


def _means(picture: Tensor, like: Tensor) -> Tensor:
    """A picture at the lower resolution of another."""
    step = picture.shape[1] // like.shape[1]
    return ops.average_pool(ops.cast(picture, "float32"), step, step, "valid", **PLANES)
