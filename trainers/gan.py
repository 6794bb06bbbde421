"""faceswap-GAN's game (shaoanlu, 2018): a generator that swaps, and discriminators that it fools.

Every face is made as itself from a bent one. Besides being close to the true face, it must look
like one to a discriminator of that identity, which is shown it beside the bent one. A model with a
mask shows two faces: raw, and masked, in which the bent one shows through where the mask is low.

The discriminators guess, patch by patch, how much of a mixture is real (Zhang et al. 2018, "mixup";
least squares after Mao et al. 2017), or which of two looks more real (Jolicoeur-Martineau 2018).
Published weights are for pictures in [-1, 1]; differences are half as large here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
from keras import layers, ops

from faceswap_ae import discriminators, losses
from faceswap_ae.blocks import PLANES
from faceswap_ae.discriminators import Discriminator, Kind, Verdict, resized
from faceswap_ae.networks import FACE, IDENTITIES, ONTO, Identity, Networks, Output, Tensor
from faceswap_ae.player import Faces, Known, Pair, Player, Terms

BETA = 0.2  # of the shares in mixtures: mostly nearly all or nearly nothing
CYCLE_MASK = 0.1  # of a mask's difference after a cycle, a face's being worth 1
MOST = 1e3  # a weight above it is a slip of the pen

Shown = list[Tensor]  # faces of one identity that its discriminator sees


@dataclass(frozen=True)
class Options:
    """Weights of the loss's terms; 0 leaves one out."""

    mae: float = 2.0
    eyes: float = 30.0  # times mae and edge, where the eyes are
    mouth: float = 0.0
    smaller: float = 1.0  # times mae, of each face at a lower resolution
    edge: float = 0.2
    dssim: float = 0.0
    mask: float = 0.0  # of the difference from the true one
    sparsity: float = 0.01  # of how much the mask covers
    hinge: float = 0.0  # of how far it stays below `cover`
    cover: float = 0.5
    variation: float = 0.1  # of the mask from pixel to pixel
    adversarial: float = 0.1
    features: float = 0.0  # of how differently the discriminator's layers see it
    cycle: float = 0.0  # of a face that was swapped and swapped back; published: 20
    game: Literal["mixup", "relativistic"] = "mixup"
    judge: Kind = "patch"
    judge_width: float = 1.0  # of its layers
    judge_rate: float = 2.0  # times the generator's

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, float) and not 0 <= value <= MOST:
                raise ValueError(f"{name}: {value} is not from 0 to {MOST:g}")
        for name in ("judge_width", "judge_rate"):
            if not getattr(self, name):
                raise ValueError(f"{name}: 0 leaves no discriminator; try adversarial: 0")


def build(networks: Networks, options: Options, _known: Known) -> Sequence[Player]:
    """The generator and, if it has to please them, the discriminators."""
    own = Game(networks, options)
    generator = Player("generator", own.generator, networks.parts)
    if not own.judges:
        return [generator]
    parts = {judge.model.name: judge.model for judge in own.judges.values()}
    if options.game == "mixup":
        parts["mixing"] = own.mixing
    rate = options.judge_rate
    return [generator, Player("discriminator", own.discriminator, parts, rate, fresh=True)]


@dataclass(frozen=True, eq=False)
class Game:
    """Networks, and who judges what they make."""

    networks: Networks
    options: Options
    judges: dict[Identity, Discriminator] = field(init=False)
    mixing: Any = field(init=False)

    def __post_init__(self) -> None:
        options, size = self.options, self.networks.size_out
        playing = IDENTITIES if options.adversarial or options.features else ()
        judges = {
            key: discriminators.build(
                options.judge, size, f"discriminator_{key}", options.judge_width
            )
            for key in playing
        }
        object.__setattr__(self, "judges", judges)
        object.__setattr__(self, "mixing", _mixing(size))

    def generator(self, pair: Pair) -> Terms:
        """What is wrong with the faces made."""
        # 1  each identity's faces as themselves
        # 2  how far they are from the true ones, and what is wrong with their masks
        # 3  the faces shown to the discriminator: raw and, where there is a mask, masked
        # 4  how far from real they look to it, and how differently its layers see them
        # 5  how far a face is from itself once swapped and swapped back
        made = self.networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        found: dict[str, Tensor] = {}
        for identity, (_, output) in made.items():
            faces = pair[identity]
            terms = {**rebuilt(output, faces, self.options), **masked(output, faces, self.options)}
            if self.judges:
                terms |= self._fooled(identity, faces, self._shown(output, faces))
            if self.options.cycle:
                terms["cycle"] = self.options.cycle * self._cycled(identity, faces)
            found |= {f"{identity} {name}": term for name, term in terms.items()}
        return found

    def discriminator(self, pair: Pair) -> Terms:
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

    def _shown(self, output: Output, faces: Faces) -> Shown:
        networks = self.networks
        if output.mask is None or networks.size_in != networks.size_out:
            return [output.face]
        beside = (1 - output.mask) * ops.cast(faces.warped, "float32")
        raw = [output.face]
        # Only raw faces can be compared with each other: masked ones are real in part.
        composed = output.mask * output.face + beside
        return raw if self.options.game == "relativistic" else [composed, *raw]

    def _fooled(self, identity: Identity, faces: Faces, shown: Shown) -> dict[str, Tensor]:
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

    def _told(self, identity: Identity, faces: Faces, shown: Shown) -> Tensor:
        judge = self.judges[identity].judge
        if self.options.game == "relativistic":
            return relativistic(judge(faces.target, faces.warped), judge(shown[-1], faces.warped))
        found: Any = 0.0
        for face in shown:
            mixture, share = self.mixing([faces.target, face])
            found = found + least_squares(judge(mixture, faces.warped), share)
        return found

    def _cycled(self, identity: Identity, faces: Faces) -> Tensor:
        networks, other = self.networks, ONTO if identity == FACE else FACE
        there = networks.swap(resized(faces.target, networks.size_in), other)
        back = networks.swap(resized(there.face, networks.size_in), identity)
        away = losses.mae(faces.target, back.face)
        if back.mask is None:
            return away
        return away + CYCLE_MASK * losses.mae(there.mask, back.mask)


def rebuilt(output: Output, faces: Faces, options: Options) -> dict[str, Tensor]:
    """How far faces are from the true ones, term by term."""
    made, target = output.face, faces.target
    weight = 1 + options.eyes * faces.eyes + options.mouth * faces.mouth
    found: dict[str, tuple[float, Callable[[], Tensor]]] = {
        "mae": (options.mae, lambda: losses.mae(target, made, weight)),
        "edge": (options.edge, lambda: losses.edge(target, made, weight)),
        "dssim": (options.dssim, lambda: losses.dssim(target, made)),
    }
    if output.smaller:
        found["smaller"] = (options.smaller * options.mae, lambda: _coarse(output.smaller, target))
    return _weighed(found)


def masked(output: Output, faces: Faces, options: Options) -> dict[str, Tensor]:
    """What is wrong with masks, term by term."""
    mask = output.mask
    if mask is None:
        return {}
    return _weighed(
        {
            "mask": (options.mask, lambda: losses.mse(faces.mask, mask)),
            "sparsity": (options.sparsity, lambda: losses.sparsity(mask)),
            "hinge": (options.hinge, lambda: losses.hinge(mask, options.cover)),
            "variation": (options.variation, lambda: losses.total_variation(mask)),
        }
    )


def least_squares(verdict: Verdict, wanted: Tensor) -> Tensor:
    """How far scores are from what they should be, each head counting the same."""
    found = [ops.mean(ops.square(_exact(score) - wanted)) for score in verdict.scores]
    return sum(found) / len(found)


def relativistic(higher: Verdict, lower: Verdict | None) -> Tensor:
    """How far each score of the one is from 1 above the other's mean, and the other way round."""
    assert lower is not None
    found: Any = 0.0
    for one, other in zip(higher.scores, lower.scores, strict=True):
        above, below = _exact(one), _exact(other)
        found = found + ops.mean(ops.square(above - ops.mean(below) - 1)) / 2
        found = found + ops.mean(ops.square(below - ops.mean(above) + 1)) / 2
    return found / len(higher.scores)


def matched(real: Verdict | None, made: Verdict) -> Tensor:
    """How differently a discriminator's layers see two faces: Salimans et al. 2016."""
    assert real is not None
    pairs = list(zip(real.features, made.features, strict=True))
    return sum(losses.mae(ops.stop_gradient(one), other) for one, other in pairs) / len(pairs)


class Mix(layers.Layer):  # type: ignore[misc] # keras has no types
    """Two batches mixed, and the first one's share, drawn anew each time.

    A layer, because what a draw leaves behind is then saved and handed on like any state.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator()

    def call(self, pair: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """One share for the whole batch, as published."""
        one, other = (_exact(faces) for faces in pair)
        share = keras.random.beta((1, 1, 1, 1), BETA, BETA, dtype="float32", seed=self.seeds)
        return share * one + (1 - share) * other, share


def _mixing(size: int) -> Any:
    faces = [keras.Input((size, size, 3)) for _ in range(2)]
    return keras.Model(faces, Mix(dtype="float32")(faces), name="mixing")


def _coarse(smaller: Sequence[Tensor], target: Tensor) -> Tensor:
    """Of all faces at lower resolutions, each against the true one's means."""
    found: Any = 0.0
    for face in smaller:
        step = target.shape[1] // face.shape[1]
        means = ops.average_pool(_exact(target), step, step, "valid", **PLANES)
        found = found + losses.mae(means, face)
    return found


def _weighed(found: dict[str, tuple[float, Callable[[], Tensor]]]) -> dict[str, Tensor]:
    return {name: share * term() for name, (share, term) in found.items() if share}


def _exact(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")
