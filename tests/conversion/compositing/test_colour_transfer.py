import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import Mask
from faceswap_ae.conversion.compositing.colour_transfer import (
    BEYOND,
    COLOUR,
    EPS,
    STRONGEST,
    Pair,
    Picture,
    measure_colours,
    recolour,
)
from tests.support.colours import CHANGING, SIDE, cast, moments_of, pooled, swap

LEVEL = 1 / 255
EVERY_WAY = pytest.mark.parametrize("name", COLOUR)
SEEDS = st.integers(0, 10**6)


def some(seed: int, side: int = SIDE) -> Picture:
    """Random soft blots, well within [0, 1], with correlated channels."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(-1, 1, (7, 7, 3)) @ (np.eye(3) + rng.uniform(-0.3, 0.3, (3, 3)))
    blots = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(rng.uniform(0.4, 0.6, 3) + rng.uniform(0.1, 0.2) * blots, np.float32)


def middle(side: int = SIDE) -> Mask:
    """A round mask with a soft edge."""
    mask = np.zeros((side, side), np.float32)
    cv2.circle(mask, (side // 2, side // 2), side // 3, (1.0,), -1)
    return np.asarray(cv2.blur(mask, (5, 5)), np.float32)


def changed(name: str, face: Picture, frame: Picture, mask: Mask) -> Picture:
    colour = COLOUR[name]
    return recolour(colour, face, measure_colours(colour, face, frame, mask))


@EVERY_WAY
@given(SEEDS, st.integers(24, 200))
def test_a_face_with_the_wanted_colours_stays(name: str, seed: int, side: int) -> None:
    face = some(seed, side)
    assert np.abs(changed(name, face, face, middle(side)) - face).max() < LEVEL / 2


@EVERY_WAY
@given(SEEDS)
def test_so_it_does_where_colours_are_pooled(name: str, seed: int) -> None:
    faces = [some(seed + number) for number in range(4)]
    pairs = [measure_colours(COLOUR[name], face, face, middle()) for face in faces]
    result = recolour(COLOUR[name], faces[2], pooled(COLOUR[name], pairs)[2])
    assert np.abs(result - faces[2]).max() < LEVEL / 2


@pytest.mark.parametrize("name", ["mkl", "lct"])
@given(SEEDS, SEEDS)
def test_mean_and_covariance_become_the_wanted_ones(name: str, one: int, other: int) -> None:
    face, frame, mask = some(one), some(other), middle()
    own, wanted = moments_of(face, mask), moments_of(frame, mask)
    colour = COLOUR[name]
    got = moments_of(colour.apply(face, own, wanted), mask)
    assert np.allclose(got[0], wanted[0], atol=1e-5)
    growth = np.linalg.eigvalsh(wanted[1:]).max() / np.linalg.eigvalsh(own[1:]).min()
    if growth < STRONGEST**2:
        # The error is due to the EPS that is added to both covariances.
        assert np.abs(got[1:] - wanted[1:]).max() < EPS * (1 + growth)


@given(SEEDS, SEEDS)
def test_mkl_moves_colours_least(one: int, other: int) -> None:
    face, frame, mask = some(one), some(other), middle()
    away = {
        name: (np.square(COLOUR[name].apply(face, *both(name, face, frame)) - face)).sum(axis=-1)
        for name in ("mkl", "lct")
    }
    assert (away["mkl"] * mask).sum() < (away["lct"] * mask).sum() * 1.01 + 1e-3


def both(name: str, face: Picture, frame: Picture) -> Pair:
    pair = measure_colours(COLOUR[name], face, frame, middle())
    assert pair is not None
    return pair


@given(SEEDS, SEEDS)
def test_channel_by_channel(one: int, other: int) -> None:
    face, frame, mask = some(one), some(other), middle()
    wanted = moments_of(frame, mask)
    mean = COLOUR["average"].apply(face, *both("average", face, frame))
    assert np.allclose(moments_of(mean, mask)[0], wanted[0], atol=1e-5)
    assert np.allclose(mean - face, mean[0, 0] - face[0, 0], atol=1e-5)
    contrast = COLOUR["adain"].apply(face, *both("adain", face, frame))
    got = moments_of(contrast, mask)
    assert np.allclose(got[0], wanted[0], atol=1e-5)
    assert np.allclose(np.sqrt(np.diag(got[1:])), np.sqrt(np.diag(wanted[1:])), atol=2e-3)


@given(SEEDS, st.floats(0.4, 1.6), st.floats(0.4, 1.6))
def test_a_tint_multiplies_and_keeps_to_its_contrast(seed: int, light: float, hard: float) -> None:
    face, mask = some(seed), middle()
    mean = moments_of(face, mask)[0].astype(np.float32)
    frame = np.float32(light) * (mean + np.float32(hard) * (face - mean))
    wanted = np.float32(light) * (
        mean + np.clip(np.float32(hard), 1 / BEYOND, BEYOND) * (face - mean)
    )
    found = COLOUR["tint"].apply(face, *both("tint", face, frame))
    assert np.allclose(found, wanted, atol=4e-3)


@given(SEEDS, SEEDS)
def test_reinhard_matches_lab(one: int, other: int) -> None:
    face, frame, mask = some(one), some(other), middle()
    got, wanted = (
        moments_of(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) / 100, np.float32), mask)
        for picture in (changed("reinhard", face, frame, mask), frame)
    )
    assert np.allclose(got[0], wanted[0], atol=0.015)
    assert np.allclose(np.diag(got[1:]) ** 0.5, np.diag(wanted[1:]) ** 0.5, atol=0.015)


@pytest.mark.parametrize("name", ["histogram", "idt", "sot"])
@given(SEEDS, SEEDS)
def test_whole_distributions_become_the_wanted_ones(name: str, one: int, other: int) -> None:
    face, frame = some(one), some(other)
    seen = middle() > 0.5
    got, wanted = (
        np.quantile(picture[seen], np.linspace(0.05, 0.95, 19), axis=0)
        for picture in (changed(name, face, frame, seen.astype(np.float32)), frame)
    )
    assert np.abs(got - wanted).max() < (0.06 if name == "sot" else 0.03)


def apart(one: Picture, other: Picture, mask: Mask) -> float:
    """The mean distance of two pictures in Lab, inside the mask."""
    labs = [cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) for picture in (one, other)]
    away = np.linalg.norm(labs[0] - labs[1], axis=-1)
    return float((away * mask).sum() / mask.sum())


PAIRS = (("ada", "ben"), ("fatou", "dina"))


def left_over(name: str) -> float:
    """The error that is left after colour transfer from the frame to a swap with a colour cast.

    The input is the true swap with a colour cast. The error is the distance to the true swap.
    """
    rows = []
    for pair in PAIRS:
        frame, truth, mask = swap(*pair)
        rows.append(apart(changed(name, cast(truth), frame, mask), truth, mask))
    return float(np.mean(rows))


def test_a_cast_is_undone() -> None:
    left = {name: left_over(name) for name in COLOUR}
    assert left["none"] > 10
    assert all(left[name] < 0.35 * left["none"] for name in COLOUR if name != "none")
    assert left["mkl"] < 1.1 * min(left.values()) < 2.5
    assert left["average"] == max(left[name] for name in COLOUR if name != "none")


@CHANGING
def test_a_cast_on_the_frame_itself_is_undone(name: str) -> None:
    frame, _, mask = swap("ada", "ben")
    left = apart(changed(name, cast(frame), frame, mask), frame, mask)
    assert left < (6 if name == "average" else 2.5)


@CHANGING
def test_results_are_pictures_and_the_same_each_time(name: str) -> None:
    frame, truth, mask = swap("fatou", "dina")
    face, kept = cast(truth), cast(truth).copy()
    result = changed(name, face, frame, mask)
    assert np.array_equal(changed(name, face, frame, mask[..., None]), result)
    assert np.array_equal(face, kept)
    assert result.dtype == np.float32 and result.shape == face.shape
    assert result.min() >= 0 and result.max() <= 1


@EVERY_WAY
def test_so_much_of_it(name: str) -> None:
    colour, face, frame = COLOUR[name], some(1), some(2)
    pair = measure_colours(colour, face, frame, middle())
    full = recolour(colour, face, pair)
    assert recolour(colour, face, pair, 0.0) is face
    half = recolour(colour, face, pair, 0.5)
    assert np.allclose(half, (face + full) / 2, atol=1e-5)
    assert np.array_equal(full, face) == (name == "none")
    for amount in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            recolour(colour, face, pair, amount)


@EVERY_WAY
def test_what_says_nothing_changes_nothing(name: str) -> None:
    colour, face, frame = COLOUR[name], some(1), some(2)
    nowhere, dot = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    dot[3, 5:8] = 1
    broken = face.copy()
    broken[40, 40, 1] = np.nan
    for bad in ((face, nowhere), (face, dot), (broken, middle())):
        pair = measure_colours(colour, bad[0], frame, bad[1])
        assert pair is None
        assert recolour(colour, bad[0], pair) is bad[0]


@CHANGING
@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_flat_colours_give_no_noise(name: str, noise: float) -> None:
    rng = np.random.default_rng(0)
    face = np.float32(0.4) + rng.normal(0, noise, (SIDE, SIDE, 3)).astype(np.float32)
    flat = np.full((SIDE, SIDE, 3), 0.7, np.float32)
    assert np.abs(changed(name, face, flat, middle()) - 0.7).max() < 2 * LEVEL
    assert np.isfinite(changed(name, some(1), flat, middle())).all()
    busy = changed(name, face, some(1), middle())
    assert np.isfinite(busy).all()
    if name not in ("histogram", "idt", "sot", "reinhard", "light"):  # light is not flat
        spread = busy.astype(np.float64).std(axis=(0, 1)).max()
        assert spread < 1.02 * STRONGEST * max(noise, 1e-6)


@CHANGING
def test_only_what_the_mask_shows_counts(name: str) -> None:
    side = 40  # small enough that every pixel is measured
    mask, face, frame = np.zeros((side, side), np.float32), some(1, side), some(2, side)
    mask[10:30, 8:32] = 1
    other = np.where(mask[..., None] > 0, frame, np.float32(0.9))
    one, two = (measure_colours(COLOUR[name], face, picture, mask) for picture in (frame, other))
    assert one is not None and two is not None and np.array_equal(one, two)


@CHANGING
def test_statistics_have_one_shape_at_every_size(name: str) -> None:
    shapes = set()
    for side in (40, 96, 131, 256):
        pair = measure_colours(COLOUR[name], some(1, side), some(2, side), middle(side))
        assert pair is not None
        shapes.add(pair.shape)
    assert len(shapes) == 1
