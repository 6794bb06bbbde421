"""Does the benchmark of the mesh score landmarks correctly, and does its fit find what is there?"""

import json

import numpy as np
import pytest

from benchmarks.mesh import nearest
from benchmarks.mesh_fit import FILE, STILL, Samples, head_rows, landmark_rows, placed
from benchmarks.mesh_scores import INNER, PARTS, Watched, scores
from faceswap_ae.common.geometry import Doubles, Integers, Points
from faceswap_ae.faces import mesh
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.detections import Detection
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.faces.head_pose import pose_of
from faceswap_ae.synthetic.model import rotation

FRAMES = 12


def truth(frames: int = FRAMES) -> Points:
    """A face that moves evenly, with 20 pixels between its eyes."""
    face = np.random.default_rng(0).uniform(0, 30, (68, 2))
    face[36:42], face[42:48] = (5, 10), (25, 10)
    return face + np.arange(frames)[:, None, None]


def watched(landmarks: Points, pose: float = 0.0) -> Watched:
    turned = np.full((len(landmarks), 3), pose)
    return Watched(landmarks, truth(), turned, np.zeros_like(turned), 0.6)


def test_a_constant_offset_is_no_error() -> None:
    offset = np.random.default_rng(1).normal(0, 0.01, (68, 2))
    found = scores([watched(truth() + offset, pose=4.0)])
    assert found["error"] == found["jitter"] == dict.fromkeys([*PARTS, "inner"], 0.0)
    assert found["pose"]["yaw"] == 4.0 and found["pose without median"]["yaw"] == 0.0
    assert found["missed"] == found["wrong scale"] == 0.0
    assert found["cpu ms per frame"] == 50.0


def test_an_error_is_of_its_part_and_in_percent_of_the_eyes() -> None:
    moved = truth()
    moved[::2, PARTS["mouth"]] += (2.0, 0.0)  # ten percent, half above and half below the mean
    found = scores([watched(moved)])
    assert found["error"]["mouth"] == 5.0 and found["error"]["eyes"] == 0.0
    assert found["jitter"]["mouth"] == 20.0


def test_missed_frames_and_wrong_sizes_are_counted() -> None:
    seen = truth()
    seen[3] = np.nan
    seen[7] = 1.3 * seen[7]
    found = scores([watched(seen)])
    assert found["missed"] == found["wrong scale"] == pytest.approx(1 / FRAMES, abs=1e-4)
    unseen = scores([watched(seen), watched(np.full_like(seen, np.nan))])
    assert unseen["missed"] == pytest.approx(13 / 24, abs=1e-4)
    assert unseen["error"] == found["error"]


def test_a_find_in_another_place_does_not_count() -> None:
    face = truth()[0]

    def found(landmarks: Points) -> Detection:
        return Detection(DetectedBox(square_around(landmarks), 1.0, "blaze"), landmarks)

    here, there = found(face + 1), found(face + 200)
    assert nearest([there, here], face) is here
    assert nearest([there], face) is None


def samples() -> Samples:
    """Turned heads, which do not move otherwise but at the mouth, and landmarks that follow."""
    rng = np.random.default_rng(2)
    head = rng.uniform(-1, 1, (mesh.SKIN, 3))
    yaw = rng.uniform(-20, 20, 60)
    turn = np.array([rotation(one, one / 2, -one / 3) for one in yaw], float)
    moved = np.repeat(head[None], len(yaw), axis=0)
    moved[:, 400:] += rng.normal(0, 0.02, (len(yaw), mesh.SKIN - 400, 3))
    seen = moved @ turn.transpose(0, 2, 1) * [1, -1, -1]
    dlib = 0.8 * seen[:, mesh.NEAREST, :2] + 0.2 * seen[:, neighbours(head), :2]
    return Samples(seen, dlib, dlib, turn, yaw)


def neighbours(head: Doubles) -> Integers:
    apart = np.linalg.norm(head[mesh.NEAREST][:, None] - head, axis=-1)
    return np.asarray(np.argsort(apart, axis=1)[:, 1], np.int64)


def test_weights_bring_the_mesh_to_the_landmarks() -> None:
    found = samples()
    rows = landmark_rows(found)
    assert [row[0][0] for row in rows] == mesh.NEAREST.tolist()
    assert [sum(weight for _, weight in row) for row in rows] == pytest.approx([1.0] * 68)
    off = np.linalg.norm(placed(rows, found.mesh) - found.dlib, axis=-1)
    plain = np.linalg.norm(found.mesh[:, mesh.NEAREST, :2] - found.dlib, axis=-1)
    assert off.mean() < 0.2 * plain.mean()
    assert landmark_rows(samples()) == rows


def test_the_head_is_made_of_points_that_lie_still() -> None:
    found = samples()
    rows = np.array(head_rows(found))
    assert len(rows) == STILL and rows[:, 0].max() < 400
    still = found.mesh[0][rows[:, 0].astype(int)] * [1, -1, -1]
    u, _, vt = np.linalg.svd((still - still.mean(axis=0)).T @ rows[:, 1:])
    turned, true = pose_of(u @ vt), pose_of(found.turn[0])
    assert vars(turned) == pytest.approx(vars(true), abs=0.5)


def test_the_package_holds_a_file_of_this_form() -> None:
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    assert len(stored["landmarks"]) == 68 and len(stored["head"]) == STILL
    face = np.random.default_rng(3).uniform(-1, 1, (1, mesh.POINTS, 3))
    assert np.allclose(placed(stored["landmarks"], face)[0], mesh.landmarks_of(face[0]))
    assert placed(stored["landmarks"], face)[0][INNER].shape == (51, 2)
