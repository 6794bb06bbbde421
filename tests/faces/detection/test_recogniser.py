from pathlib import Path

import dlib
import numpy as np
import pytest

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection.landmarker import landmarker
from faceswap_ae.faces.detection.recogniser import chip, describe, describe_one
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.runtime.weights import weight_file

Seen = tuple[Image, Points]


@pytest.fixture(scope="module")
def seen(solo: Path, duet: Path) -> list[Seen]:
    """Two faces of ben, then ada and carl, detected as the extraction detects them."""
    ben = [frame.image for frame in frames(open_clip(solo / "clip.mp4"))][10:12]
    both = [frame.image for frame in frames(open_clip(duet / "clip.mp4"))][5]
    hog = dlib.get_frontal_face_detector()
    found: list[Seen] = []
    for image in (*ben, both):
        for box in sorted(hog(image), key=lambda box: int(box.left())):
            middle = np.array([box.left() + box.right(), box.top() + box.bottom()]) / 2
            found.append((image, landmarker()(image, Square(middle, box.width()))))
    return found


def test_descriptors_are_those_of_dlib(seen: list[Seen]) -> None:
    network = dlib.face_recognition_model_v1(
        str(weight_file("dlib_face_recognition_resnet_model_v1.dat"))
    )
    for image, landmarks in seen:
        points = dlib.points([dlib.point(round(x), round(y)) for x, y in landmarks.tolist()])
        shape = dlib.full_object_detection(dlib.rectangle(0, 0, 9, 9), points)
        theirs = np.array(network.compute_face_descriptor(image, shape))
        assert np.abs(describe_one(image, landmarks) - theirs).max() < 1e-4


def test_one_person_is_near_and_two_are_far(seen: list[Seen]) -> None:
    ben, again, ada, carl = describe(seen)
    assert np.linalg.norm(ben - again) < 0.3
    assert min(np.linalg.norm(ben - ada), np.linalg.norm(ben - carl)) > 0.5


def test_nothing_and_a_chip(seen: list[Seen]) -> None:
    assert describe([]).shape == (0, 128)
    cut = chip(*seen[0])
    assert cut.shape == (150, 150, 3)
    assert cut.dtype == np.uint8
