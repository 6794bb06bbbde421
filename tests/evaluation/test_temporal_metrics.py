from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from faceswap_ae.common.geometry import Flags, Image, Points, transform
from faceswap_ae.evaluation.temporal_metrics import (
    FacePair,
    flicker,
    jitter,
    mean_colour,
    quad,
    warping_error,
)
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.synthetic.film import Film, frame
from faceswap_ae.synthetic.scene import SyntheticFrame

QUADS = arrays(np.float64, (6, 4, 2), elements=st.floats(-100, 100))
PLACES = st.tuples(st.floats(-300, 300), st.floats(-300, 300))
Clip = list[tuple[SyntheticFrame, SyntheticFrame]]  # original frames, true swap


@pytest.fixture(scope="module")
def clip() -> Clip:
    def shot(as_if: str | None, index: int) -> SyntheticFrame:
        film = Film("ada", as_if, seconds=Fraction(2), fps=Fraction(25), size=(256, 224), seed=5)
        return frame(film, index)

    return [(shot(None, index), shot("ben", index)) for index in range(6)]


def lighter(image: Image, mask: Flags, levels: int) -> Image:
    changed = np.clip(image.astype(int) + levels, 0, 255)
    return np.where(mask[..., None], changed, image).astype(np.uint8)


def trembles(clip: Clip, swapped: list[Image]) -> float:
    shown = [FacePair(own.image, made) for (own, _), made in zip(clip, swapped, strict=True)]
    masks = [true.mask > 127 for _, true in clip[1:]]
    steps = zip(pairwise(shown), masks, strict=True)
    return float(np.mean([warping_error(*two, mask) for two, mask in steps]))


def faces(clip: Clip) -> list[tuple[Image, Flags]]:
    return [(true.image, true.mask > 127) for _, true in clip]


def test_a_quad_is_the_crop(clip: Clip) -> None:
    points = clip[0][0].landmarks.picture.astype(np.float64)
    corners = transform(quad(points), matrix_of(points, "whole", 1))
    assert np.allclose(corners, np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2)


@given(QUADS, PLACES, PLACES)
def test_even_motion_is_no_jitter(
    quads: Points, start: tuple[float, float], speed: tuple[float, float]
) -> None:
    gone = np.arange(6)[:, None, None] * np.array(speed) + start
    assert np.allclose(jitter(quads + gone), jitter(quads), atol=1e-9)
    assert np.allclose(jitter(np.broadcast_to(quads[0], quads.shape) + gone), 0, atol=1e-9)


def test_jitter_by_hand() -> None:
    quads = np.zeros((4, 4, 2))
    quads[1] = [3, 4]
    assert jitter(quads).tolist() == [10, 5]
    assert len(jitter(quads[:2])) == 0


@given(arrays(np.float64, (8, 3), elements=st.floats(0, 255)), st.floats(-50, 50))
def test_a_steady_tint_does_not_flicker(colours: Points, by: float) -> None:
    assert np.isclose(flicker(colours + by), flicker(colours), atol=1e-6)
    fading = np.linspace(0, 1, 8)[:, None] * [by, -by, 2 * by]
    assert np.isclose(flicker(fading), 0, atol=1e-6)


def test_flicker_by_hand() -> None:
    there_and_back = np.array([[0.0, 0, 0], [4, 4, 4], [0, 0, 0]])
    assert flicker(there_and_back) == 4
    assert np.isnan(flicker(there_and_back[:1]))


def test_mean_colour_is_the_face_alone() -> None:
    image: Image = np.zeros((8, 8, 3), np.uint8)
    mask = np.zeros((8, 8), np.bool_)
    mask[2:4, 2:6] = True
    image[mask] = [10, 20, 30]
    assert mean_colour(image, mask).tolist() == [10, 20, 30]
    assert np.all(np.isnan(mean_colour(image, ~mask & mask)))


def test_colours_that_come_and_go(clip: Clip) -> None:
    def told(levels: int) -> float:
        signs = [1, -1] * 3
        made = [
            lighter(*face, levels * sign) for face, sign in zip(faces(clip), signs, strict=True)
        ]
        masks = [mask for _, mask in faces(clip)]
        return flicker(np.stack([mean_colour(*one) for one in zip(made, masks, strict=True)]))

    assert told(0) < 2 and told(3) > 4 and told(8) > 12


def test_a_true_swap_is_as_steady_as_the_film(clip: Clip) -> None:
    assert trembles(clip, [own.image for own, _ in clip]) == 0
    assert abs(trembles(clip, [true.image for _, true in clip])) < 0.8
    tinted = [lighter(*face, 8) for face in faces(clip)]
    assert abs(trembles(clip, tinted)) < 0.8


def test_what_trembles_is_told(clip: Clip) -> None:
    true = trembles(clip, [image for image, _ in faces(clip)])
    blinking = [lighter(*face, 5 * (-1) ** n) for n, face in enumerate(faces(clip))]
    assert trembles(clip, blinking) > true + 4
    shaking = [np.roll(image, (-1) ** n, axis=1) for n, (image, _) in enumerate(faces(clip))]
    assert trembles(clip, shaking) > true + 2


def test_a_face_that_stays_behind(clip: Clip) -> None:
    """The original's motion counts: a face that stands still while the head moves has jitter."""
    first = clip[0][1].image
    stuck = [np.where(mask[..., None], first, image) for image, mask in faces(clip)]
    assert trembles(clip, stuck) > trembles(clip, [image for image, _ in faces(clip)]) + 1


@pytest.mark.parametrize("size", [(32, 32), (40, 200)])
def test_faces_of_a_pixel_in_a_corner(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    one, other = (FacePair(image, image) for image in rng.integers(0, 255, (2, *size, 3), np.uint8))
    mask = np.zeros(size, np.bool_)
    assert np.isnan(warping_error(one, other, mask))
    mask[0, -1] = True
    assert warping_error(one, other, mask) == 0
