import json
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.geometry import Image, Points, transform, warp
from faceswap_ae.faces.boxes import Square, square_around
from faceswap_ae.faces.detection.landmarker import landmarker
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames

Film = tuple[list[Image], list[Points]]


@pytest.fixture(scope="module")
def film(solo: Path) -> Film:
    """The frames of a film and their true landmarks."""
    rows = json.loads((solo / "truth.json").read_text())["frames"]
    images = [frame.image for frame in frames(open_clip(solo / "clip.mp4"))]
    return images, [np.array(row["landmarks"]) for row in rows]


def eyes(points: Points) -> float:
    return float(np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0)))


def error(points: Points, truth: Points) -> float:
    """The mean error of landmarks 17 to 67, divided by the distance between the eyes."""
    return float(np.linalg.norm(points - truth, axis=1)[17:].mean() / eyes(truth))


def test_landmarks_are_near_the_truth(film: Film) -> None:
    look = landmarker()
    errors = [
        error(look(image, square_around(truth)), truth) for image, truth in zip(*film, strict=True)
    ]
    assert np.median(errors) < 0.08


@pytest.mark.parametrize("angle", [0.5, -1.2, np.pi / 2, np.pi])
def test_a_leaning_face_is_met_upright(film: Film, angle: float) -> None:
    image, truth = film[0][-1], film[1][-1]
    upright = landmarker()(image, square_around(truth))
    cosine, sine = np.cos(angle), np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    turn = np.column_stack([linear, np.array([240, 180]) - linear @ truth.mean(axis=0)])
    leaning = transform(truth, turn)
    found = landmarker()(warp(image, turn, (480, 360)), square_around(leaning))
    assert np.abs(transform(upright, turn) - found).mean() < 0.04 * eyes(truth)


def test_a_trembling_box_matters_less_than_at_a_first_look(film: Film) -> None:
    image, truth = film[0][-1], film[1][-1]
    square, rng, look = square_around(truth), np.random.default_rng(0), landmarker()
    boxes = [
        Square(
            square.centre + rng.normal(0, 0.05, 2) * square.side,
            square.side * rng.uniform(0.9, 1.1),
        )
        for _ in range(12)
    ]
    once = np.std([look._look(image, box, 1.0) for box in boxes], axis=0).mean()
    refined = np.std([look(image, box) for box in boxes], axis=0).mean()
    assert refined < 0.8 * once


def test_a_square_cuts_upright() -> None:
    square = Square(np.array([100.0, 50.0]), 40.0, 0.3)
    matrix = square.cut(200, 0.5)
    corner = np.array([[-20.0, -20.0]]) @ np.array(
        [[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]]
    )
    assert np.allclose(transform(square.centre + corner, matrix), 99.5 - 50)
    assert square.box == (80.0, 30.0, 120.0, 70.0)
