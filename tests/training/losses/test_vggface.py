"""Do our VGGFace networks give the same features as plain versions of the same networks?

The weights are tiny files in the published format.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from faceswap_ae.common.errors import UserError
from faceswap_ae.training.losses.vggface import kind, resnet50, vgg16
from tests.support.vggface_file import RESNET, VGG16, Layers, counted, layers_of, write

SIDES = {"reduce": 1, "3x3": 3, "increase": 1, "proj": 1, "down": 1, "up": 1}


def plain_vgg16(made: Layers, x: Any) -> list[Any]:
    taps: dict[str, Any] = {}
    for name, _ in counted(VGG16):
        if name.endswith("_1") and taps:
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.nn.relu(tf.nn.conv2d(x, made[name]["kernel"], 1, "SAME") + made[name]["bias"])
        taps[name] = x
    return [taps[name] for name in ("conv2_2", "conv3_3", "conv4_3", "conv5_3")]


def plain_resnet50(made: Layers, x: Any) -> list[Any]:
    """ResNet50 or SENet50, with batch normalisation not folded into convolutions."""
    epsilon = 1e-4 if "conv2_1_1x1_down" in made else 1e-3

    def normed(x: Any, name: str, stride: int = 1) -> Any:
        x = tf.nn.conv2d(x, made[name]["kernel"], stride, "SAME")
        gamma, beta, mean, variance = made[f"{name}/bn"].values()
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)

    def biased(x: Any, name: str) -> Any:
        return tf.nn.conv2d(x, made[name]["kernel"], 1, "SAME") + made[name]["bias"]

    x = tf.nn.relu(normed(x, "conv1/7x7_s2", 2))
    taps = {"conv1": x}
    x = tf.nn.max_pool2d(x, 3, 2, "VALID")
    for name, first in counted(RESNET):
        stride = 2 if first and name[4] != "2" else 1
        y = tf.nn.relu(normed(x, f"{name}_1x1_reduce", stride))
        y = tf.nn.relu(normed(y, f"{name}_3x3"))
        y = normed(y, f"{name}_1x1_increase")
        if epsilon == 1e-4:
            share = tf.reduce_mean(y, (1, 2), keepdims=True)
            share = tf.nn.relu(biased(share, f"{name}_1x1_down"))
            y *= tf.sigmoid(biased(share, f"{name}_1x1_up"))
        x = tf.nn.relu(y + (normed(x, f"{name}_1x1_proj", stride) if first else x))
        taps[name] = x
    return [taps[name] for name in ("conv1", "conv2_3", "conv3_4", "conv5_3")]


@dataclass(frozen=True)
class Case:
    network: str
    build: Callable[[Path], Any]
    plain: Callable[[Layers, Any], list[Any]]
    mean: tuple[float, ...]  # BGR
    sides: tuple[int, ...]
    stored: tuple[float, ...]  # mean features of a picture with a brightness gradient


BGR1, BGR2 = (93.5940, 104.7624, 129.1863), (91.4953, 103.8827, 131.0912)
CASES = {
    "vgg16": Case(
        "vgg16", vgg16, plain_vgg16, BGR1, (112, 56, 28, 14), (0.99126, 2.47955, 2.00121, 2.36741)
    ),
    "resnet50": Case(
        "resnet50",
        resnet50,
        plain_resnet50,
        BGR2,
        (112, 55, 28, 7),
        (13.46972, 123.72922, 106.70889, 30954.97266),
    ),
    "senet50": Case(
        "senet50",
        resnet50,
        plain_resnet50,
        BGR2,
        (112, 55, 28, 7),
        (13.47518, 16.1269, 7.37567, 3.47421),
    ),
}
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every
def test_features_are_those_of_the_network(tmp_path: Path, case: Case) -> None:
    path = write(tmp_path / "net.h5", layers_of(case.network))
    model = case.build(path)
    image = np.random.default_rng(0).uniform(0, 255, (2, 224, 224, 3)).astype(np.float32)
    centred = image[..., ::-1] - np.array(case.mean, np.float32)
    expected = case.plain(layers_of(case.network), centred)
    found = model(image)
    assert kind(path) == case.network
    assert tuple(tap.shape[1] for tap in found) == case.sides
    for tap, true in zip(found, expected, strict=True):
        assert np.std(true) > 0
        assert np.allclose(tap, true, rtol=1e-4, atol=1e-3 * float(np.abs(true).max()))
    assert not model.trainable_variables


@every
def test_stored_values(tmp_path: Path, case: Case) -> None:
    model = case.build(write(tmp_path / "net.h5", layers_of(case.network)))
    y, x = np.mgrid[:224, :224].astype(np.float32)
    taps = model(np.stack([x, y, (x + y) / 2], axis=-1)[None])
    assert [float(ops.mean(tap)) for tap in taps] == pytest.approx(case.stored, rel=1e-3)


def test_a_file_of_a_whole_model_will_do(tmp_path: Path) -> None:
    path = write(tmp_path / "net.h5", layers_of("vgg16"))
    with h5py.File(path, "a") as file:
        inner = file.create_group("model_weights")
        for name in layers_of("vgg16"):
            file.move(name, f"model_weights/{name}")
        assert "conv1_1" in inner and "conv1_1" not in file
    assert kind(path) == "vgg16"
    assert len(vgg16(path).outputs) == 4


def test_a_policy_of_16_bits_does_not_reach_it(tmp_path: Path) -> None:
    path = write(tmp_path / "net.h5", layers_of("senet50"))
    image = np.full((1, 224, 224, 3), 100, np.float32)
    exact = resnet50(path)(image)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = resnet50(path)(image)
    finally:
        keras.config.set_dtype_policy("float32")
    for tap, true in zip(found, exact, strict=True):
        assert ops.dtype(tap) == "float32"
        assert np.array_equal(tap, true)


def without(network: str, name: str) -> Layers:
    made = layers_of(network)
    del made[name]
    return made


def narrowed() -> Layers:
    made = layers_of("vgg16")
    made["conv3_2"]["kernel"] = made["conv3_2"]["kernel"][:, :, :1]
    return made


def pointed() -> Layers:
    made = layers_of("resnet50")
    made["conv2_1_3x3"]["kernel"] = made["conv2_1_3x3"]["kernel"][:1, :1]
    return made


@pytest.mark.parametrize(
    ("build", "made", "why"),
    [
        (vgg16, without("vgg16", "conv4_2"), "conv4_2"),
        (resnet50, without("resnet50", "conv3_1_3x3/bn"), "bn"),
        (vgg16, narrowed(), r"\(3, 3, 1, 4\) between 4 and 4"),
        (resnet50, pointed(), "conv2_1_3x3 has a kernel"),
        (vgg16, layers_of("senet50"), "conv1_1"),
        (kind, {"dense": {"kernel": np.zeros((2, 2), np.float32)}}, "no layer of theirs"),
    ],
    ids=["a layer lost", "a norm lost", "narrowed", "pointed", "another network", "no network"],
)
def test_what_is_not_the_network_is_refused(
    tmp_path: Path, build: Callable[[Path], Any], made: Layers, why: str
) -> None:
    with pytest.raises(UserError, match=rf"net\.h5: does not hold .*{why}"):
        build(write(tmp_path / "net.h5", made))


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.h5").write_bytes(b"half of a download")
    for name in ("net.h5", "absent.h5"):
        with pytest.raises(UserError, match=f"{name}: does not hold"):
            kind(tmp_path / name)
