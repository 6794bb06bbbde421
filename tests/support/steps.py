"""How do tests make small training steps: players with few weights, several devices?"""

from dataclasses import fields

import keras
import numpy as np
from keras import ops

from faceswap_ae.networks.model_interface import FACE, IDENTITIES, Identity
from faceswap_ae.networks.trainer_interface import BatchPair, Player, Terms
from faceswap_ae.training.data.batches import Batch
from faceswap_ae.training.plugin_check import random_batches as batches

RECIPE = """
model: quick
trainer: gan
precision: float32
network: {size: 32, width: .25}
training: {judge_width: .1, mask: .1}
"""


def pair(seed: int) -> dict[Identity, Batch]:
    return {name: batch(seed + number) for number, name in enumerate(IDENTITIES)}


def colours(name: str) -> keras.Model:
    """A model with one 3 x 3 matrix per pixel, with the same initial weights each time."""
    face = keras.Input((4, 4, 3))
    start = keras.initializers.Constant(0.1)
    return keras.Model(face, keras.layers.Dense(3, kernel_initializer=start)(face), name=name)


def squared(part: keras.Model) -> Player:
    def loss(pair: BatchPair) -> Terms:
        faces = pair[FACE]
        return {"square": ops.mean(ops.square(part(faces.warped) - faces.target))}

    return Player(part.name, loss, {part.name: part})


def trained(count: int, change: str, out: str) -> None:
    """Make two steps on `count` devices, and write the weights and moments into `out`."""
    from faceswap_ae.training import distribution
    from faceswap_ae.training.build import batch_statistics, build_networks
    from faceswap_ae.training.learner import Learner
    from faceswap_ae.training.recipe import parse_recipe

    settings = parse_recipe(RECIPE, "shared", [*change.split(), "clip=.1"])
    devices, pair = logical(count), four()
    with distribution.share_devices(devices) as found:
        assert found == count == len(devices)
        known = batch_statistics(pair)
        learner = Learner(settings, build_networks(settings), known)
        for _ in range(2):
            learner.stepper.step([pair] * learner.stepper.pairs, 0.1)
        arrays = learner.arrays()
    named = {f"{group} {name}": array for group in arrays for name, array in arrays[group].items()}
    np.savez(
        out, allow_pickle=False, **{name.replace("/", " "): one for name, one in named.items()}
    )


def batch(seed: int) -> Batch:
    rng = np.random.default_rng(seed)
    plane = rng.uniform(size=(3, 4, 4, 3)).astype(np.float32)
    mask = plane[..., :1]
    return Batch(plane, plane[::-1].copy(), mask, mask, mask, np.zeros((3, 68, 2), np.float32))


def four() -> dict[Identity, Batch]:
    """Four faces of each identity, two of them darker, so that the halves' gradients differ."""
    return {
        name: Batch(
            **{
                one.name: np.concatenate(
                    [getattr(batch, one.name), 0.5 * getattr(batch, one.name)[::-1]]
                )
                for one in fields(batch)
            }
        )
        for name, batch in batches(32, 32).items()
    }


def logical(count: int) -> list[str]:
    """Split the one processor into `count` logical devices, and return their names."""
    import keras

    if keras.backend.backend() == "jax":
        return list(keras.distribution.list_devices("cpu"))
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)
    return [one.name for one in tf.config.list_logical_devices("CPU")]
