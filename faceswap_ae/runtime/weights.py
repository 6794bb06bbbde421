"""Where are dlib's weight files (detector, landmarks, descriptor)?"""

import importlib.util
from pathlib import Path

from faceswap_ae.common.errors import Fault

WEIGHTS = (
    "mmod_human_face_detector.dat",
    "shape_predictor_68_face_landmarks.dat",
    "dlib_face_recognition_resnet_model_v1.dat",
)


WEIGHTS_MEND = "pip install --no-deps --no-build-isolation face-recognition-models"


def weight_files() -> dict[str, str | None]:
    """Return the path of each of dlib's weight files, or None where it is missing.

    This does not import face_recognition_models: that package needs an old setuptools, and its
    reader ends the process with status 0 where setuptools is missing.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    places = list(spec.submodule_search_locations or []) if spec else []
    files = {name: [Path(place, "models", name) for place in places] for name in WEIGHTS}
    return {
        name: next((str(path) for path in paths if path.exists()), None)
        for name, paths in files.items()
    }


def weight_file(name: str) -> Path:
    """Return the path of one of dlib's weight files; raises Fault if it is missing."""
    path = weight_files()[name]
    if path is None:
        raise Fault(f"{name}: weight file missing; {WEIGHTS_MEND}")
    return Path(path)
