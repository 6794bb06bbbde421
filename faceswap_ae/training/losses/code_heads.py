"""What can be read from a code: where the landmarks are, and whose face it is?

The landmarks should stand there: their reader is trained with the networks. Whose it is should not:
that one's judge plays against them (DeepFaceLab's "true face"). The wanted face's own codes are to
look like those that its decoder meets at conversion, so it is at home there.

    judge      of rows of numbers: dense 256, 256; of pictures: conv3/2 256 until 4 pixels are left;
               LeakyReLU .1; a score of each row or pixel, above 0 for the other's codes
"""

from typing import Any

import keras
from keras import layers, ops

from faceswap_ae.networks.blocks import Convolution
from faceswap_ae.networks.model_interface import FACE, ONTO, Networks, Tensor
from faceswap_ae.networks.trainer_interface import BatchPair, FaceBatch, Player, Terms

POINTS = (68, 2)
WIDTH = 256  # of the judge's layers
LAST_SIDE = 4  # pixels of a code that is a picture
SLOPE = 0.1


def landmarks_head(shape: tuple[int, ...]) -> Any:
    """Reads from codes of a shape how the landmarks differ from that person's mean."""
    code = keras.Input(shape)
    flat = layers.Flatten()(code)
    points = layers.Dense(POINTS[0] * POINTS[1], dtype="float32")(flat)
    return keras.Model(code, layers.Reshape(POINTS, dtype="float32")(points), name="landmarks")


def landmarks_error(reader: Any, code: Tensor, faces: FaceBatch, mean: Any) -> Tensor:
    """How far from their places landmarks are read, in sides of the picture."""
    wanted = faces.landmarks - ops.convert_to_tensor(mean)
    return ops.mean(ops.abs(reader(code) - wanted))


class CodeDiscriminator:
    """Who tells the codes of both identities apart. Keeps its network."""

    def __init__(self, networks: Networks) -> None:
        self.networks, self.model = networks, _scorer(networks.code_shape)

    def told(self, code: Tensor) -> Tensor:
        """How surely these codes of FACE are told from ONTO's: what the networks want small."""
        return ops.mean(ops.softplus(-self.model(code)))

    def loss(self, pair: BatchPair) -> Terms:
        """How badly it tells them apart."""
        # 1 codes of both, about to be shown as FACE  2 a score for each  3 its cross-entropy
        own, theirs = (
            ops.stop_gradient(self.networks.encode(pair[of].warped, of, FACE))
            for of in (FACE, ONTO)
        )
        wrong = ops.softplus(self.model(own)), ops.softplus(-self.model(theirs))
        return {"codes": sum(ops.mean(one) for one in wrong) / 2}

    @property
    def player(self) -> Player:
        """It moves nothing but its own network."""
        return Player("code_judge", self.loss, {"code_judge": self.model})


def _scorer(shape: tuple[int, ...]) -> Any:
    code = x = keras.Input(shape)
    if len(shape) == 1:
        for _ in range(2):
            x = layers.LeakyReLU(SLOPE)(layers.Dense(WIDTH)(x))
        return keras.Model(code, layers.Dense(1, dtype="float32")(x), name="code_judge")
    while x.shape[1] > LAST_SIDE or x is code:
        x = layers.LeakyReLU(SLOPE)(Convolution(WIDTH, 3, 2)(x))
    return keras.Model(code, Convolution(1, 1, dtype="float32")(x), name="code_judge")
