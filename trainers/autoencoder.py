"""The plain face swap: one encoder, a decoder for each identity, every face as itself.

deepfakes' idea (2017): shown a bent face, answer with the true one. What both identities share goes
through the encoder; what tells them apart, each decoder keeps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from faceswap_ae import losses
from faceswap_ae.networks import IDENTITIES, Networks, Output, Tensor
from faceswap_ae.player import Faces, Known, Pair, Player, Terms

POINTS = (68, 2)


@dataclass(frozen=True)
class Options:
    """Weights of the loss's terms; 0 leaves one out."""

    mae: float = 1.0
    mse: float = 0.0
    dssim: float = 0.0
    window: int = 9  # pixels, of the structure compared
    edge: float = 0.0
    mask: float = 0.1  # where the model gives one
    outside: float = 1.0  # of a pixel outside the mask, one inside being worth 1
    eyes: float = 0.0  # more, where the eyes are
    mouth: float = 0.0
    landmarks: float = 0.0  # a side head that reads the landmarks from the code

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0:
                raise ValueError(f"{name}: {value} is less than 0")


def build(networks: Networks, options: Options, known: Known) -> Sequence[Player]:
    """One player, who moves everything."""
    head = _head(networks) if options.landmarks else None

    def loss(pair: Pair) -> Terms:
        # 1 each identity's faces as themselves  2 what is wrong with them  3 both together
        made = networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        found: dict[str, Tensor] = {}
        for identity, (code, output) in made.items():
            terms = judged(output, pair[identity], options)
            if head is not None:
                shape = known.shape[identity]
                terms["landmarks"] = options.landmarks * _misread(head, code, pair[identity], shape)
            found |= {f"{identity} {name}": term for name, term in terms.items()}
        return found

    parts: Mapping[str, Any] = {**networks.parts, **({"landmarks": head} if head else {})}
    return [Player("autoencoder", loss, parts)]


def judged(output: Output, faces: Faces, options: Options) -> dict[str, Tensor]:
    """What is wrong with faces made, term by term."""
    made, target = output.face, faces.target
    weight = options.outside + (1 - options.outside) * faces.mask
    weight = weight + options.eyes * faces.eyes + options.mouth * faces.mouth
    found: dict[str, tuple[float, Callable[[], Tensor]]] = {
        "mae": (options.mae, lambda: losses.mae(target, made, weight)),
        "mse": (options.mse, lambda: losses.mse(target, made, weight)),
        "dssim": (options.dssim, lambda: losses.dssim(target, made, options.window)),
        "edge": (options.edge, lambda: losses.edge(target, made)),
    }
    if output.mask is not None:
        found["mask"] = (options.mask, lambda: losses.mse(faces.mask, output.mask))
    return {name: share * term() for name, (share, term) in found.items() if share}


def _head(networks: Networks) -> Any:
    """Reads from the code how the landmarks differ from that person's mean."""
    shape = networks.code_shape
    code = keras.Input(shape)
    flat = layers.Flatten()(code)
    points = layers.Dense(POINTS[0] * POINTS[1], dtype="float32")(flat)
    return keras.Model(code, layers.Reshape(POINTS, dtype="float32")(points), name="landmarks")


def _misread(head: Any, code: Tensor, faces: Faces, mean: Any) -> Tensor:
    wanted = faces.landmarks - ops.convert_to_tensor(mean)
    return ops.mean(ops.abs(head(code) - wanted))
