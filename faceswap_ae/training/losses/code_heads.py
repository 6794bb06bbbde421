"""Which small networks read the latent code during training: its landmarks and its identity?

The code should contain the landmarks, so their head is trained together with the networks. The code
should not contain the identity, so a discriminator of codes is trained against the networks
(DeepFaceLab's "true face"). The codes of FACE should look like the codes of ONTO. These are the
codes that FACE's decoder gets at conversion, so it should know them from training.

    judge      for codes that are vectors: dense 256, 256; for codes that are images: conv3/2 256
               until 4 pixels are left; LeakyReLU .1; one score for each vector or pixel, above 0
               for codes of ONTO
"""

from typing import Any

import keras
from keras import layers, ops

from faceswap_ae.networks.blocks import Convolution
from faceswap_ae.networks.model_interface import FACE, ONTO, Networks, Tensor
from faceswap_ae.networks.trainer_interface import BatchPair, FaceBatch, Player, Terms

POINTS = (68, 2)
WIDTH = 256  # channels of the judge's layers
LAST_SIDE = 4  # pixels a side of the last layer, for a code that is an image
SLOPE = 0.1


def landmarks_head(shape: tuple[int, ...]) -> Any:
    """Build the head that reads the landmarks from a code, as offsets from the person's mean."""
    code = keras.Input(shape)
    flat = layers.Flatten()(code)
    points = layers.Dense(POINTS[0] * POINTS[1], dtype="float32")(flat)
    return keras.Model(code, layers.Reshape(POINTS, dtype="float32")(points), name="landmarks")


def landmarks_error(reader: Any, code: Tensor, faces: FaceBatch, mean: Any) -> Tensor:
    """Return the mean absolute error of the landmarks that the head reads, in picture sides."""
    wanted = faces.landmarks - ops.convert_to_tensor(mean)
    return ops.mean(ops.abs(reader(code) - wanted))


class CodeDiscriminator:
    """A discriminator that tells the codes of both identities apart. Keeps its network."""

    def __init__(self, networks: Networks) -> None:
        self.networks, self.model = networks, _scorer(networks.code_shape)

    def adversarial_loss(self, code: Tensor) -> Tensor:
        """Return the networks' adversarial loss: high where FACE's codes are recognised."""
        return ops.mean(ops.softplus(-self.model(code)))

    def loss(self, pair: BatchPair) -> Terms:
        """Return the discriminator's own loss: its cross-entropy on the codes of both."""
        # 1 codes of both, for the decoder of FACE  2 a score for each  3 its cross-entropy
        own, theirs = (
            ops.stop_gradient(self.networks.encode(pair[of].warped, of, FACE))
            for of in (FACE, ONTO)
        )
        wrong = ops.softplus(self.model(own)), ops.softplus(-self.model(theirs))
        return {"codes": sum(ops.mean(one) for one in wrong) / 2}

    @property
    def player(self) -> Player:
        """The player that trains the discriminator's network, and no other."""
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
