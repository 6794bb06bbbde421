"""faceswap-GAN's adversarial training (shaoanlu, 2018): a generator against discriminators.

Every face is reconstructed from a warped one. It must be close to the true face, and it must look
real to a discriminator of that identity, which sees it beside the warped face. In the `mixup` game,
a model with a mask, and with output of the input's size, gives two faces: the raw one, and the
masked one, in which the warped face shows through where the mask is low.

Patch by patch, the discriminators estimate how much of a mixture is real (Zhang et al. 2018,
"mixup"; least squares after Mao et al. 2017), or which of two faces looks more real (relativistic:
Jolicoeur-Martineau 2018). Published weights are for pictures in [-1, 1]; here, with pictures in
[0, 1], differences are half as large.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from keras import ops

from faceswap_ae.networks import (
    FACE,
    IDENTITIES,
    ONTO,
    BatchPair,
    FaceBatch,
    Identity,
    IdentityStatistics,
    Networks,
    Output,
    Player,
    Tensor,
    Terms,
    discriminators,
)
from faceswap_ae.networks.discriminators import Discriminator, DiscriminatorOutput, Kind, resized
from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.objective import Objective
from faceswap_ae.training.losses.perception import composed
from faceswap_ae.training.losses.random_state import mixing, ramp
from faceswap_ae.training.losses.reconstruction import LossWeights, weighed

CYCLE_MASK = 0.1  # weight of the mask's difference after a cycle; the face's has weight 1

# Options that the discriminators are built with; recipe.py lets no stage of a run change them.
FIXED = ("judge", "judge_width", "game")

Shown = list[Tensor]  # faces of one identity that its discriminator sees


@dataclass(frozen=True)
class Options(LossWeights):
    """Weights of the loss terms, where 0 leaves a term out, and the discriminators' options."""

    mae: float = 2.0
    eyes: float = 30.0
    edge: float = 0.2
    mask: float = 0.0
    sparsity: float = 0.01  # of the share of the picture that the mask covers
    hinge: float = 0.0  # of how far the mask's pixels are below `cover`
    cover: float = 0.5  # the value of a mask's pixel from which on `hinge` is 0
    variation: float = 0.1  # of the mask's change from pixel to pixel
    adversarial: float = 0.1  # of what the discriminators say against the faces
    features: float = 0.0  # of the difference between the discriminator's features
    ramp: int = 0  # steps over which `adversarial` and `features` grow from 0
    cycle: float = 0.0  # of the change of a face swapped and swapped back; published: 20
    game: Literal["mixup", "relativistic"] = "mixup"  # what discriminators estimate
    judge: Kind = "patch"  # which discriminator
    judge_width: float = 1.0  # factor on the channels of the discriminators
    judge_rate: float = 2.0  # their learning rate, as a multiple of the generator's

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("judge_width", "judge_rate"):
            if not getattr(self, name):
                raise ValueError(f"{name}: 0 leaves no discriminator; try adversarial: 0")
        if self.ramp < 0:
            raise ValueError(f"ramp: {self.ramp} is less than 0")


def build(networks: Networks, options: Options, known: IdentityStatistics) -> Sequence[Player]:
    """Return the generator and, where options ask for them, the discriminators as players."""
    own = Game(networks, options, known)
    return [own.generating, *own.judging, *own.judge.players]


@dataclass(frozen=True, eq=False)
class Game:
    """The networks, and the discriminators that judge the faces they generate."""

    networks: Networks
    options: Options
    known: IdentityStatistics
    judge: Objective = field(init=False)
    judges: dict[Identity, Discriminator] = field(init=False)
    mixing: Any = field(init=False)
    ramp: Any = field(init=False)

    def __post_init__(self) -> None:
        options, size = self.options, self.networks.size_out
        playing = IDENTITIES if options.adversarial or options.features else ()
        judges = {
            key: discriminators.build(
                options.judge, size, f"discriminator_{key}", options.judge_width
            )
            for key in playing
        }
        object.__setattr__(self, "judge", Objective(self.networks, options, self.known))
        object.__setattr__(self, "judges", judges)
        object.__setattr__(self, "mixing", mixing(size, "mixing"))
        object.__setattr__(self, "ramp", ramp(options.ramp) if judges and options.ramp else None)

    @property
    def generating(self) -> Player:
        """The player that trains the networks."""
        parts = {**self.networks.parts, **self.judge.parts}
        parts |= {"ramp": self.ramp} if self.ramp else {}
        return Player("generator", self.generator, parts, beside=self.judge.beside)

    @property
    def judging(self) -> list[Player]:
        """The player that trains the discriminators, in a list that is empty if there are none."""
        if not self.judges:
            return []
        parts = {judge.model.name: judge.model for judge in self.judges.values()}
        parts |= {"mixing": self.mixing} if self.options.game == "mixup" else {}
        rate = self.options.judge_rate
        return [Player("discriminator", self.discriminator, parts, rate, fresh=True)]

    def generator(self, pair: BatchPair) -> Terms:
        """Compute the generator's loss terms."""
        # 1  reconstruct each identity's faces
        # 2  their distance from the true faces, and the terms of their masks
        # 3  the faces for the discriminator: raw and, where there is a mask, masked
        # 4  how far from real they look to it, and how much its features of them differ
        # 5  how much a face changes when it is swapped and swapped back
        made = self.networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        found, power = self.judge(made, pair), self._power()
        for identity, (_, output) in made.items():
            faces = pair[identity]
            terms = shaped(output, self.options)
            if self.judges:
                fooled = self._fooled(identity, faces, self._shown(output, faces))
                terms |= {name: power * term for name, term in fooled.items()}
            if self.options.cycle:
                terms["cycle"] = self.options.cycle * self._cycled(identity, faces)
            found |= {f"{identity} {name}": term for name, term in terms.items()}
        return found

    def discriminator(self, pair: BatchPair) -> Terms:
        """Compute the discriminators' loss terms: how badly they tell real from generated faces."""
        # 1  reconstruct each identity's faces; the generator is not trained here
        # 2  the faces shown: raw and, where there is a mask, masked
        # 3  mixup: true and generated faces are mixed by one share for the batch, which must be
        #    estimated; relativistic: true faces must look more real than generated ones on average
        made = self.networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        found: dict[str, Tensor] = {}
        for identity, (_, output) in made.items():
            faces = pair[identity]
            shown = [ops.stop_gradient(face) for face in self._shown(output, faces)]
            found[f"{identity} {self.options.game}"] = self._adversarial_term(
                identity, faces, shown
            )
        return found

    def _shown(self, output: Output, faces: FaceBatch) -> Shown:
        networks = self.networks
        if output.mask is None or networks.size_in != networks.size_out:
            return [output.face]
        # A relativistic loss compares raw faces only, because masked ones are real in part.
        raw = [output.face]
        return raw if self.options.game == "relativistic" else [composed(output, faces), *raw]

    def _power(self) -> Tensor:
        """Return the factor on the discriminators' terms, which the ramp lets grow from 0 to 1."""
        return 1.0 if self.ramp is None else self.ramp(ops.ones((1, 1)))[0, 0]

    def _fooled(self, identity: Identity, faces: FaceBatch, shown: Shown) -> dict[str, Tensor]:
        judge, options = self.judges[identity].judge, self.options
        made = [judge(face, faces.warped) for face in shown]
        found: dict[str, Tensor] = {}
        real = None
        if options.game == "relativistic" or options.features:
            real = judge(faces.target, faces.warped)
        if options.adversarial and options.game == "mixup":
            found["adversarial"] = options.adversarial * sum(least_squares(one, 1) for one in made)
        elif options.adversarial:
            found["adversarial"] = options.adversarial * relativistic(made[-1], real)
        if options.features:
            found["features"] = options.features * matched(real, made[-1])
        return found

    def _adversarial_term(self, identity: Identity, faces: FaceBatch, shown: Shown) -> Tensor:
        judge = self.judges[identity].judge
        if self.options.game == "relativistic":
            return relativistic(judge(faces.target, faces.warped), judge(shown[-1], faces.warped))
        found: Any = 0.0
        for face in shown:
            mixture, share = self.mixing([faces.target, face])
            found = found + least_squares(judge(mixture, faces.warped), share)
        return found

    def _cycled(self, identity: Identity, faces: FaceBatch) -> Tensor:
        networks, other = self.networks, ONTO if identity == FACE else FACE
        there = networks.swap(resized(faces.target, networks.size_in), other)
        back = networks.swap(resized(there.face, networks.size_in), identity)
        away = pixel.mae(faces.target, back.face)
        if back.mask is None:
            return away
        return away + CYCLE_MASK * pixel.mae(there.mask, back.mask)


def shaped(output: Output, options: Options) -> dict[str, Tensor]:
    """Compute the weighted loss terms of the masks alone; none if the model has no mask."""
    mask = output.mask
    if mask is None:
        return {}
    return weighed(
        {
            "sparsity": (options.sparsity, lambda: pixel.sparsity(mask)),
            "hinge": (options.hinge, lambda: pixel.hinge(mask, options.cover)),
            "variation": (options.variation, lambda: pixel.total_variation(mask)),
        }
    )


def least_squares(verdict: DiscriminatorOutput, wanted: Tensor) -> Tensor:
    """Return the mean squared error of the scores against `wanted`; each head counts the same."""
    found = [ops.mean(ops.square(_exact(score) - wanted)) for score in verdict.scores]
    return sum(found) / len(found)


def relativistic(higher: DiscriminatorOutput, lower: DiscriminatorOutput | None) -> Tensor:
    """Return the relativistic loss: `higher` scores should be 1 above the mean of `lower` ones.

    And `lower` scores should be 1 below the mean of `higher` ones. Errors are squared.
    """
    assert lower is not None
    found: Any = 0.0
    for one, other in zip(higher.scores, lower.scores, strict=True):
        above, below = _exact(one), _exact(other)
        found = found + ops.mean(ops.square(above - ops.mean(below) - 1)) / 2
        found = found + ops.mean(ops.square(below - ops.mean(above) + 1)) / 2
    return found / len(higher.scores)


def matched(real: DiscriminatorOutput | None, made: DiscriminatorOutput) -> Tensor:
    """Return how much a discriminator's features of two faces differ: Salimans et al. 2016."""
    assert real is not None
    pairs = list(zip(real.features, made.features, strict=True))
    return sum(pixel.mae(ops.stop_gradient(one), other) for one, other in pairs) / len(pairs)


def _exact(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")
