"""How do several GPUs of one machine share a training step (data parallelism)?

Each GPU takes its share of the batch. The mean of their gradients moves the weights, so a step is
the same as on one device with the whole batch. Everything that has variables is built inside
`share_devices`, which does nothing if there are fewer than two GPUs.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras

Batch = Mapping[Any, Mapping[str, Any]]

log = logging.getLogger(__name__)


def find_gpus() -> list[str]:
    """Return the backend's names of the GPUs that can share a step; torch shares none."""
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        return [one.name for one in tf.config.list_logical_devices("GPU")]
    if name != "jax":
        return []
    # All devices are listed: JAX raises an error if it is asked for GPUs and there are none.
    return [one for one in keras.distribution.list_devices() if not one.startswith("cpu")]


@contextmanager
def share_devices(devices: Sequence[str]) -> Iterator[int]:
    """Let models built and trained in the block share these devices; yield their number."""
    if len(devices) < 2:
        yield 1
        return
    log.info("training on %d devices: %s", len(devices), ", ".join(devices))
    with _scope(devices):
        yield len(devices)


def split_batch(batch: Batch, count: int) -> list[dict[Any, dict[str, Any]]]:
    """Split a batch into `count` equal parts."""
    return [
        {
            identity: {name: array[part::count] for name, array in arrays.items()}
            for identity, arrays in batch.items()
        }
        for part in range(count)
    ]


def spread_batch(batch: Batch) -> Any:
    """Distribute a batch over all of JAX's devices that share a step."""
    spread = keras.distribution.distribution()
    if spread is None:
        return batch
    return {
        identity: {
            name: keras.distribution.distribute_tensor(array, spread.get_data_layout(array.shape))
            for name, array in arrays.items()
        }
        for identity, arrays in batch.items()
    }


def _scope(devices: Sequence[str]) -> Any:
    if keras.backend.backend() == "jax":
        return keras.distribution.DataParallel(devices=list(devices)).scope()
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(list(devices)).scope()
