"""How do weights move in a step: which optimiser, learning rate, clipping and share of numbers?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, isfinite, pi, prod
from typing import Any, Literal

SLOTS = {"momentum": "_momentums", "velocity": "_velocities", "belief": "_beliefs"}


@dataclass(frozen=True)
class Optimiser:
    """The settings of an optimiser and of its learning rate schedule."""

    rate: float = 5e-5  # learning rate
    beta1: float = 0.5  # decay of the gradient's mean, of adam and adabelief (there 0.9 is usual)
    beta2: float = 0.999  # decay of the squared gradient's mean, of all rules but sgd
    epsilon: float = 1e-7  # added outside the root, whatever the rule
    clip: float | None = None  # the largest norm of the gradient; none: no clipping
    warmup: int = 0  # steps over which the learning rate rises from near 0
    decay: Literal["none", "cosine"] = "none"  # cosine: down to 0 at the end
    rule: Literal["adam", "adabelief", "rmsprop", "sgd"] = "adam"  # how gradients become moves
    dropout: float = 1.0  # share of numbers that move in a step, drawn anew each step; 1: all

    def __post_init__(self) -> None:
        for name in ("rate", "epsilon", "clip"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and isfinite(value)):
                raise ValueError(f"{name}: {value} is no number above 0")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not from 0 to below 1")
        if self.warmup < 0:
            raise ValueError(f"warmup: {self.warmup} is less than 0")
        if not 0 < self.dropout <= 1:
            raise ValueError(f"dropout: {self.dropout} is not above 0 and at most 1, which is all")

    def at(self, step: int, progress: float) -> float:
        """Return the learning rate at a step; `progress` in [0, 1] is the part that is over."""
        risen = min(1.0, (step + 1) / (self.warmup + 1))
        sunk = (1 + cos(pi * min(1.0, progress))) / 2 if self.decay == "cosine" else 1.0
        return self.rate * risen * sunk


def built(settings: Optimiser) -> Any:
    """Build the Keras optimiser, with loss scaling where 16-bit floats lose small gradients."""
    import keras

    kind, own = _RULES[settings.rule](settings)
    if keras.backend.backend() == "tensorflow":
        kind = type(f"Agreed{kind.__name__}", (Agreed, kind), {})
    if settings.dropout < 1:
        kind = type(f"Dropping{kind.__name__}", (Dropping, kind), {"share": settings.dropout})
    rule = kind(learning_rate=float(settings.rate), global_clipnorm=settings.clip, **own)
    if keras.config.dtype_policy().name != "mixed_float16":
        return rule
    scaling = keras.optimizers.LossScaleOptimizer
    if keras.backend.backend() == "jax":
        scaling = type("Unbranched", (Unbranched, scaling), {})
    return scaling(rule)


def slots(optimiser: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return an optimiser's state: its count of steps, and its variables of each weight by name.

    `names` are the names of the weights that it was built with, in the same order. Two things are
    left out: the learning rate, which is set at every step, and the loss scale for 16 bits, which
    adapts again by itself.
    """
    rule = getattr(optimiser, "inner_optimizer", optimiser)
    weights = len(rule._trainable_variables)
    if not len(names) == len(set(names)) == weights:
        raise ValueError(
            f"{rule.name}: {len(set(names))} different of {len(names)} names for {weights} weights"
        )
    found = {"iterations": rule._iterations}
    for slot, attribute in SLOTS.items():
        if kept := getattr(rule, attribute, None):
            pairs = zip(names, kept, strict=True)
            found |= {f"{slot}/{name}": variable for name, variable in pairs}
    known = {id(variable) for variable in (*found.values(), rule._learning_rate)}
    if nameless := [one.path for one in rule.variables if id(one) not in known]:
        raise ValueError(f"{rule.name}: {nameless[0]} belongs to no weight; see SLOTS")
    return found


def _adam(settings: Optimiser) -> tuple[Any, dict[str, float]]:
    import keras

    kind: Any = keras.optimizers.Adam
    if keras.backend.backend() == "tensorflow":
        from faceswap_ae.training.keras_optimisers import FusedAdam as kind
    return kind, _moments(settings)


def _adabelief(settings: Optimiser) -> tuple[Any, dict[str, float]]:
    from faceswap_ae.training.keras_optimisers import AdaBelief

    return AdaBelief, _moments(settings)


def _rmsprop(settings: Optimiser) -> tuple[Any, dict[str, float]]:
    import keras

    # For this rule, Keras adds epsilon under the root: hence its square.
    return keras.optimizers.RMSprop, {"rho": settings.beta2, "epsilon": settings.epsilon**2}


def _sgd(_: Optimiser) -> tuple[Any, dict[str, float]]:
    import keras

    return keras.optimizers.SGD, {}


def _moments(settings: Optimiser) -> dict[str, float]:
    return {"beta_1": settings.beta1, "beta_2": settings.beta2, "epsilon": settings.epsilon}


_RULES = {"adam": _adam, "adabelief": _adabelief, "rmsprop": _rmsprop, "sgd": _sgd}


class Agreed:
    """A mixin for a Keras optimiser on TensorFlow: all devices pass in the same mean gradient.

    Without it, Keras would sum the gradients of all devices, after each device has clipped its own.
    """

    def _all_reduce_sum_gradients(self, pairs: Any) -> Any:
        return pairs


class Dropping:
    """A mixin for a Keras optimiser: only a share of the numbers moves in each step.

    The moments take in every gradient. Which numbers move depends on the count of steps and the
    weight's index alone. So there is nothing more to save, and a resumed run draws the same ones.
    """

    share: float

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable, then put back the numbers that do not move in this step."""
        import keras
        from keras import ops

        before = ops.copy(variable)
        super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
        # One random byte for each number is enough: drawing is most of the cost. So the share is
        # exact to 1/256.
        bound = min(max(round(self.share * 256), 1), 255)
        seed = self._get_variable_index(variable), ops.convert_to_tensor(self.iterations)
        moves = _DRAWN[keras.backend.backend()](before, seed, bound)
        self.assign(variable, ops.where(moves, ops.convert_to_tensor(variable), before))


class Unbranched:
    """A mixin for Keras's loss scaling on JAX.

    There, a branch must not write to variables inside a scope. So the step is always taken, and
    undone if a gradient is not finite.
    """

    def apply(self: Any, grads: Sequence[Any], trainable_variables: Sequence[Any]) -> None:
        """Update the weights; if a gradient is not finite, undo that and halve the loss scale."""
        from keras import ops

        rule, scale = self.inner_optimizer, ops.convert_to_tensor(self.dynamic_scale)
        finite = self.check_finite(grads)
        own = [*trainable_variables, *rule.variables]
        before = [ops.convert_to_tensor(one) for one in own]
        rule.apply([slope / scale for slope in grads], trainable_variables)
        for one, value in zip(own, before, strict=True):
            one.assign(ops.where(finite, ops.convert_to_tensor(one), value))
        due = ops.equal(self.step_counter, self.dynamic_growth_steps - 1)
        self.dynamic_scale.assign(scale * ops.where(finite, ops.where(due, 2.0, 1.0), 0.5))
        counts = ops.logical_and(finite, ops.logical_not(due))
        self.step_counter.assign(ops.where(counts, self.step_counter + 1, 0))


def _tensorflow(like: Any, seed: tuple[int, Any], bound: int) -> Any:
    """Return for each number of `like` whether its random byte is below the bound."""
    import tensorflow as tf

    count = prod(like.shape)
    pair = tf.stack([seed[0], tf.cast(seed[1], tf.int32)])
    words = tf.random.stateless_uniform([-(-count // 4)], pair, None, None, tf.int32)
    below = tf.reshape(tf.bitcast(words, tf.uint8) < tf.constant(bound, tf.uint8), [-1])
    return tf.reshape(below[:count], like.shape)


def _jax(like: Any, seed: tuple[int, Any], bound: int) -> Any:
    import jax

    key = jax.random.fold_in(jax.random.key(seed[0]), seed[1])
    words = jax.random.bits(key, (-(-like.size // 4),), "uint32")
    bytes_ = jax.lax.bitcast_convert_type(words, "uint8").reshape(-1)
    return (bytes_[: like.size] < bound).reshape(like.shape)


def _torch(like: Any, seed: tuple[int, Any], bound: int) -> Any:
    import torch

    # Torch's seed is a single number. The factor, from the golden ratio, keeps the seeds of
    # neighbouring weights apart at all counts of steps.
    mixed = (seed[0] * 0x9E3779B1 + int(seed[1])) % 2**32
    source = torch.Generator(like.device).manual_seed(mixed)
    words = torch.empty(-(-like.numel() // 4), dtype=torch.int32, device=like.device)
    words.random_(-(2**31), 2**31, generator=source)
    return (words.view(torch.uint8)[: like.numel()] < bound).reshape(like.shape)


_DRAWN: dict[str, Callable[[Any, tuple[int, Any], int], Any]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "torch": _torch,
}
