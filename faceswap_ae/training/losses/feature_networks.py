"""How are two faces compared by a pretrained face network: perceptual and identity loss?

A crop is resampled to the place where the network expects a face. The map for that is fixed and
goes through the template's units (alignment.py). The networks compute in 32 bits and are never
trained, but gradients pass through them to the picture. The weights of the feature layers and their
normalisation are those of faceswap-GAN 2.2.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from keras import ops
from numpy.typing import NDArray

from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.download import Heard, PublishedFile, fetch, find_downloaded
from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.common.geometry import Matrix
from faceswap_ae.faces.alignment import CROPS, Crop, crop_matrix
from faceswap_ae.networks.model_interface import Tensor

RELEASE = "https://github.com/rcmalli/keras-vggface/releases/download/v2.0/rcmalli_vggface_tf_notop"
NOTICE = (
    "these weights are not part of this program; they come from keras-vggface (code MIT) and are "
    "under the terms of Oxford's Visual Geometry Group: see www.robots.ox.ac.uk/~vgg"
)
OFFLINE = "fetch it elsewhere and give --vggface PATH, or train with dlib's network"
# Nobody publishes checksums of these: the release is older than GitHub's own.
FILES = {
    name: PublishedFile(f"{RELEASE}_{file}.h5", size, notice=NOTICE, instead=OFFLINE)
    for name, file, size in (
        ("vggface2", "resnet50", 94_694_792),
        ("vggface2-senet", "senet50", None),
        ("vggface", "vgg16", 58_909_280),
    )
}
KINDS = {"vgg16": "vggface", "resnet50": "vggface2", "senet50": "vggface2-senet"}
Net = Literal["auto", "dlib", "vggface2", "vggface2-senet", "vggface"]
NETS = get_args(Net)
WIDE = Crop(1.6, (0.5, 0.47))  # VGGFace's input: about a detector's box, from hair to chin
SHARES = (0.1, 0.3, 0.1, 0.01)  # weights of the feature layers, from fine to coarse
DLIB_STAGES = (1, 3, 5, 7)  # of 8: their features have 35, 17, 8 and 4 pixels a side
LEAST_SPREAD = 1e-6  # added to the features' variance before they are divided by its root

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Features:
    """What a feature network computes from a batch of faces."""

    features: tuple[Tensor, ...]  # (n, h, w, channels) each, from fine to coarse
    descriptor: Tensor | None = None  # (n, 128), only from networks that compute one


@dataclass(frozen=True, eq=False)
class FeatureNetwork:
    """A pretrained face network that gives features, and a descriptor if it `knows_who`."""

    name: str
    side: int  # pixels a side of its input
    place: Matrix  # template units to pixels of its input
    model: Any  # RGB in [0, 255] to a list: the descriptor, if it computes one, then the features
    knows_who: bool = False  # it computes a descriptor of the identity

    def see(self, crops: Tensor, crop: str) -> Features:
        """Return all features of crops (n, s, s, 3), RGB in [0, 1], of a kind in `CROPS`."""
        found = self.model(self.picture(crops, crop), training=False)
        return Features(tuple(found[1:]), found[0]) if self.knows_who else Features(tuple(found))

    def features(self, crops: Tensor, crop: str) -> list[Tensor]:
        """Return the features of four layers, from fine to coarse."""
        return list(self.see(crops, crop).features)

    def identity(self, crops: Tensor, crop: str) -> Tensor:
        """Return descriptors (n, 128): two of the same person have a distance below .6."""
        return _known(self.see(crops, crop).descriptor)

    def picture(self, crops: Tensor, crop: str) -> Tensor:
        """Resample crops to the network's input: RGB in [0, 255] (n, side, side, 3)."""
        # Template units to pixels is only scale and shift, so each axis is resampled by itself.
        if crop not in CROPS:
            raise ValueError(unknown("crop", crop, CROPS))
        size = crops.shape[1]
        given = crop_matrix(crop, size)
        columns, rows = (_band(self.place[a], given[a], a, (self.side, size)) for a in (0, 1))
        planes = ops.transpose(255 * ops.cast(crops, "float32"), (0, 3, 1, 2))
        return ops.transpose(ops.matmul(rows, ops.matmul(planes, columns.T)), (0, 2, 3, 1))


def load_feature_network(
    name: str = "auto", path: Path | None = None, request: bool = False, heard: Heard | None = None
) -> FeatureNetwork:
    """Load a feature network by name; `auto` takes the best one whose weights are here.

    `path` is the user's own weight file. With `request`, the published file is downloaded once.
    """
    if name not in NETS:
        raise UserError(unknown("perceptual network", name, NETS))
    if name == "auto":
        name = _best() if path is None else _network_of(path)
    if name == "dlib":
        return _dlib(path)
    return _vggface(name, path or _published(name, request, heard))


def check(name: str, path: Path | None) -> None:
    """Raise UserError if weights that `load_feature_network` needs are missing; load nothing."""
    if path is not None:
        if not path.is_file():
            raise UserError(f"{path}: no such file of weights; --vggface names one of your own")
        _network_of(path)
    elif name in FILES:
        _published(name, request=False, heard=None)


def perceptual_loss(target: Features, made: Features) -> Tensor:
    """Return the weighted absolute difference of the features of two batches of faces.

    Each layer's features are normalised for each face, to mean 0 and standard deviation 1.
    """
    pairs = zip(SHARES, target.features, made.features, strict=True)
    return sum(share * ops.mean(ops.abs(_even(a) - _even(b))) for share, a, b in pairs)


def identity_loss(target: Features, made: Features) -> Tensor:
    """Return the mean squared distance of descriptors: below .36 they are of the same person."""
    apart = _known(target.descriptor) - _known(made.descriptor)
    # Squared, because a distance has no gradient at 0.
    return ops.mean(ops.sum(ops.square(apart), axis=-1))


def _known(descriptor: Tensor | None) -> Tensor:
    if descriptor is None:
        raise UserError("VGGFace's networks have no descriptor; use dlib's for a loss of identity")
    return descriptor


def _even(features: Tensor) -> Tensor:
    centred = features - ops.mean(features, axis=(1, 2, 3), keepdims=True)
    spread = ops.sqrt(ops.mean(ops.square(centred), axis=(1, 2, 3), keepdims=True) + LEAST_SPREAD)
    return centred / spread


def _network_of(path: Path) -> str:
    """Return the name of the network whose weights the user's file contains."""
    from faceswap_ae.training.losses.vggface import kind

    if path.suffix == ".dat":
        return "dlib"
    return KINDS[kind(path)]


def _best() -> str:
    for name, published in FILES.items():
        if (cache_dir() / "weights" / published.name).exists():
            return name
    log.info(
        "no VGGFace weights here: faces are compared by dlib's network, which needs no download"
    )
    return "dlib"


def _published(name: str, request: bool, heard: Heard | None) -> Path:
    folder = cache_dir() / "weights"
    if request:
        return fetch(FILES[name], folder, heard)
    found = find_downloaded(FILES[name], folder)
    if found is None:
        raise UserError(
            f"{name}: its weights are not in {folder}; get them with `faceswap-ae fetch {name}`, "
            "give --vggface PATH, or take perceptual_net=dlib"
        )
    return found


def _dlib(path: Path | None) -> FeatureNetwork:
    import keras

    from faceswap_ae.faces.detection.dlib_networks import CHIP, descriptor

    whole = descriptor(path, taps=True)
    who, *stages = whole.outputs
    model = keras.Model(whole.inputs, [who, *(stages[number - 1] for number in DLIB_STAGES)])
    model.trainable = False
    # dlib's face chip: the template's square and a quarter more on each side. The centres of its
    # outer pixels are on the edges of this larger square.
    scale = (CHIP - 1) / 1.5
    place = np.array([[scale, 0, scale / 4], [0, scale, scale / 4]])
    return FeatureNetwork("dlib", CHIP, place, model, knows_who=True)


def _vggface(name: str, path: Path) -> FeatureNetwork:
    from faceswap_ae.training.losses.vggface import SIDE, kind, resnet50, vgg16

    held = KINDS[kind(path)]
    if held != name:
        raise UserError(f"{path}: holds {held}, not {name}; name the one or the other")
    model = vgg16(path) if name == "vggface" else resnet50(path)
    scale = SIDE / WIDE.side
    x, y = (SIDE / 2 - 0.5 - scale * middle for middle in WIDE.centre)
    return FeatureNetwork(name, SIDE, np.array([[scale, 0, x], [0, scale, y]]), model)


def _band(
    wanted: NDArray[np.float64], given: NDArray[np.float64], axis: int, sizes: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the weight of each given pixel in each wanted one (wanted, given), along one axis.

    Linear interpolation; where the picture shrinks, the filter is wider by the same factor, so no
    pixel is skipped.
    """
    step = given[axis] / wanted[axis]
    middles = (np.arange(sizes[0]) - wanted[2]) * step + given[2]
    reach = max(1.0, step)
    pixels = np.arange(np.floor(middles[0] - reach), np.ceil(middles[-1] + reach) + 1)
    shares = np.maximum(0, 1 - np.abs(pixels[None] - middles[:, None]) / reach)
    shares /= shares.sum(axis=1, keepdims=True)
    band = np.zeros(sizes, np.float32)
    # Beyond its border, a crop continues with its edge pixels: a mirrored border could show a
    # second chin below the mouth.
    np.add.at(band.T, np.clip(pixels.astype(np.int64), 0, sizes[1] - 1), shares.T)
    return band
