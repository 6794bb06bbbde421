"""How does a network compute the outputs of any number of pictures, compiled as seldom as possible?

Keras compiles a network for the first shape of a batch and again for the second, which takes about
a second each time for a network of two hundred steps. TensorFlow can compile it once, for every
number and size of pictures. JAX compiles anew for each shape and keeps the code: so it gets batches
of few sizes, and forgets its code when there are many shapes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Floats

MOST = 16  # pictures at once
KEPT_SHAPES = 16  # for which JAX may keep compiled code


@dataclass(eq=False)
class CompiledNetwork:
    """A keras.Model with one input that is not trained any more, for one thread."""

    model: Any
    most: int = MOST
    _compute: Callable[[Floats], Sequence[Any]] = field(init=False)
    _shapes: set[tuple[int, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        import keras

        match keras.backend.backend():
            case "tensorflow":
                self._compute = _compiled_once(self.model)
            case "jax":
                self._compute = self._in_few_shapes
            case _:
                self._compute = self._predicted

    def __call__(self, pictures: NDArray[Any]) -> list[Floats]:
        """Return each of the network's outputs for any number of pictures."""
        if not len(pictures):
            shapes = [[side or 0 for side in one.shape[1:]] for one in self.model.outputs]
            return [np.zeros((0, *shape), np.float32) for shape in shapes]
        lots = [
            self._compute(np.asarray(pictures[begin : begin + self.most], np.float32))
            for begin in range(0, len(pictures), self.most)
        ]
        return [np.concatenate(own) for own in zip(*lots, strict=True)]

    def _predicted(self, batch: Floats) -> Sequence[Any]:
        return _listed(self.model.predict_on_batch(batch))

    def _in_few_shapes(self, batch: Floats) -> Sequence[Any]:
        """Fill the batch up with black pictures to a power of two."""
        count = len(batch)
        filled = np.zeros((1 << (count - 1).bit_length(), *batch.shape[1:]), np.float32)
        filled[:count] = batch
        if filled.shape not in self._shapes and len(self._shapes) == KEPT_SHAPES:
            self.model.make_predict_function(force=True)
            self._shapes.clear()
        self._shapes.add(filled.shape)
        return [one[:count] for one in self._predicted(filled)]


def _compiled_once(model: Any) -> Callable[[Floats], Sequence[Any]]:
    """Return a function that TensorFlow compiles at its first call, for all shapes."""
    import tensorflow as tf

    (source,) = model.inputs

    def compute(batch: Any) -> list[Any]:
        return _listed(model(batch, training=False))

    signature = [tf.TensorSpec(source.shape, "float32")]
    compiled: Callable[[Floats], Sequence[Any]] = tf.function(
        compute, input_signature=signature, autograph=False
    )
    return compiled


def _listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]
