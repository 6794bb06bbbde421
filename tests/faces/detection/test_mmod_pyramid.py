import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from faceswap_ae.faces.detection.mmod_pyramid import (
    FoundBox,
    PyramidLayout,
    PyramidLevel,
    ScoreRule,
    boxes,
    draw,
    layout,
)

RULE = ScoreRule((80, 80), 0.3382761351, 1.0)
MEAN = (122.782, 117.001, 104.298)
SIDES = st.integers(7, 900)


def drawn(image: NDArray[np.uint8]) -> tuple[PyramidLayout, NDArray[np.float32]]:
    plan = layout(*image.shape[:2])
    canvas = np.zeros((*plan.canvas, 3), np.float32)
    draw(image, plan, MEAN, canvas)
    return plan, canvas


def shown(canvas: NDArray[np.float32], level: PyramidLevel) -> NDArray[np.float32]:
    return canvas[level.top : level.top + level.height, level.left : level.left + level.width]


def single(row: int, column: int, plan: PyramidLayout) -> FoundBox:
    """The box that a single cell with a score gives."""
    scores = np.full(((plan.canvas[0] - 8) // 8, (plan.canvas[1] - 8) // 8), -1, np.float32)
    scores[row, column] = 0.5
    (found,) = boxes(scores, plan, RULE)
    return found


@pytest.mark.parametrize(
    ("size", "canvas"), [((360, 640), (1353, 662)), ((720, 1280), (2644, 1302))]
)
def test_canvas_of_usual_frames(size: tuple[int, int], canvas: tuple[int, int]) -> None:
    assert layout(*size).canvas == canvas


@given(height=SIDES, width=SIDES)
def test_levels_share_no_pixel_and_keep_the_rim(height: int, width: int) -> None:
    plan = layout(height, width)
    assert plan.levels[0] == PyramidLevel(11, 11, width, height)
    for level in plan.levels:
        assert min(level.left, level.top) >= 11
        assert level.left + level.width <= plan.canvas[1] - 11
        assert level.top + level.height <= plan.canvas[0] - 11
    for one, other in itertools.combinations(plan.levels, 2):
        across = max(one.left, other.left) - min(one.left + one.width, other.left + other.width)
        down = max(one.top, other.top) - min(one.top + one.height, other.top + other.height)
        assert max(across, down) >= 0


@given(height=SIDES, width=SIDES)
def test_each_level_is_five_sixths_of_the_one_before(height: int, width: int) -> None:
    levels = layout(height, width).levels
    for before, after in itertools.pairwise(levels):
        assert after.width == before.width * 5 // 6
        assert after.height == before.height * 5 // 6
    assert levels[-1].height >= 5


def test_the_largest_level_is_the_image_and_gaps_are_empty() -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    plan, canvas = drawn(image)
    assert np.allclose(shown(canvas, plan.levels[0]), (image - np.array(MEAN)) / 256, atol=1e-6)
    for level in plan.levels:
        shown(canvas, level)[:] = 0
    assert not canvas.any()


def test_smaller_levels_keep_their_corners_and_are_linear_between() -> None:
    image = np.random.default_rng(1).integers(0, 256, (61, 83, 3), np.uint8)
    plan, canvas = drawn(image)
    for before, after in itertools.pairwise(plan.levels):
        source = shown(canvas, before).astype(float)
        x, y = (
            np.linspace(0, old - 1, new)
            for old, new in ((before.width, after.width), (before.height, after.height))
        )
        across = [
            [np.interp(x, np.arange(before.width), line) for line in source[..., channel]]
            for channel in range(3)
        ]
        expected = [
            [np.interp(y, np.arange(before.height), line) for line in np.transpose(lines)]
            for lines in across
        ]
        assert np.allclose(shown(canvas, after), np.transpose(expected), atol=1e-4)


def test_drawing_again_leaves_nothing_of_the_last_image() -> None:
    rng = np.random.default_rng(2)
    first, second = (rng.integers(0, 256, (50, 40, 3), np.uint8) for _ in range(2))
    plan, canvas = drawn(first)
    draw(second, plan, MEAN, canvas)
    assert np.array_equal(canvas, drawn(second)[1])


def test_a_cell_of_the_largest_level_is_its_window() -> None:
    # Cell 10 is at pixel 94 of the canvas, which is pixel 83 of the image. The window extends 39.5
    # pixels to either side.
    assert single(9, 10, layout(360, 640)) == FoundBox(44, 36, 123, 115, 0.5)


def test_halves_go_away_from_zero_as_in_dlib() -> None:
    # The cell is at pixel 3 of the image. The window is from -36.5 to 42.5.
    assert single(0, 0, layout(360, 640)) == FoundBox(-37, -37, 43, 43, 0.5)


@pytest.mark.parametrize("number", [1, 2, 5, 9])
def test_a_cell_of_a_smaller_level_is_carried_up(number: int) -> None:
    plan = layout(360, 640)
    level = plan.levels[number]
    column = math.ceil((level.left + level.width / 2 - 14) / 8)
    row = math.ceil((level.top + level.height / 2 - 14) / 8)
    found = single(row, column, plan)
    scale = 1.2**number
    assert found.right - found.left == pytest.approx(79 * scale, abs=1)
    assert found.bottom - found.top == pytest.approx(79 * scale, abs=1)
    # The middle of a level is the middle of the image, within a cell and the offset of each step.
    assert (found.left + found.right) / 2 == pytest.approx(320, abs=(8 + 2) * scale)
    assert (found.top + found.bottom) / 2 == pytest.approx(180, abs=(8 + 2) * scale)


def test_a_cell_between_levels_belongs_to_the_nearest() -> None:
    plan = layout(100, 100)
    first, second = plan.levels[:2]
    assert (first.top + first.height, second.top) == (111, 121)
    above, below = single(12, 6, plan), single(13, 6, plan)  # pixels 110 and 118 of the canvas
    assert above.right - above.left == 79
    assert below.right - below.left == pytest.approx(79 * 1.2, abs=1)


def area(box: tuple[int, int, int, int]) -> int:
    left, top, right, bottom = box
    return (right - left + 1) * (bottom - top + 1) if right >= left and bottom >= top else 0


def repeats(one: FoundBox, other: FoundBox, rule: ScoreRule) -> bool:
    """Whether two boxes overlap too much, by King's rule (non-maximum suppression)."""
    a, b = ((box.left, box.top, box.right, box.bottom) for box in (one, other))
    low, high = tuple(map(min, a, b)), tuple(map(max, a, b))
    shared = area((high[0], high[1], low[2], low[3]))
    around = area((low[0], low[1], high[2], high[3]))
    if shared == 0:
        return False
    return shared / around > rule.overlap or shared / min(area(a), area(b)) > rule.covered


@given(
    seed=st.integers(0, 10**6),
    threshold=st.floats(-1, 1),
    overlap=st.floats(0.1, 0.9),
    covered=st.floats(0.5, 1),
)
def test_the_best_boxes_that_repeat_none_are_kept(
    seed: int, threshold: float, overlap: float, covered: float
) -> None:
    plan = layout(60, 80)
    shape = plan.canvas[0] // 8 - 2, plan.canvas[1] // 8 - 2
    scores = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    never = ScoreRule((80, 80), 1.0, 1.0)  # keeps every box
    rule = ScoreRule((80, 80), overlap, covered)
    expected: list[FoundBox] = []
    for one in boxes(scores, plan, never, threshold):
        if not any(repeats(one, other, rule) for other in expected):
            expected.append(one)
    assert boxes(scores, plan, rule, threshold) == expected


def test_every_cell_above_the_threshold_counts_best_first() -> None:
    plan = layout(60, 80)
    scores = np.random.default_rng(3).normal(size=(12, 9)).astype(np.float32)
    found = boxes(scores, plan, ScoreRule((80, 80), 1.0, 1.0), -0.5)
    assert [one.score for one in found] == sorted(scores[scores > -0.5].tolist(), reverse=True)


def test_no_cell_no_box() -> None:
    assert boxes(np.full((9, 9), -0.1, np.float32), layout(60, 80), RULE) == []
    assert boxes(np.zeros((9, 9), np.float32), layout(60, 80), RULE) == []
