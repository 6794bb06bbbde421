"""How is a generated face compared with the true one (reconstruction loss and its weights)?

Every trainer needs these loss terms, so every trainer's options extend `LossWeights`.
`reconstruction_terms` compares pixels; objective.py adds the terms of face networks, code heads and
style.
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

MOST = 1e3  # a larger weight is a typing error
PERCENT = ("face_style", "background_style")
PART = 11.6  # the picture's side divided by DeepFaceLab's window
TWO_WINDOWS = 256  # pixels a side, from which on DeepFaceLab also uses a window of half the size

Weighed = Mapping[str, tuple[float, Callable[[], Tensor]]]  # weight, and the term if it is not 0


@dataclass(frozen=True)
class LossWeights:
    """Weights of the loss terms; 0 leaves a term out."""

    mae: float = 1.0  # of the mean absolute difference
    mse: float = 0.0  # of the mean squared difference
    dssim: float = 0.0  # of the difference in structure (SSIM)
    window: int = 9  # pixels a side of dssim's window; 0: by the picture's size, as in DeepFaceLab
    edge: float = 0.0  # of the difference between edges
    smaller: float = 1.0  # times mae: for each output face at a lower resolution
    mask: float = 0.1  # of the difference from the true mask, if the model outputs a mask
    masked: bool = False  # pixels outside the face are made black in both before the comparison
    outside: float = 1.0  # of a pixel outside the mask; a pixel inside has the weight 1
    eyes: float = 0.0  # added to the weight of mae and edge at the eyes
    mouth: float = 0.0  # added to the weight of mae and edge at the mouth
    landmarks: float = 0.0  # of a head that reads the landmarks from the latent code
    perceptual: float = 0.0  # of the feature difference in a face network; published value: 1
    perceptual_net: Net = "auto"  # that face network; auto: VGGFace's if here, else dlib's
    perceptual_file: Path | None = None  # the user's own weight file for that network
    identity: float = 0.0  # of the squared distance of dlib's descriptors
    face_style: float = 0.0  # percent: a swap gets the colours of the ONTO face
    background_style: float = 0.0  # percent: a swap's surroundings are those of the ONTO face
    true_face: float = 0.0  # of a discriminator of both identities' codes; .01 is a high weight

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
    """Return the weighted loss terms of generated faces against the true ones, by name."""
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
    """Return the structural dissimilarity (DSSIM) with this window; 0: one or two by the size."""
    if window:
        return pixel.dssim(target, made, window)
    side = target.shape[1]
    parts = (PART, 2 * PART) if side >= TWO_WINDOWS else (PART,)
    return sum(pixel.dssim(target, made, int(side / part)) for part in parts) / len(parts)


def weighed(found: Weighed) -> dict[str, Tensor]:
    """Return the terms times their weights, without the terms whose weight is 0."""
    return {name: share * term() for name, (share, term) in found.items() if share}


def _cut(output: Output, faces: FaceBatch) -> tuple[Output, FaceBatch]:
    """Make everything around the face black in the output and in the target."""
    soft = softened(faces.mask)
    smaller = tuple(ops.cast(face, "float32") * _means(soft, face) for face in output.smaller)
    cut = replace(output, face=ops.cast(output.face, "float32") * soft, smaller=smaller)
    return cut, replace(faces, target=faces.target * soft)


def _coarse(smaller: Sequence[Tensor], target: Tensor) -> Tensor:
    """Return the summed MAE of all output faces at lower resolutions, each against the target."""
    found: Any = 0.0
    for face in smaller:
        found = found + pixel.mae(_means(target, face), face)
    return found


def _means(picture: Tensor, like: Tensor) -> Tensor:
    """Reduce a picture to the lower resolution of another, by averaging."""
    step = picture.shape[1] // like.shape[1]
    return ops.average_pool(ops.cast(picture, "float32"), step, step, "valid", **PLANES)
