"""Do perceptual networks get correct chips, features and gradients: dlib's, and VGGFace's?

dlib's network is compared with dlib's own chips. VGGFace's networks are loaded from tiny files in
the published format.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dlib
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from faceswap_ae.common.download import PublishedFile
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image, Matrix, Points, compose, invert, warp
from faceswap_ae.faces.alignment import CROPS, crop_matrix, matrix_of
from faceswap_ae.faces.detection.recogniser import chip, describe
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render
from faceswap_ae.training.losses import feature_networks
from faceswap_ae.training.losses.feature_networks import (
    FeatureNetwork,
    Features,
    identity_loss,
    load_feature_network,
    perceptual_loss,
)
from tests.conftest import ROOT
from tests.support.vggface_file import layers_of, write

Floats = NDArray[np.float32]
CACHE = "XDG_CACHE_HOME"
ACTS = [("ada", Act(140)), ("ada", Act(140, yaw=15, roll=6)), ("ben", Act(140)), ("dina", Act(140))]


@pytest.fixture(scope="module")
def net() -> FeatureNetwork:
    return load_feature_network("dlib")


@pytest.fixture(scope="module")
def shown() -> list[SyntheticFrame]:
    return [render(alone(person(who)), act, Setting((400, 400), backdrop=3)) for who, act in ACTS]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("vggface")
    held = {"vggface": "vgg16", "vggface2": "resnet50", "vggface2-senet": "senet50"}
    return {name: write(folder / f"{net}.h5", layers_of(net)) for name, net in held.items()}


def shares(image: Image) -> Floats:
    return np.asarray(image / 255, np.float32)


def cut(frame: SyntheticFrame, crop: str, size: int) -> Floats:
    return shares(warp(frame.image, matrix_of(frame.landmarks.picture, crop, size), (size, size)))


def crops(shown: list[SyntheticFrame], crop: str, size: int) -> Floats:
    return np.stack([cut(frame, crop, size) for frame in shown])


def to_chip(landmarks: Points) -> Matrix:
    """dlib's matrix from frame to chip: the outer pixels' centres are on the square's edges."""
    points = dlib.points([dlib.point(round(x), round(y)) for x, y in landmarks.tolist()])
    shape = dlib.full_object_detection(dlib.rectangle(0, 0, 9, 9), points)
    details = dlib.get_face_chip_details(shape, 150, 0.25)
    square, (sine, cosine) = details.rect, (np.sin(details.angle), np.cos(details.angle))
    middle = np.array([square.left() + square.right(), square.top() + square.bottom()]) / 2
    linear = 150 / square.width() * np.array([[cosine, sine], [-sine, cosine]])
    linear *= 149 / 150
    return np.column_stack([linear, 74.5 - linear @ middle])


@pytest.mark.parametrize(("crop", "size"), [("whole", 320), ("full", 256)])
def test_a_crop_becomes_the_chip_that_dlib_cuts(
    net: FeatureNetwork, shown: list[SyntheticFrame], crop: str, size: int
) -> None:
    for frame in shown[:2]:
        landmarks = frame.landmarks.picture
        # dlib's place of the template in this frame. dlib does not use the brows for the fit.
        template = compose(invert(net.place), to_chip(landmarks))
        matrix = compose(crop_matrix(crop, size), template)
        given = shares(warp(frame.image, matrix, (size, size)))
        made = np.asarray(net.picture(given[None], crop)[0])
        theirs = chip(frame.image, landmarks).astype(np.float32)
        assert np.abs(made - theirs).mean() < 3


@pytest.mark.parametrize(
    ("crop", "size", "most"), [("whole", 256, 0.2), ("full", 128, 0.2), ("inner", 128, 0.25)]
)
def test_descriptors_of_crops_are_those_of_chips(
    net: FeatureNetwork, shown: list[SyntheticFrame], crop: str, size: int, most: float
) -> None:
    true = describe([(frame.image, frame.landmarks.picture) for frame in shown])
    made = np.asarray(net.identity(crops(shown, crop, size), crop))
    apart = np.linalg.norm(made[:, None] - true[None], axis=-1)
    assert apart.diagonal().max() < most
    assert apart[:2, 2:].min() > 0.5


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("size", [64, 130])
@pytest.mark.parametrize("name", ["dlib", "vggface"])
def test_every_pixel_comes_from_its_place(
    net: FeatureNetwork, tiny: dict[str, Path], name: str, size: int, crop: str
) -> None:
    chosen = net if name == "dlib" else load_feature_network(name, tiny[name])
    # A crop whose colours are the coordinates of its pixels, as shares of its side.
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    made = np.asarray(chosen.picture(np.stack([x, y, 1 - x], axis=-1)[None], crop)[0]) / 255 * size
    back = compose(crop_matrix(crop, size), invert(chosen.place))
    row, column = np.mgrid[: chosen.side, : chosen.side]
    across, down = (back[axis, axis] * at + back[axis, 2] for axis, at in ((0, column), (1, row)))
    assert np.allclose(made[..., 0], np.clip(across, 0, size - 1), atol=0.35)
    assert np.allclose(made[..., 1], np.clip(down, 0, size - 1), atol=0.35)
    assert np.allclose(made[..., 2], size - made[..., 0], atol=0.01)


def test_shrinking_skips_no_pixel(net: FeatureNetwork) -> None:
    board = (np.indices((512, 512)).sum(axis=0) % 2).astype(np.float32)
    made = np.asarray(net.picture(np.repeat(board[None, ..., None], 3, axis=-1), "full"))
    assert np.abs(made - 127.5).max() < 10


def gradient(net: FeatureNetwork, made: Any, target: Any) -> tuple[float, Any]:
    # In a graph, as in training. In eager mode TensorFlow also computes the kernels' gradients.
    @tf.function  # type: ignore[untyped-decorator]
    def found(made: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(made)
            one, other = net.see(target, "full"), net.see(made, "full")
            loss = perceptual_loss(one, other)
            if net.knows_who:
                loss = loss + identity_loss(one, other)
        return loss, tape.gradient(loss, made)

    loss, slope = found(tf.convert_to_tensor(made))
    return float(loss), slope.numpy()


@pytest.mark.parametrize(
    "name",
    [
        "dlib",
        "vggface",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("vggface2", "vggface2-senet")),
    ],
)
def test_a_gradient_reaches_the_picture_and_nothing_else(
    net: FeatureNetwork, tiny: dict[str, Path], shown: list[SyntheticFrame], name: str
) -> None:
    chosen = net if name == "dlib" else load_feature_network(name, tiny[name])
    assert chosen.name == name and not chosen.model.trainable_variables
    target, made = crops(shown[:1], "full", 64), crops(shown[2:3], "full", 64)
    loss, slope = gradient(chosen, made, target)
    assert (np.abs(slope[0, 8:56, 8:56]).max(axis=-1) > 0).mean() > 0.8
    nearer, _ = gradient(chosen, made - 1e-3 * slope / np.abs(slope).max(), target)
    assert nearer < loss
    assert gradient(chosen, target, target)[0] == pytest.approx(0, abs=1e-6)


def test_one_person_looks_alike(net: FeatureNetwork, shown: list[SyntheticFrame]) -> None:
    ada, turned, ben, _ = (net.see(crops([frame], "whole", 128), "whole") for frame in shown)
    assert perceptual_loss(ada, turned) < perceptual_loss(ada, ben)
    assert identity_loss(ada, turned) < 0.36 < identity_loss(ada, ben)
    features = net.features(crops(shown, "whole", 128), "whole")
    assert [plane.shape[1] for plane in features] == [35, 17, 8, 4]


def test_bits_do_not_matter(net: FeatureNetwork, shown: list[SyntheticFrame]) -> None:
    given = crops(shown[:1], "full", 64)
    exact = net.identity(given, "full")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = load_feature_network("dlib").identity(given, "full")
        coarse = net.identity(ops.cast(given, "bfloat16"), "full")
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.allclose(found, exact, atol=1e-6)
    assert ops.dtype(coarse) == "float32" and np.linalg.norm(coarse - exact) < 0.05


def test_losses_of_known_features() -> None:
    rows = np.array([[0, 1], [2, 5]], np.float32)[None, :, :, None]
    seen = Features((rows, rows, rows, rows), np.zeros((1, 128), np.float32))
    brighter = Features((rows, 3 * rows + 7, rows, rows), np.full((1, 128), 0.05, np.float32))
    assert float(perceptual_loss(seen, brighter)) == pytest.approx(0, abs=1e-5)
    upside_down = Features((rows, -rows, rows, rows))
    # The mean is 2, the deviation sqrt(3.5). The differences are twice 2, 1, 0 and 3, divided by
    # the deviation, times 0.3.
    expected = 0.3 * 2 * (2 + 1 + 0 + 3) / 4 / np.sqrt(3.5)
    assert float(perceptual_loss(seen, upside_down)) == pytest.approx(expected, rel=1e-5)
    assert float(identity_loss(seen, brighter)) == pytest.approx(128 * 0.05**2, rel=1e-5)


def test_dlib_is_the_default_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    with caplog.at_level(logging.INFO, "faceswap_ae"):
        assert load_feature_network().name == "dlib"
    assert any("dlib's network, which needs no download" in one for one in caplog.messages)


def test_a_file_is_known_by_what_it_holds(tiny: dict[str, Path]) -> None:
    for name, path in tiny.items():
        assert (
            load_feature_network("auto", path).name == load_feature_network(name, path).name == name
        )
    with pytest.raises(UserError, match=r"resnet50\.h5: holds vggface2, not vggface"):
        load_feature_network("vggface", tiny["vggface2"])


def test_weights_are_fetched_at_request_and_then_found(
    tiny: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    source = tiny["vggface2-senet"]
    published = PublishedFile(source.as_uri(), source.stat().st_size)
    monkeypatch.setitem(feature_networks.FILES, "vggface2-senet", published)
    with pytest.raises(UserError, match="`faceswap-ae fetch vggface2-senet`, give --vggface"):
        load_feature_network("vggface2-senet")
    heard: list[int] = []
    fetched = load_feature_network(
        "vggface2-senet", request=True, heard=lambda done, _: heard.append(done)
    )
    assert fetched.name == "vggface2-senet" and heard[-1] == source.stat().st_size
    assert load_feature_network().name == "vggface2-senet"
    (tmp_path / "faceswap_ae" / "weights" / source.name).write_bytes(bytes(published.size or 0))
    with pytest.raises(UserError, match="not the file that it was at first"):
        load_feature_network()


def test_what_is_not_there_is_said(net: FeatureNetwork, tiny: dict[str, Path]) -> None:
    with pytest.raises(UserError, match="unknown perceptual network 'vgface'; did you mean"):
        load_feature_network("vgface")
    with pytest.raises(ValueError, match="unknown crop 'nose'"):
        net.picture(np.zeros((1, 8, 8, 3), np.float32), "nose")
    vgg = load_feature_network("vggface", tiny["vggface"])
    with pytest.raises(UserError, match="have no descriptor"):
        vgg.identity(np.zeros((1, 8, 8, 3), np.float32), "full")


JAX = """
import jax, numpy as np
from faceswap_ae.training.losses.feature_networks import (
    identity_loss, load_feature_network, perceptual_loss
)
net = load_feature_network("dlib")
target, made = np.load("faces.npy")
def loss(x):
    one, other = net.see(target, "full"), net.see(x, "full")
    return perceptual_loss(one, other) + identity_loss(one, other)
value, slope = jax.value_and_grad(loss)(made)
np.savez("found.npz", value=value, slope=slope)
"""


@pytest.mark.slow
def test_jax_computes_the_same(
    net: FeatureNetwork, shown: list[SyntheticFrame], tmp_path: Path
) -> None:
    faces = crops(shown[1:3], "full", 64)[:, None]
    np.save(tmp_path / "faces.npy", faces)
    paths = {"PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    program = [sys.executable, "-c", JAX]
    subprocess.run(program, cwd=tmp_path, env={**os.environ, **paths}, check=True)
    found = np.load(tmp_path / "found.npz")
    value, slope = gradient(net, faces[1], faces[0])
    assert float(found["value"]) == pytest.approx(value, rel=1e-3)
    assert np.abs(found["slope"] - slope).max() < 0.02 * np.abs(slope).max()
