import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection.detections import Detection, alone, overlap
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.faces.detection.dlib_close_up import dlib_close_up
from faceswap_ae.faces.detection.video_detector import FaceFollower, dlib_follower, mesh_follower
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames

Film = tuple[list[Image], list[Points]]


@pytest.fixture(scope="module")
def film(solo: Path) -> Film:
    rows = json.loads((solo / "truth.json").read_text())["frames"]
    images = [frame.image for frame in frames(open_clip(solo / "clip.mp4"))]
    return images, [np.array(row["landmarks"]) for row in rows]


@pytest.fixture(scope="module", params=[mesh_follower, dlib_follower], ids=["mesh", "dlib"])
def auto(request: pytest.FixtureRequest) -> FaceFollower:
    found: FaceFollower = request.param(turns=True)
    return found


def near(sight: Detection, truth: Points) -> bool:
    return bool(np.linalg.norm(sight.landmarks - truth, axis=1).mean() < 0.08 * np.ptp(truth))


def test_a_face_is_followed_through_its_scenes(film: Film, auto: FaceFollower) -> None:
    images, truths = film
    found = [*auto(images[:7], True), *auto(images[7:10], True), *auto(images[10:], False)]
    assert [len(sights) for sights in found] == [1] * 14
    well = [near(sights[0], truth) for sights, truth in zip(found, truths, strict=True)]
    assert well.count(False) <= 2  # frames with a half hidden face


def test_who_comes_in_is_followed_back(film: Film, auto: FaceFollower) -> None:
    """A face that is detected at the end of a piece is tracked back into the frames before."""
    images, truths = film
    blank = np.full_like(images[0], 90)
    found = auto([blank, blank, *images[:4]], True)
    assert [len(sights) for sights in found] == [0, 0, 1, 1, 1, 1]
    assert near(found[2][0], truths[0])


def test_who_leaves_is_gone_and_who_is_lost_is_searched_for(film: Film, auto: FaceFollower) -> None:
    images, truths = film
    height, width = images[0].shape[:2]
    blank = np.full_like(images[0], 90)
    aside = np.full_like(images[0], 90)
    aside[:, : width - 200] = images[2][:, 200:]
    found = auto([images[0], blank, images[1], aside], True)
    assert [len(sights) for sights in found] == [1, 0, 1, 1]
    assert near(found[3][0], truths[2] - (200, 0))
    assert height == 360


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_lying_face_is_met_upright(film: Film, auto: FaceFollower, turn: int) -> None:
    images, truths = film
    height, width = images[0].shape[:2]
    lying = [np.ascontiguousarray(np.rot90(image, -turn)) for image in images[10:12]]
    x, y = truths[10].T
    places = {1: (height - 1 - y, x), 2: (width - 1 - x, height - 1 - y), 3: (y, width - 1 - x)}
    found = auto(lying, True)
    assert [len(sights) for sights in found] == [1, 1]
    assert near(found[0][0], np.stack(places[turn], axis=1))


def test_without_turns_a_spot_stays_as_it_was(film: Film) -> None:
    square = Square(np.array([240.0, 180.0]), 100.0)
    blank = DetectedBox(square, 1.0, "cnn")
    assert dlib_close_up(turns=False).upright(np.zeros_like(film[0][0]), blank).square is square


def test_of_two_that_overlap_the_surer_stays() -> None:
    landmarks = np.random.default_rng(0).uniform(0, 50, (68, 2))
    landmarks[36:42], landmarks[42:48] = (10, 10), (40, 10)
    sight = Detection(DetectedBox(Square(np.zeros(2), 50.0), 0.3, "hog"), landmarks)
    surer = replace(sight, spot=replace(sight.spot, score=0.9), landmarks=landmarks + 3)
    apart = replace(sight, landmarks=landmarks - (200, 0))
    assert alone([sight, surer, apart]) == [apart, surer]
    assert overlap(sight.square, sight.square) == pytest.approx(1)
    assert overlap(sight.square, apart.square) == 0
