"""How are the colours of a swap compared with the ONTO face and its surroundings (style loss)?

These are DeepFaceLab's style powers, in percent. At 100, the face term is 10,000 times the squared
distance of each colour's mean and standard deviation from those of the true face, all blurred. Its
gradient ends at the code, so only the decoder learns colours from it. At 100, the background term
is 10 times (dssim + mse) of the surroundings.
"""

from keras import ops

from faceswap_ae.networks.model_interface import FACE, ONTO, Networks, Tensor
from faceswap_ae.networks.trainer_interface import FaceBatch
from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.pixel import blurred, softened
from faceswap_ae.training.losses.reconstruction import structure, weighed

FULL_FACE, FULL_BACKGROUND = 1e4, 10.0  # weights at 100 percent
BLUR = 8  # the picture's side divided by the blur's sigma
TINY = 1e-5  # added to a variance before its root: the gradient of a root is infinite at 0


def styles(
    networks: Networks, onto: FaceBatch, face: float, background: float
) -> dict[str, Tensor]:
    """Return the weighted style terms of swaps onto these faces of ONTO; weights in percent."""
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
    """Return the squared distance of each colour's mean and standard deviation, after a blur."""
    sigma = max(1, target.shape[1] // BLUR)
    (mean, spread), (other, other_spread) = (_moments(blurred(x, sigma)) for x in (target, made))
    return ops.mean(ops.square(mean - other)) + ops.mean(ops.square(spread - other_spread))


def _moments(picture: Tensor) -> tuple[Tensor, Tensor]:
    mean = ops.mean(picture, axis=(1, 2), keepdims=True)
    power = ops.mean(ops.square(picture - mean), axis=(1, 2), keepdims=True)
    return mean, ops.sqrt(power + TINY)
