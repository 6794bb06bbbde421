"""What do networks that know faces say of a face made, as terms of a loss?

Where nobody tells a model its mask, they are shown a mixture of two faces, as in faceswap-GAN:
raw, and masked, in which the bent face shows through. So they teach the mask as well.
"""

from collections.abc import Callable
from typing import Any

from keras import ops

from faceswap_ae.networks.discriminators import resized
from faceswap_ae.networks.model_interface import Networks, Output, Tensor
from faceswap_ae.networks.trainer_interface import FaceBatch
from faceswap_ae.training.losses import feature_networks
from faceswap_ae.training.losses.feature_networks import FeatureNetwork, Features
from faceswap_ae.training.losses.pixel import softened
from faceswap_ae.training.losses.random_state import mixing
from faceswap_ae.training.losses.reconstruction import LossWeights

LOSSES: dict[str, Callable[[Features, Features], Tensor]] = {
    "perceptual": feature_networks.perceptual_loss,
    "identity": feature_networks.identity_loss,
}


def check(options: LossWeights) -> None:
    """Are the networks that this needs here? Loads none."""
    if options.perceptual:
        feature_networks.check(options.perceptual_net, options.perceptual_file)


class PerceptionTerms:
    """Networks that know faces, each with what is asked of it. Loads them."""

    def __init__(self, networks: Networks, options: LossWeights, crop: str) -> None:
        self.options, self.crop = options, crop
        self.nets = _nets(options)
        learnt = networks.has_mask and not options.mask
        self.mixing = mixing(networks.size_out, "looking") if self.nets and learnt else None

    def __call__(self, output: Output, faces: FaceBatch) -> dict[str, Tensor]:
        """How unlike the true faces these look, term by term."""
        if not self.nets:
            return {}
        target, made = faces.target, self._shown(output, faces)
        if self.options.masked:
            soft = softened(faces.mask)
            target, made = target * soft, made * soft
        found: dict[str, Tensor] = {}
        for net, asked in self.nets:
            true, seen = _still(net.see(target, self.crop)), net.see(made, self.crop)
            found |= {name: share * LOSSES[name](true, seen) for name, share in asked.items()}
        return found

    @property
    def parts(self) -> dict[str, Any]:
        """What it remembers from step to step."""
        return {"looking": self.mixing} if self.mixing else {}

    @property
    def beside(self) -> list[Any]:
        """The networks themselves."""
        return [net.model for net, _ in self.nets]

    def _shown(self, output: Output, faces: FaceBatch) -> Tensor:
        if self.mixing is None:
            return ops.cast(output.face, "float32")
        return self.mixing([output.face, composed(output, faces)])[0]


def composed(output: Output, faces: FaceBatch) -> Tensor:
    """Faces upon the bent ones that they were made from, as their masks say."""
    made, mask = (ops.cast(one, "float32") for one in (output.face, output.mask))
    return mask * made + (1 - mask) * resized(faces.warped, made.shape[1])


def _nets(options: LossWeights) -> list[tuple[FeatureNetwork, dict[str, float]]]:
    found: list[tuple[FeatureNetwork, dict[str, float]]] = []
    name, path = options.perceptual_net, options.perceptual_file
    if options.perceptual:
        found.append(
            (feature_networks.load_feature_network(name, path), {"perceptual": options.perceptual})
        )
    if options.identity and found and found[0][0].knows_who:
        found[0][1]["identity"] = options.identity
    elif options.identity:  # VGGFace's do not know who it is
        found.append(
            (feature_networks.load_feature_network("dlib"), {"identity": options.identity})
        )
    return found


def _still(seen: Features) -> Features:
    """Without a gradient: nothing moves a true face."""
    who = None if seen.descriptor is None else ops.stop_gradient(seen.descriptor)
    return Features(tuple(ops.stop_gradient(one) for one in seen.features), who)
