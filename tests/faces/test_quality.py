from dataclasses import astuple, replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image, Points, scale_of, transform, warp
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.quality import Quality, measure_quality
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.occluder import Kind, Occluder
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

SIZE = (320, 320)
WHO = ["ada", "ben", "fatou"]
Kernel = NDArray[np.float32]


def shot(who: str, light: str = "soft", occluder: Occluder | None = None) -> SyntheticFrame:
    act = Act(face=170, yaw=12, pitch=3)
    return render(alone(person(who)), act, Setting(SIZE, LIGHTS[light], occluder=occluder))


@pytest.fixture(scope="module")
def shots() -> dict[str, SyntheticFrame]:
    return {who: shot(who) for who in WHO}


def told(image: Image, points: Points, size: int = 256) -> Quality:
    matrix = matrix_of(points, "whole", size)
    crop = warp(image, matrix, (size, size))
    return measure_quality(crop, transform(points, matrix), scale_of(matrix))


def of(frame: SyntheticFrame, image: Image | None = None) -> Quality:
    points = frame.landmarks.picture.astype(np.float64)
    return told(frame.image if image is None else image, points)


def blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def dragged(image: Image, length: int, *, down: bool = False) -> Image:
    way: Kernel = np.full((length, 1) if down else (1, length), 1 / length, np.float32)
    return np.asarray(cv2.filter2D(image, -1, way), np.uint8)


@pytest.mark.parametrize("who", WHO)
def test_the_more_blurred_the_less_sharp(who: str, shots: dict[str, SyntheticFrame]) -> None:
    frame = shots[who]
    levels = [frame.image, *(blurred(frame.image, sigma) for sigma in (0.7, 1.2, 2, 3.5, 6))]
    sharp = [of(frame, image).sharpness for image in levels]
    assert all(after < 0.9 * before for before, after in pairwise(sharp))
    assert sharp[0] > 0.25 and sharp[-1] < 0.06


@pytest.mark.parametrize("down", [False, True])
def test_motion_blurs_in_any_direction(down: bool, shots: dict[str, SyntheticFrame]) -> None:
    for frame in shots.values():
        levels = [frame.image, *(dragged(frame.image, n, down=down) for n in (3, 7, 15))]
        sharp = [of(frame, image).sharpness for image in levels]
        assert sharp[0] > sharp[1] > 1.1 * sharp[2] > 1.2 * sharp[3]
        assert sharp[3] < 0.7 * sharp[0]


def test_light_and_noise_do_not_sharpen(shots: dict[str, SyntheticFrame]) -> None:
    rng = np.random.default_rng(0)
    for frame in shots.values():
        plain = of(frame)
        dim = of(frame, (frame.image * 0.4).astype(np.uint8))
        assert abs(dim.sharpness - plain.sharpness) < 0.02
        assert abs(dim.brightness / plain.brightness - 0.4) < 0.01
        soft = blurred(frame.image, 2)
        grain = rng.normal(0, 8, soft.shape)
        noisy = np.clip(soft + grain, 0, 255).astype(np.uint8)
        assert abs(of(frame, noisy).sharpness - of(frame, soft).sharpness) < 0.03


@pytest.mark.parametrize("share", [0.7, 0.45, 0.3])
def test_small_faces_are_as_sharp_as_large_ones(
    share: float, shots: dict[str, SyntheticFrame]
) -> None:
    side = round(SIZE[0] * share)
    for frame in shots.values():
        points = (frame.landmarks.picture.astype(np.float64) + 0.5) * (side / SIZE[0]) - 0.5
        resized = cv2.resize(frame.image, (side, side), interpolation=cv2.INTER_AREA)
        small: Image = np.asarray(resized, np.uint8)
        sharp = told(small, points).sharpness
        assert abs(sharp - of(frame).sharpness) < 0.2
        assert told(blurred(small, 2), points).sharpness < 0.6 * sharp


def test_the_scale_tells_small_from_blurred(shots: dict[str, SyntheticFrame]) -> None:
    small = np.asarray(cv2.resize(shots["ben"].image, (96, 96), interpolation=cv2.INTER_AREA))
    points = (shots["ben"].landmarks.picture.astype(np.float64) + 0.5) * 0.3 - 0.5
    matrix = matrix_of(points, "whole", 256)
    crop, placed = warp(small.astype(np.uint8), matrix, (256, 256)), transform(points, matrix)
    assert (
        measure_quality(crop, placed, 1.0).sharpness
        < 0.4 * measure_quality(crop, placed, 3.0).sharpness
    )


def test_a_crop_of_any_size_tells_the_same(shots: dict[str, SyntheticFrame]) -> None:
    for frame in shots.values():
        points = frame.landmarks.picture.astype(np.float64)
        one, other = told(frame.image, points, 256), told(frame.image, points, 512)
        assert np.allclose(astuple(one), astuple(other), atol=0.04)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("light", ["soft", "left", "warm"])
def test_what_covers_a_face_is_noticed(who: str, light: str) -> None:
    free = shot(who, light)
    hidden = microphone(free, "microphone")
    covered = shot(who, light, hidden)
    assert of(free).occlusion < 0.1
    share = 1 - np.count_nonzero(covered.mask) / np.count_nonzero(free.mask)
    assert of(covered).occlusion > of(free).occlusion + 0.4 * share


@pytest.mark.parametrize("who", WHO)
def test_a_hand_over_the_mouth_is_noticed(who: str) -> None:
    free = shot(who)
    hand = replace(microphone(free, "hand"), tone=person(who).tone, size=90)
    assert of(shot(who, "soft", hand)).occlusion > of(free).occlusion + 0.05


def microphone(frame: SyntheticFrame, kind: Kind) -> Occluder:
    """An occluder in front of the mouth."""
    x, y = frame.landmarks.picture[48:60].mean(axis=0)
    return Occluder(kind, (float(x), float(y) + 8), 70)


def test_darkness_covers_nothing(shots: dict[str, SyntheticFrame]) -> None:
    for frame in shots.values():
        for gain in (0.5, 0.25, 0.1):
            assert of(frame, (frame.image * gain).astype(np.uint8)).occlusion < 0.1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_nothing(level: int, shots: dict[str, SyntheticFrame]) -> None:
    frame = shots["ada"]
    quality = of(frame, np.full_like(frame.image, level))
    assert quality.sharpness == 0
    assert abs(quality.brightness - level / 255) < 0.01
    assert 0.15 < quality.occlusion <= 0.3  # no eyes and no lips are visible


def test_no_face_inside_the_crop(shots: dict[str, SyntheticFrame]) -> None:
    frame = shots["ada"]
    points = frame.landmarks.picture.astype(np.float64)
    assert measure_quality(frame.image, points + 5000, 1.0) == Quality(0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="68 points"):
        measure_quality(frame.image, np.full((68, 2), np.nan), 1.0)


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_anything_has_a_quality_between_0_and_1(scale: float) -> None:
    rng = np.random.default_rng(0)
    for spread in (3, 30, 300):
        noise = rng.integers(0, 256, (256, 256, 3), np.uint8)
        quality = measure_quality(noise, rng.normal(128, spread, (68, 2)), scale)
        assert all(0 <= value <= 1 for value in astuple(quality))
