"""How fast do weights move, and by which rule?"""

from dataclasses import dataclass
from math import cos, pi
from typing import Any, Literal


@dataclass(frozen=True)
class Optimiser:
    """Adam's settings and how its rate changes with the run's progress."""

    rate: float = 5e-5
    beta1: float = 0.5
    beta2: float = 0.999
    epsilon: float = 1e-7
    clip: float | None = None  # the gradient's norm at most
    warmup: int = 0  # steps in which the rate rises from nothing
    decay: Literal["none", "cosine"] = "none"  # cosine: to nothing at the end

    def at(self, step: int, progress: float) -> float:
        """The rate at a step, `progress` in [0, 1] being how much of the run is over."""
        risen = min(1.0, (step + 1) / (self.warmup + 1))
        sunk = (1 + cos(pi * min(1.0, progress))) / 2 if self.decay == "cosine" else 1.0
        return self.rate * risen * sunk


def built(settings: Optimiser) -> Any:
    """As Keras has it; with a scaled loss where the numbers are too coarse for small gradients."""
    import keras

    own: Any = keras.optimizers.Adam
    if keras.backend.backend() == "tensorflow":
        from faceswap_ae.fused import FusedAdam as own
    adam = own(
        settings.rate,
        settings.beta1,
        settings.beta2,
        settings.epsilon,
        global_clipnorm=settings.clip,
    )
    if keras.config.dtype_policy().name == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(adam)
    return adam
