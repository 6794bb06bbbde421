import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap_ae.common.geometry import (
    Floats,
    Image,
    Matrix,
    compose,
    invert,
    scale_of,
    transform,
    warp,
)
from faceswap_ae.conversion.compositing.blending import BLEND, corrected, feather, field, laplacian
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.synthetic.people import alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIDE = 64
CAST = np.array([0.1, 0.0, -0.1], np.float32)
UPRIGHT = np.array([[0.8, 0.0, -20.0], [0.0, 0.8, -10.0]])

methods = pytest.mark.parametrize("method", BLEND)


def placed(angle: float = 0.0, scale: float = 1.0, at: tuple[float, float] = (60, 50)) -> Matrix:
    """A matrix from frame to crop: `scale` crop pixels per frame pixel, crop centre at `at`."""
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([linear, (SIDE - 1) / 2 - linear @ np.array(at)])


matrices = st.builds(
    placed,
    st.floats(-np.pi, np.pi),
    st.floats(0.1, 10),
    st.tuples(st.floats(-40, 160), st.floats(-40, 140)),
)


def noise(shape: tuple[int, ...] = (100, 120, 3), seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def random_face(seed: int = 1) -> Floats:
    return np.random.default_rng(seed).random((SIDE, SIDE, 3), np.float32)


def oval(side: int = SIDE, soft: float = 0.03) -> Floats:
    mask = np.zeros((side, side), np.float32)
    cv2.ellipse(mask, (side // 2, side // 2), (side // 4, side // 3), 0, 0, 360, 1, -1)
    blurred = cv2.GaussianBlur(mask, (0, 0), soft * side)
    return np.where(blurred < 0.01, np.float32(0), blurred).astype(np.float32)


def grey(level: int = 120, shape: tuple[int, int] = (100, 120)) -> Image:
    return np.full((*shape, 3), level, np.uint8)


def tinted(level: int = 120) -> Floats:
    return (np.full((SIDE, SIDE, 3), level / 255, np.float32) + CAST).astype(np.float32)


def cut(frame: Image, matrix: Matrix, cast: float = 0.0) -> Floats:
    return np.asarray(warp(frame, matrix, (SIDE, SIDE)) / 255 + cast * CAST, np.float32)


def touched(mask: Floats, matrix: Matrix, shape: tuple[int, ...]) -> Image:
    """1 where a frame's pixel, or a neighbour of it, may show a part of the mask."""
    y, x = np.indices(shape[:2])
    points = transform(np.stack([x.ravel(), y.ravel()], axis=-1).astype(float), matrix)
    grown = cv2.dilate(np.pad((mask > 0).astype(np.uint8), 16), np.ones((3, 3), np.uint8))
    column, row = np.clip(points.round().astype(int) + 16, 0, len(grown) - 1).T
    return np.asarray(grown[row, column].reshape(shape[:2]), np.uint8)


@methods
@given(matrix=matrices)
def test_a_mask_of_zeros_gives_the_frame_back(method: str, matrix: Matrix) -> None:
    frame = noise()
    empty = np.zeros((SIDE, SIDE), np.float32)
    assert np.array_equal(BLEND[method](frame, random_face(), empty, matrix), frame)


@methods
@settings(max_examples=25)
@given(matrix=matrices)
def test_nothing_changes_where_the_mask_is_not(method: str, matrix: Matrix) -> None:
    frame, before = noise(), noise()
    blended = BLEND[method](frame, random_face(), oval(), matrix)
    near = touched(oval(), matrix, frame.shape)
    # If the crop is reduced, one pixel of the frame depends on several pixels of the crop.
    away = cv2.dilate(near, np.ones((5, 5), np.uint8)) == 0 if scale_of(matrix) > 1 else near == 0
    assert np.array_equal(blended[away], frame[away])
    assert np.array_equal(frame, before)


@methods
def test_what_is_under_the_mask_changes_and_always_in_the_same_way(method: str) -> None:
    frame, bright = noise(), np.ones((SIDE, SIDE, 3), np.float32)
    bright[::2] = 0
    blended = BLEND[method](frame, bright, oval(), UPRIGHT)
    assert (blended != frame).mean() > 0.1
    assert np.array_equal(blended, BLEND[method](frame, bright, oval(), UPRIGHT))


@methods
@pytest.mark.parametrize(
    ("angle", "scale", "shift"),
    [(0.0, 1.0, 0.0), (0.0, 1.0, 0.5), (0.4, 0.5, 0.3), (-1.1, 1.6, 0.8), (2.0, 3.1, 0.4)],
)
def test_a_crop_lands_where_it_was_cut(
    method: str, angle: float, scale: float, shift: float
) -> None:
    reach = 9 / scale
    y, x = np.indices((240, 260))
    there = (130 + shift, 120 - shift)
    bump = 90 * np.exp(-((x - there[0]) ** 2 + (y - there[1]) ** 2) / (2 * (reach / 2) ** 2))
    frame = grey(120, (240, 260))
    full = (frame + bump[..., None]).round().astype(np.uint8)
    matrix = placed(angle, scale, (130.0, 120.0))
    crop = cut(full, matrix)
    found = BLEND[method](frame, crop, oval(), matrix).astype(float)[..., 0] - 120
    weight = np.clip(found - 10, 0, None)
    centre = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
    assert np.linalg.norm(centre - there) < 0.25
    assert found.max() > 40


@methods
@pytest.mark.parametrize("scale", [0.4, 1.0, 1.9])
def test_a_crop_put_back_is_hardly_seen(method: str, scale: float) -> None:
    y, x = np.indices((240, 260))
    waves = 120 + 60 * np.sin(x / 17) * np.cos(y / 23 + 1)
    frame = np.stack([waves, waves + 20, waves - 20], axis=-1).round().astype(np.uint8)
    matrix = placed(0.3, scale, (130.0, 120.0))
    crop = cut(frame, matrix)
    off = np.abs(BLEND[method](frame, crop, oval(), matrix).astype(int) - frame)
    assert off.max() <= 4 and off.mean() < 0.2


def test_a_cast_has_no_seam_though_the_mask_is_hard() -> None:
    steps = {}
    for method, blend in BLEND.items():
        blended = blend(grey(), tinted(), oval(soft=0.005), UPRIGHT).astype(int)
        steps[method] = np.abs(np.diff(blended, axis=1)).max()
    assert min(steps["none"], steps["feather"]) > 15
    assert max(steps["laplacian"], steps["poisson"], steps["poisson-stable"]) <= 4


@pytest.mark.parametrize("method", ["poisson", "poisson-stable"])
def test_poisson_takes_the_frames_colours(method: str) -> None:
    off = BLEND[method](grey(), tinted(), oval(), UPRIGHT).astype(int) - 120
    assert np.abs(off).max() <= 2


def test_laplacian_keeps_the_middle_and_fades_towards_the_edge() -> None:
    matrix = placed(0, 0.25, (130, 120))
    off = laplacian(grey(120, (240, 260)), tinted(), oval(), matrix).astype(int)[120, :, 0] - 120
    assert off[130] > 15
    rising = np.diff(off[65:131])
    assert rising.min() >= 0 and rising.max() <= 1


@methods
def test_details_stay_as_sharp_as_in_the_crop(method: str) -> None:
    """The crop has stripes of two pixels, at the scale of the frame."""
    stripes = np.tile(np.repeat(np.array([0.3, 0.6], np.float32), 2), (SIDE, SIDE // 4))
    face = np.dstack([stripes] * 3)
    matrix = np.array([[1.0, 0.0, -30.5], [0.0, 1.0, -20.0]])
    found = BLEND[method](grey(115), face, oval(), matrix)[46:58, 56:68, 0]
    assert float(found.std()) > 0.8 * 255 * float(stripes.std())  # linear sampling would give 0.7


@methods
def test_a_face_seen_from_afar_does_not_alias(method: str) -> None:
    stripes = np.tile(np.array([0, 1], np.float32), (SIDE, SIDE // 2))
    matrix = placed(0.0, 3.3, (60.0, 50.0))
    found = BLEND[method](grey(127), np.dstack([stripes] * 3), oval(), matrix)
    assert found[48:53, 58:63].std() < 20


@methods
def test_colours_beyond_white_do_not_wrap(method: str) -> None:
    for value, frame in ((1.4, grey(250)), (-0.4, grey(5))):
        face = np.full((SIDE, SIDE, 3), value, np.float32)
        off = BLEND[method](frame, face, oval(), UPRIGHT).astype(int) - frame
        assert (off.min() >= -3) if value > 1 else (off.max() <= 3)


@methods
@pytest.mark.parametrize("at", [(0.0, 50.0), (119.0, 50.0), (60.0, 0.0), (119.0, 99.0)])
def test_a_face_that_leaves_the_frame(method: str, at: tuple[float, float]) -> None:
    """The visible part looks the same as in a larger frame that shows the whole face."""
    soft = cv2.GaussianBlur(noise((300, 320, 3)).astype(np.float32), (0, 0), 25)
    wide = ((soft - 127) * 20 + 127).clip(0, 255).astype(np.uint8)
    frame = np.ascontiguousarray(wide[100:200, 100:220])
    matrix = placed(0.2, 0.8, at)
    whole = compose(matrix, np.array([[1.0, 0.0, -100.0], [0.0, 1.0, -100.0]]))
    crop = cut(wide, whole, cast=0.5)
    blended = BLEND[method](frame, crop, oval(), matrix)
    wished = BLEND[method](wide, crop, oval(), whole)[100:200, 100:220]
    assert (blended != frame).any()
    off = np.abs(blended.astype(int) - wished)
    assert off.mean() < (0.2 if method == "poisson" else 0.01)


@methods
@pytest.mark.parametrize("side", [1, 2, 5, 31, 300])
def test_odd_masks(method: str, side: int) -> None:
    face = np.full((side, side, 3), 0.5, np.float32)
    thin = np.zeros((side, side), np.float32)
    np.fill_diagonal(thin, 1)
    matrix = np.array([[side / 50, 0.0, -side / 5], [0.0, side / 50, -side / 5]])
    for mask in (np.ones((side, side), np.float32), thin, np.eye(1, side**2).reshape(side, side)):
        blended = BLEND[method](noise(), face, mask.astype(np.float32), matrix)
        assert blended.shape == (100, 120, 3) and blended.dtype == np.uint8


@pytest.mark.parametrize("method", ["laplacian", "poisson-stable"])
def test_what_lies_outside_the_mask_does_not_matter(method: str) -> None:
    mask = oval(soft=0.02)
    odd = np.where(mask[..., None] < 0.1, np.float32(0), tinted()).astype(np.float32)
    clean, spoilt = (BLEND[method](grey(), face, mask, UPRIGHT) for face in (tinted(), odd))
    off = np.abs(clean.astype(int) - spoilt)
    assert off.mean() < 0.2 and off.max() < 20


def test_the_field_is_what_the_frame_has_more() -> None:
    found = field(grey(), tinted(), oval(), UPRIGHT)
    assert found.shape == (64, 64, 3)
    assert np.allclose(found, -CAST, atol=0.005)
    assert np.allclose(corrected(tinted(), found), 120 / 255, atol=0.01)


def test_the_field_goes_evenly_from_edge_to_edge() -> None:
    ramp = np.linspace(60, 180, 120).round().astype(np.uint8)
    frame = np.dstack([np.tile(ramp, (100, 1))] * 3)
    found = field(frame, np.full((SIDE, SIDE, 3), 0.5, np.float32), oval(), UPRIGHT)[32, :, 0]
    seen = transform(np.array([[20.0, 32], [32, 32], [44, 32]]), invert(UPRIGHT))[:, 0]
    wished = np.interp(seen, np.arange(120), ramp) / 255 - 0.5
    assert np.allclose(found[[20, 32, 44]], wished, atol=0.05)


def test_a_mask_without_an_edge_has_no_field() -> None:
    assert not field(grey(), tinted(), np.ones((SIDE, SIDE), np.float32), UPRIGHT).any()


def test_ben_on_ada_under_another_light() -> None:
    """Blending is closer to the true swap than feathering alone."""
    act, setting = Act(face=110, roll=6), Setting((160, 160))
    shown = render(alone(person("ada")), act, setting)
    truth = render(hybrid(person("ben"), person("ada")), act, setting).image
    matrix = matrix_of(shown.landmarks.picture, "full", 128)
    cast = warp(truth, matrix, (128, 128)) / 255 + CAST / 2
    face = cast.astype(np.float32)
    outline = hull_mask(transform(shown.landmarks.picture, matrix), (128, 128))
    inner = cv2.erode(outline, np.ones((7, 7), np.uint8)).astype(np.float32) / 255
    mask = np.asarray(cv2.blur(inner, (7, 7)), np.float32)

    def off(image: Image) -> float:
        return float(np.abs(image.astype(int) - truth).mean())

    soft, mixed = (blend(shown.image, face, mask, matrix) for blend in (feather, laplacian))
    assert off(mixed) < 0.85 * off(soft) < 0.85 * off(shown.image)
