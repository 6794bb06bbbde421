import json
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.evaluation.evaluate import evaluate, evaluation_to_json, format_evaluation
from faceswap_ae.evaluation.frame_metrics import HIGHEST
from faceswap_ae.evaluation.scores import LEFT, LOST, SCORES
from faceswap_ae.evaluation.wording import SwapNames
from tests.support.swaps import COUNT, COVERED, KEPT, Swapped

pytest_plugins = ("tests.support.swap_fixtures",)
pytestmark = pytest.mark.usefixtures("_remembers")


def test_the_faults_of_a_swap_are_found(swapped: Swapped) -> None:
    found = swapped.measured
    assert found.missed == {KEPT: LEFT, COVERED: LOST}
    assert found.seen == COUNT
    assert {one.frame for one in found.worst[:2]} == {KEPT, COVERED}
    figures = found.summary
    assert figures["missed"].value == 2
    share = figures["nearer_to_owner"].value
    assert share == pytest.approx((COUNT - 2) / (COUNT - 1))  # one frame shows no face
    assert 0.3 < (figures["sharpness"].value or 0) < 0.9  # the swap is blurred
    assert (figures["psnr_gain"].value or 0) > 3


def test_every_figure_has_its_floor(swapped: Swapped) -> None:
    figures = swapped.measured.summary
    for name in ("pose", "expression", "mouth", "eyes", "gaze", "jitter", "flicker", "seam"):
        floor, value = figures[name].floor, figures[name].value
        assert floor is not None and value is not None
        assert floor > 0, name
    for name in ("pose", "expression", "mouth", "eyes"):
        floor = figures[name].floor
        assert floor is not None
        assert floor < (figures[name].truth or 0), name  # the true swap has another face
    assert figures["id_owner"].floor is not None
    assert 35 < (figures["psnr"].floor or 0) < HIGHEST
    assert figures["ssim"].floor == pytest.approx(1, abs=0.1)


def test_the_true_swap_is_perfect(swapped: Swapped) -> None:
    found = evaluate(swapped.truth / "clip.mkv", swapped.owner, swapped.onto, swapped.truth)
    figures = {name: one.value for name, one in found.summary.items()}
    assert figures["psnr"] == figures["psnr_coloured"] == HIGHEST
    assert figures["ssim"] == pytest.approx(1)
    assert figures["nearer_to_owner"] == 1
    assert figures["missed"] == 0
    assert figures["jitter_ratio"] == 1
    for name in ("pose", "expression", "eyes", "mouth", "gaze"):
        assert figures[f"{name}_truth"] == 0
        assert figures[name] == found.summary[name].truth
    other = figures["psnr_other"]
    assert other is not None
    assert 20 < other < 60  # the other definition of truth has another chin
    assert found.names == SwapNames("ben", "play")


def test_the_untouched_clip_is_the_replaced_person(swapped: Swapped) -> None:
    found = evaluate(swapped.onto / "clip.mp4", swapped.owner, swapped.onto)
    figures = {name: one.value for name, one in found.summary.items()}
    assert figures["nearer_to_owner"] == figures["retrieval"] == 0
    assert figures["id_replaced"] == figures["pose"] == figures["mouth"] == 0
    assert (figures["id_owner"] or 0) > 0.45
    assert found.missed == dict.fromkeys(range(COUNT), LEFT)
    assert figures["psnr"] is None
    assert figures["jitter_ratio"] == 1


def test_without_a_performance(swapped: Swapped, two_people: Path) -> None:
    """A folder of faces shows which person is replaced, but not how the swap should move."""
    found = evaluate(swapped.swap, swapped.owner, two_people / "ada")
    figures = {name: one.value for name, one in found.summary.items()}
    assert figures["id_owner"] is not None and figures["id_replaced"] is not None
    assert figures["jitter"] is not None
    assert figures["pose"] is figures["missed"] is figures["psnr"] is None
    assert found.names.onto == "ada"


def test_json_has_every_figure_and_no_nan(swapped: Swapped) -> None:
    metrics = evaluation_to_json(swapped.measured)
    again = json.loads(json.dumps(metrics, allow_nan=False))
    assert again == metrics
    assert set(again["figures"]) == set(SCORES)
    assert {"value", "floor", "unit", "better", "words"} <= set(again["figures"]["pose"])
    assert len(again["every"]) == again["frames"] == COUNT
    assert again["every"][KEPT]["missed"] == LEFT
    assert again["every"][COVERED]["id_owner"] is None
    assert again["worst"][0]["why"] in (LEFT, LOST)


def test_words_come_from_what_was_written(swapped: Swapped) -> None:
    metrics = json.loads(json.dumps(evaluation_to_json(swapped.measured)))
    lines = format_evaluation(metrics)
    assert lines[0] == metrics["verdict"] and lines[0].startswith("not ready: ")
    assert lines[1].startswith("Nearer to ben than to play in 93 %")
    assert any("2 of 16 frames" in line for line in lines)
    assert any("distance to ben" in line for line in lines)


def test_clips_of_other_moments_are_refused(swapped: Swapped, solo: Path) -> None:
    with pytest.raises(UserError, match=r"has 16 frames.*has 14 frames.*same moments"):
        evaluate(swapped.swap, swapped.owner, solo)
    with pytest.raises(UserError, match="same moments"):
        evaluate(swapped.swap, swapped.owner, swapped.onto, solo)
    with pytest.raises(UserError, match="no such file"):
        evaluate(swapped.swap.with_name("nothing.mp4"), swapped.owner, swapped.onto)


def test_a_measurement_wakes_no_training_library_by_its_import() -> None:
    program = (
        "import sys; import faceswap_ae.evaluation.evaluate; print({*sys.modules} & {*sys.argv})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "keras", "tensorflow"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
