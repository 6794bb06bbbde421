import math
from typing import Any

from benchmarks.claims_page import adversarial_words, compared, figure, mask_words, perceptual_words

WORSE, SAME, BETTER = [0.1, 0.1], [0.5, 0.5], [0.9, 0.9]


def result(sharpness: list[float], detail: list[float], ssim: list[float]) -> Any:
    return {"swap": {"sharpness": sharpness, "detail": detail}, "again": {"ssim": ssim}}


def adversarial(*other: list[float]) -> str:
    plain = result(SAME, SAME, SAME)
    return adversarial_words({"plain": plain, "plain again": plain, "adversarial": result(*other)})


def test_sharper_and_as_near_to_the_truth_is_what_is_claimed() -> None:
    assert "**Shows: sharper, at equal reconstruction.**" in adversarial(BETTER, SAME, SAME)


def test_what_sharpness_costs_is_told() -> None:
    words = adversarial(BETTER, WORSE, WORSE)
    assert "**Shows in part: sharper, but the detail is less the truth's and faces" in words
    assert "by .400 (noise .000)" in words
    assert "−.40" in words


def test_a_claim_that_does_not_show_is_told_with_its_figure() -> None:
    assert "**Does not show at this budget.**" in adversarial(WORSE, SAME, SAME)
    assert "−.40" in adversarial(WORSE, SAME, SAME)


def test_less_gaze_error_is_better() -> None:
    same = {"gaze": SAME, "identity": SAME, "apart": SAME, "detail": SAME}
    plain = {"steps": 30, "swap": same}
    other = {"steps": 10, "swap": same | {"gaze": WORSE, "apart": BETTER, "detail": WORSE}}
    words = perceptual_words({"plain": plain, "plain again": plain, "perceptual": other})
    gaze, owner, truth, *_, cost = words.splitlines()
    assert gaze.startswith("- **Shows:** the gaze's error is less by .400")
    assert owner.startswith("- **Does not show at this budget:**")
    assert truth.startswith("- **The contrary shows:**")
    assert "3.0 times fewer steps" in cost
    assert "the truth's changes by −.40" in words


def test_frames_in_which_not_all_show_an_iris_are_told() -> None:
    every = {"identity": SAME, "apart": SAME, "detail": SAME}
    plain = {"steps": 30, "swap": every | {"gaze": SAME}}
    other = {"steps": 10, "swap": every | {"gaze": [0.1, math.nan]}}
    found = {"plain": plain, "plain again": plain, "perceptual": other}
    gaze, owner, *_ = perceptual_words(found).splitlines()
    assert "less by .400 (noise .000), in the 1 frames" in gaze
    assert "in the" not in owner


def test_a_mask_that_is_worse_than_the_hull_is_told_so() -> None:
    masks = {"learned": {"iou": WORSE}, "hull": {"iou": SAME}, "both": {"iou": BETTER}}
    alone, together = mask_words({"mask": {"masks": masks}}).splitlines()
    assert "Alone: Does not show at this budget: the hull is nearer.**" in alone
    assert "With the hull: Shows.**" in together


def test_what_was_not_measured_is_left_open_in_a_table() -> None:
    rows = [("one", {"swap": {"ssim": SAME}}), ("other", {})]
    assert compared([("SSIM", figure("swap", "ssim"))], rows).endswith(
        "| one | .50 |\n| other | – |\n"
    )
