"""How do pretrained face networks judge a generated face (perceptual and identity loss terms)?

If a model learns its mask without a mask loss, the networks are shown a mixture of two faces, as in
faceswap-GAN: the raw face, and the masked face, in which the warped input shows through. So these
loss terms train the mask as well.
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
    """Raise UserError if the weights that these options need are missing. Loads no network."""
    if options.perceptual:
        feature_networks.check(options.perceptual_net, options.perceptual_file)


class PerceptionTerms:
    """The pretrained face networks, each with the loss terms it computes. Loads the networks."""

    def __init__(self, networks: Networks, options: LossWeights, crop: str) -> None:
        self.options, self.crop = options, crop
        self.nets = _nets(options)
        learnt = networks.has_mask and not options.mask
        self.mixing = mixing(networks.size_out, "looking") if self.nets and learnt else None

    def __call__(self, output: Output, faces: FaceBatch) -> dict[str, Tensor]:
        """Return the weighted loss terms of generated faces against the true ones, by name."""
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
        """Models with state that is saved from step to step, by name."""
        return {"looking": self.mixing} if self.mixing else {}

    @property
    def beside(self) -> list[Any]:
        """The pretrained networks: neither trained nor saved."""
        return [net.model for net, _ in self.nets]

    def _shown(self, output: Output, faces: FaceBatch) -> Tensor:
        if self.mixing is None:
            return ops.cast(output.face, "float32")
        return self.mixing([output.face, composed(output, faces)])[0]


def composed(output: Output, faces: FaceBatch) -> Tensor:
    """Blend the generated faces over the warped input faces by the generated masks."""
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
    elif options.identity:  # VGGFace's networks have no descriptor
        found.append(
            (feature_networks.load_feature_network("dlib"), {"identity": options.identity})
        )
    return found


def _still(seen: Features) -> Features:
    """Stop the gradient: the features of a true face are constants."""
    who = None if seen.descriptor is None else ops.stop_gradient(seen.descriptor)
    return Features(tuple(ops.stop_gradient(one) for one in seen.features), who)
