"""Which optimisers does training add to those of Keras: AdaBelief, and a fused Adam for TensorFlow?

AdaBelief is from Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed
Gradients", NeurIPS 2020. A weight moves far if its gradient is as expected, and little if it is
not. This is the variant that SAE models are trained with: epsilon is added only outside the root,
and there is no bias correction of the moments, which begin at 0. So the first step is 3.5 learning
rates long with betas of 0.9 and 0.999, but 32 with 0.5 and 0.999.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


class AdaBelief(keras.optimizers.Optimizer):  # type: ignore[misc] # keras has no types
    """AdaBelief in Keras's operations only: the same on every backend."""

    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        **others: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **others)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[Any]) -> None:
        """Create two variables for each weight: the gradient's mean, and its squared deviation."""
        if self.built:
            return
        super().build(variables)
        new = self.add_variable_from_reference
        self._momentums = [new(one, "momentum") for one in variables]
        self._beliefs = [new(one, "belief") for one in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable by its gradient."""
        index = self._get_variable_index(variable)
        mean, belief = self._momentums[index], self._beliefs[index]
        rate, slope = (ops.cast(one, variable.dtype) for one in (learning_rate, gradient))
        self.assign_add(mean, (slope - mean) * (1 - self.beta_1))
        self.assign_add(belief, (ops.square(slope - mean) - belief) * (1 - self.beta_2))
        self.assign_sub(variable, rate * mean / (ops.sqrt(belief) + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """Return the settings that Keras needs to build the optimiser again."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc] # keras has no types
    """Keras's Adam as one TensorFlow operation for each variable; only the rounding differs."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable by its gradient."""
        import tensorflow as tf

        index = self._get_variable_index(variable)
        time = tf.cast(self.iterations.value + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**time,
            beta2_power=self.beta_2**time,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )
