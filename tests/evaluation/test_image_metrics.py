from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import structural_similarity

from faceswap_ae.common.geometry import Flags, Image
from faceswap_ae.evaluation.image_metrics import aligned, overlap, psnr, seam, sharpness, ssim
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

WHO = ["ada", "ben"]
MASKS = arrays(np.bool_, (12, 10))


def shot(who: str) -> SyntheticFrame:
    return render(alone(person(who)), Act(face=140, yaw=8), Setting((240, 240), grain=0.003))


@pytest.fixture(scope="module")
def faces() -> dict[str, tuple[Image, Flags]]:
    """Each person's aligned picture of 256 pixels, and the mask of the face in it."""
    made = {}
    for who in WHO:
        frame = shot(who)
        points = frame.landmarks.picture.astype(np.float64)
        made[who] = aligned(frame.image, points), aligned(frame.mask, points) > 127
    return made


def blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def lighter(image: Image, mask: Flags, levels: int) -> Image:
    """Make a picture lighter inside the mask."""
    changed = np.clip(image.astype(int) + levels, 0, 255)
    return np.where(mask[..., None], changed, image).astype(np.uint8)


def test_faces_are_cut_out_wherever_they_are(faces: dict[str, tuple[Image, Flags]]) -> None:
    frame = shot("ada")
    points = frame.landmarks.picture.astype(np.float64)
    wide = cv2.copyMakeBorder(frame.image, 20, 30, 40, 10, cv2.BORDER_REFLECT_101)
    there = aligned(np.asarray(wide, np.uint8), points + np.array([40, 20]))
    face, mask = faces["ada"]
    assert face.shape == (256, 256, 3) and mask.mean() > 0.2
    assert np.abs(there.astype(int) - face)[mask].max() <= 1


def test_the_same_picture_is_perfect(faces: dict[str, tuple[Image, Flags]]) -> None:
    for face, mask in faces.values():
        assert np.isclose(ssim(face, face, mask), 1) and psnr(face, face, mask) == np.inf
        assert sharpness(face, face, mask) == 1 and seam(face, face, mask) == 0


def test_ssim_is_that_of_skimage(faces: dict[str, tuple[Image, Flags]]) -> None:
    face, mask = faces["ada"]
    noise = np.random.default_rng(0).normal(0, 12, face.shape)
    made = np.clip(blurred(face, 1.5) + noise, 0, 255).astype(np.uint8)
    luma = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (face, made)]
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    _, everywhere = structural_similarity(*luma, data_range=255, full=True, **settings)  # type: ignore[no-untyped-call]
    assert np.isclose(ssim(made, face, mask), everywhere[mask].mean(), atol=1e-6)
    assert ssim(made, face, mask) < 0.9


def test_psnr_by_hand(faces: dict[str, tuple[Image, Flags]]) -> None:
    face, mask = faces["ben"]
    grey = np.clip(face, 0, 240).astype(np.uint8)
    assert np.isclose(psnr(lighter(grey, mask, 10), grey, mask), 20 * np.log10(25.5), atol=0.05)


def test_what_is_outside_the_face_does_not_count(faces: dict[str, tuple[Image, Flags]]) -> None:
    face, mask = faces["ada"]
    around = np.where(cv2.dilate(mask.astype(np.uint8), np.ones((15, 15))) > 0, 0, 255)
    other = np.maximum(face, around[..., None]).astype(np.uint8)
    assert not np.array_equal(other, face)
    assert np.isclose(ssim(other, face, mask), 1, atol=1e-3) and psnr(other, face, mask) == np.inf
    assert np.isclose(sharpness(other, face, mask), 1)


def test_blur_and_noise_show_in_the_sharpness(faces: dict[str, tuple[Image, Flags]]) -> None:
    for face, mask in faces.values():
        levels = [sharpness(blurred(face, sigma), face, mask) for sigma in (0.4, 0.8, 1.3, 2, 4)]
        assert levels[0] < 1 and all(after < 0.9 * before for before, after in pairwise(levels))
        noise = np.random.default_rng(0).normal(0, 8, face.shape)
        assert sharpness(np.clip(face + noise, 0, 255).astype(np.uint8), face, mask) > 1.1
        assert abs(sharpness(lighter(face, mask, 12), face, mask) - 1) < 0.05


def test_a_line_along_the_border_sharpens_nothing(faces: dict[str, tuple[Image, Flags]]) -> None:
    for face, mask in faces.values():
        inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        drawn = np.where((mask & ~inner)[..., None], 255, face).astype(np.uint8)
        assert abs(sharpness(drawn, face, mask) - 1) < 0.02
        assert seam(drawn, face, mask) > 10


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_face_of_another_brightness_has_a_seam(
    sign: int, faces: dict[str, tuple[Image, Flags]]
) -> None:
    for face, mask in faces.values():
        steps = [seam(lighter(face, mask, sign * by), face, mask) for by in (0, 3, 8, 20)]
        assert all(after > before + 0.5 for before, after in pairwise(steps))
        assert steps[-1] < 20
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 9)[..., None] * 20 * sign
        feathered = np.clip(face + soft, 0, 255).astype(np.uint8)
        assert seam(feathered, face, mask) < 0.5 * steps[-1]


def test_a_blurred_picture_has_no_seam(faces: dict[str, tuple[Image, Flags]]) -> None:
    for face, mask in faces.values():
        assert seam(blurred(face, 2), face, mask) < 1
        everything = np.ones_like(mask)
        assert np.isnan(seam(face, face, everything)), "the picture's edge is no border"


def test_no_face_no_figure(faces: dict[str, tuple[Image, Flags]]) -> None:
    face, mask = faces["ada"]
    none = np.zeros_like(mask)
    assert all(np.isnan(figure(face, face, none)) for figure in (ssim, psnr, sharpness, seam))
    flat = np.full_like(face, 90)
    assert np.isnan(sharpness(face, flat, mask))


@given(MASKS, MASKS)
def test_overlap_is_a_share(one: Flags, other: Flags) -> None:
    share = overlap(one, other)
    assert 0 <= share <= 1 and share == overlap(other, one)
    assert (share == 1) == np.array_equal(one, other)


@given(st.integers(0, 10))
def test_overlap_by_hand(by: int) -> None:
    row = np.zeros((4, 40), np.bool_)
    row[1, 5:15] = True
    assert np.isclose(overlap(row, np.roll(row, by, axis=1)), (10 - by) / (10 + by))
