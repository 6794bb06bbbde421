"""faceswap-GAN's game (shaoanlu, 2018): a generator that swaps, and discriminators that it fools.

Every face is made as itself from a bent one. Besides being close to the true face, it must look
like one to a discriminator of that identity, which is shown it beside the bent one. A model with a
mask shows two faces: raw, and masked, in which the bent one shows through where the mask is low.

The discriminators guess, patch by patch, how much of a mixture is real (Zhang et al. 2018, "mixup";
least squares after Mao et al. 2017), or which of two looks more real (Jolicoeur-Martineau 2018).
Published weights are for pictures in [-1, 1]; differences are half as large here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from keras import ops

from faceswap_ae.networks import discriminators
from faceswap_ae.networks.discriminators import Discriminator, DiscriminatorOutput, Kind, resized
from faceswap_ae.networks.model_interface import (
    FACE,
    IDENTITIES,
    ONTO,
    Identity,
    IdentityStatistics,
    Networks,
    Output,
    Tensor,
)
from faceswap_ae.networks.trainer_interface import BatchPair, FaceBatch, Player, Terms
from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.objective import Objective
from faceswap_ae.training.losses.perception import composed
from faceswap_ae.training.losses.random_state import mixing, ramp
from faceswap_ae.training.losses.reconstruction import LossWeights, weighed

CYCLE_MASK = 0.1  # of a mask's difference after a cycle, a face's being worth 1

FIXED = ("judge", "judge_width", "game")  # options that discriminators are built by

Shown = list[Tensor]  # faces of one identity that its discriminator sees


@dataclass(frozen=True)
class Options(LossWeights):
    """Weights of the loss's terms; 0 leaves one out."""

    mae: float = 2.0
    eyes: float = 30.0
    edge: float = 0.2
    mask: float = 0.0
    sparsity: float = 0.01  # of how much the mask covers
    hinge: float = 0.0  # of how far it stays below `cover`
    cover: float = 0.5
    variation: float = 0.1  # of the mask from pixel to pixel
    adversarial: float = 0.1
    features: float = 0.0  # of how differently the discriminator's layers see it
    ramp: int = 0  # steps in which both of these grow from nothing
    cycle: float = 0.0  # of a face that was swapped and swapped back; published: 20
    game: Literal["mixup", "relativistic"] = "mixup"
    judge: Kind = "patch"
    judge_width: float = 1.0  # of its layers
    judge_rate: float = 2.0  # times the generator's

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("judge_width", "judge_rate"):
            if not getattr(self, name):
                raise ValueError(f"{name}: 0 leaves no discriminator; try adversarial: 0")
        if self.ramp < 0:
            raise ValueError(f"ramp: {self.ramp} is less than 0")


def build(networks: Networks, options: Options, known: IdentityStatistics) -> Sequence[Player]:
    """The generator and, if it has to please them, those who judge faces or codes."""
    own = Game(networks, options, known)
    return [own.generating, *own.judging, *own.judge.players]


@dataclass(frozen=True, eq=False)
class Game:
    """Networks, and who judges what they make."""

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
        """Who moves the networks."""
        parts = {**self.networks.parts, **self.judge.parts}
        parts |= {"ramp": self.ramp} if self.ramp else {}
        return Player("generator", self.generator, parts, beside=self.judge.beside)

    @property
    def judging(self) -> list[Player]:
        """Who moves the discriminators, if there are any."""
        if not self.judges:
            return []
        parts = {judge.model.name: judge.model for judge in self.judges.values()}
        parts |= {"mixing": self.mixing} if self.options.game == "mixup" else {}
        rate = self.options.judge_rate
        return [Player("discriminator", self.discriminator, parts, rate, fresh=True)]

    def generator(self, pair: BatchPair) -> Terms:
        """What is wrong with the faces made."""
        # 1  each identity's faces as themselves
        # 2  how far they are from the true ones, and what is wrong with their masks
        # 3  the faces shown to the discriminator: raw and, where there is a mask, masked
        # 4  how far from real they look to it, and how differently its layers see them
        # 5  how far a face is from itself once swapped and swapped back
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
        """How badly the discriminators tell real from made."""
        # 1  each identity's faces as themselves, by a generator that stands still
        # 2  the faces shown: raw and, where there is a mask, masked
        # 3  mixup: one share for the batch, true and made faces mixed by it, and guessed;
        #    relativistic: true faces must look more real than made ones do on average
        made = self.networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        found: dict[str, Tensor] = {}
        for identity, (_, output) in made.items():
            faces = pair[identity]
            shown = [ops.stop_gradient(face) for face in self._shown(output, faces)]
            found[f"{identity} {self.options.game}"] = self._told(identity, faces, shown)
        return found

    def _shown(self, output: Output, faces: FaceBatch) -> Shown:
        networks = self.networks
        if output.mask is None or networks.size_in != networks.size_out:
            return [output.face]
        # Only raw faces can be compared with each other: masked ones are real in part.
        raw = [output.face]
        return raw if self.options.game == "relativistic" else [composed(output, faces), *raw]

    def _power(self) -> Tensor:
        """How much of what discriminators say counts yet."""
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

    def _told(self, identity: Identity, faces: FaceBatch, shown: Shown) -> Tensor:
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
    """What is wrong with masks by themselves, term by term."""
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
    """How far scores are from what they should be, each head counting the same."""
    found = [ops.mean(ops.square(_exact(score) - wanted)) for score in verdict.scores]
    return sum(found) / len(found)


def relativistic(higher: DiscriminatorOutput, lower: DiscriminatorOutput | None) -> Tensor:
    """How far each score of the one is from 1 above the other's mean, and the other way round."""
    assert lower is not None
    found: Any = 0.0
    for one, other in zip(higher.scores, lower.scores, strict=True):
        above, below = _exact(one), _exact(other)
        found = found + ops.mean(ops.square(above - ops.mean(below) - 1)) / 2
        found = found + ops.mean(ops.square(below - ops.mean(above) + 1)) / 2
    return found / len(higher.scores)


def matched(real: DiscriminatorOutput | None, made: DiscriminatorOutput) -> Tensor:
    """How differently a discriminator's layers see two faces: Salimans et al. 2016."""
    assert real is not None
    pairs = list(zip(real.features, made.features, strict=True))
    return sum(pixel.mae(ops.stop_gradient(one), other) for one, other in pairs) / len(pairs)


def _exact(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")
