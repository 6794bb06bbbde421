"""Has a swap the colours of the face it goes onto, and of what is around that?

DeepFaceLab's style powers, in percent. At 100 the face's is 10,000 times how far mean and spread of
each colour are from those of the true face, all blurred; its gradient ends at the code, so only
what draws faces learns colours from it. What is around a face counts 10 times (dssim + mse).
"""

from keras import ops

from faceswap_ae.networks.model_interface import FACE, ONTO, Networks, Tensor
from faceswap_ae.networks.trainer_interface import FaceBatch
from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.pixel import blurred, softened
from faceswap_ae.training.losses.reconstruction import structure, weighed

FULL_FACE, FULL_BACKGROUND = 1e4, 10.0  # weights at 100 percent
BLUR = 8  # of the side to one of the blur's sigma
TINY = 1e-5  # beside a mean of squares: the slope of a root has no end at 0


def styles(
    networks: Networks, onto: FaceBatch, face: float, background: float
) -> dict[str, Tensor]:
    """What is wrong with the colours of swaps onto these faces of ONTO."""
    if not (face or background):
        return {}
    code = networks.encode(onto.warped, ONTO, FACE)

    def inside() -> Tensor:
        swap = ops.cast(networks.decode(ops.stop_gradient(code), FACE).face, "float32")
        return colours_apart(onto.target * onto.mask, swap * onto.mask)

    def around() -> Tensor:
        swap, outside = networks.decode(code, FACE), 1 - softened(onto.mask)
        target, made = onto.target * outside, ops.cast(swap.face, "float32") * outside
        return structure(target, made) + pixel.mse(target, made)

    return weighed(
        {
            "face_style": (FULL_FACE * face / 100, inside),
            "background_style": (FULL_BACKGROUND * background / 100, around),
        }
    )


def colours_apart(target: Tensor, made: Tensor) -> Tensor:
    """The squared distance of each colour's mean and spread, once blurred."""
    sigma = max(1, target.shape[1] // BLUR)
    (mean, spread), (other, other_spread) = (_moments(blurred(x, sigma)) for x in (target, made))
    return ops.mean(ops.square(mean - other)) + ops.mean(ops.square(spread - other_spread))


def _moments(picture: Tensor) -> tuple[Tensor, Tensor]:
    mean = ops.mean(picture, axis=(1, 2), keepdims=True)
    power = ops.mean(ops.square(picture - mean), axis=(1, 2), keepdims=True)
    return mean, ops.sqrt(power + TINY)
