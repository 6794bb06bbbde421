"""Do the rebuilt networks give what TensorFlow Lite's own interpreter gives?"""

import json
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Floats, Image
from faceswap_ae.faces.detection import tflite_networks
from faceswap_ae.faces.detection.tflite_format import read
from faceswap_ae.faces.detection.tflite_networks import rebuild
from faceswap_ae.runtime.weights import MESH, WEIGHTS, weight_file
from tests.conftest import ROOT
from tests.support.photos import photo, scene

FILES = [name for name, place in WEIGHTS.items() if place == MESH]
SHOWN = {"eileen near": photo, "grace": photo, "a pair": scene, "three sizes": scene}


def interpreted(path: Path, batch: Floats) -> list[Floats]:
    """What the reference interpreter answers, picture by picture."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it moves to another package
        reference = tf.lite.Interpreter(model_path=str(path))
    reference.allocate_tensors()
    (source,), results = reference.get_input_details(), reference.get_output_details()
    found = []
    for picture in batch:
        reference.set_tensor(source["index"], picture[None])
        reference.invoke()
        found.append([np.array(reference.get_tensor(one["index"])[0]) for one in results])
    return [np.stack(column) for column in zip(*found, strict=True)]


def small(image: Image, side: int) -> Floats:
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.float32)


@pytest.mark.parametrize("name", FILES)
def test_results_are_those_of_the_interpreter(name: str) -> None:
    model = rebuild(weight_file(name))
    side = model.inputs[0].shape[1]
    batch = np.stack([small(make(what), side) for what, make in SHOWN.items()]) / np.float32(255)
    wanted = interpreted(weight_file(name), batch)
    found = model.predict_on_batch(batch)
    assert len(found) == len(wanted) == 2
    for one in found:
        (other,) = (other for other in wanted if other.shape == one.shape)
        # Points are in pixels of the picture: this is less than a thousandth of its side.
        assert np.abs(one - other).max() < 1e-3 * side / 4


def test_an_output_may_be_left_out() -> None:
    path = weight_file("iris_landmark.tflite")
    batch = np.random.default_rng(0).random((2, 64, 64, 3), np.float32)
    whole, part = rebuild(path), rebuild(path, [1])
    assert len(part.operations) < len(whole.operations)
    found = np.asarray(part.predict_on_batch(batch)).reshape(2, -1)
    assert np.allclose(found, whole.predict_on_batch(batch)[1], atol=1e-4)


def test_it_is_frozen_and_exact_whatever_is_set() -> None:
    path = weight_file("face_landmark.tflite")
    batch = np.random.default_rng(0).random((1, 192, 192, 3), np.float32)
    wanted = rebuild(path).predict_on_batch(batch)[0]
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = rebuild(path)
    finally:
        keras.config.set_dtype_policy("float32")
    assert not model.trainable_variables
    assert np.abs(model.predict_on_batch(batch)[0] - wanted).max() < 1e-3


def test_a_network_whose_steps_do_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = weight_file("face_landmark.tflite")
    graph = read(path)
    torn = replace(graph, operators=graph.operators[1:])
    monkeypatch.setattr(tflite_networks, "read", lambda _: torn)
    with pytest.raises(MediaError, match=r"face_landmark\.tflite: is no network that we know"):
        rebuild(path)


ON_JAX = """
import json, sys
import keras, numpy as np
from pathlib import Path
from faceswap_ae.faces.detection.tflite_format import read
from faceswap_ae.faces.detection.tflite_networks import rebuild

assert keras.backend.backend() == "jax"
batch = np.load(sys.argv[2])
found = rebuild(Path(sys.argv[1])).predict_on_batch(batch)
print(json.dumps([one.reshape(-1).tolist() for one in found]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_jax_gives_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = weight_file(name)
    model = rebuild(path)
    batch = small(photo("grace"), model.inputs[0].shape[1])[None] / np.float32(255)
    np.save(tmp_path / "batch.npy", batch)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-c", ON_JAX, str(path), str(tmp_path / "batch.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for one, other in zip(json.loads(done.stdout), model.predict_on_batch(batch), strict=True):
        assert np.abs(np.array(one) - np.asarray(other).ravel()).max() < 0.05
