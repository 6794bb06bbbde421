"""How does Adam go through memory only once? TensorFlow's own operation for it, under Keras's Adam.

Keras's is a dozen operations that each read and write every weight: with a hundred million weights
and small batches a quarter of a step.
"""

from typing import Any

import keras
import tensorflow as tf


class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc] # keras has no types
    """Keras's Adam, the same but for rounding."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One variable's move."""
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
