from dataclasses import replace

import pytest

from faceswap_ae.evaluation.frame_metrics import HIGHEST
from faceswap_ae.evaluation.scores import SCORES, Score
from faceswap_ae.evaluation.wording import GROUPS, TITLES, SwapNames, format_score, sentences, table

NAMES = SwapNames("ben", "ada")
NOTHING = {
    name: Score(None, None, kind.unit, kind.better, kind.words) for name, kind in SCORES.items()
}
VALUES = {
    "id_owner": 0.37,
    "id_replaced": 0.59,
    "nearer_to_owner": 0.97,
    "pose": 2.4,
    "eyes": 6.1,
    "mouth": 5.2,
    "jitter_ratio": 1.3,
    "sharpness": 0.8,
    "missed": 3.0,
}
TOLD = {
    **NOTHING,
    **{name: replace(NOTHING[name], value=value, floor=1.0) for name, value in VALUES.items()},
}


def test_the_headline() -> None:
    whose, performed, *rest = sentences(TOLD, NAMES, 118)
    assert whose.startswith("Nearer to ben than to ada in 97 % of the frames: 0.37 from ben, ")
    assert whose.endswith("whose own views are 1.00 apart, and 0.59 from ada.")
    noise = "(noise alone: head 1.0°, mouth 1.0 %, eyes 1.0 %)"
    assert performed.startswith("Off the performance: head 2.4°, mouth 5.2 %, eyes 6.1 % " + noise)
    assert performed.endswith("Per cent are of the distance between the eyes.")
    assert rest == [
        "It trembles 1.3 times as much as the performance. It shows 80 % of the natural detail.",
        "3 of 118 frames that show ada were missed.",
    ]


def test_what_is_not_known_is_not_said() -> None:
    assert sentences(NOTHING, NAMES, 5) == []
    assert len(list(table(NOTHING, NAMES))) == 1


def test_beside_a_true_swap() -> None:
    true = {name: replace(TOLD[name], truth=2.0) for name in ("pose", "mouth", "eyes")}
    near = {
        "psnr": replace(NOTHING["psnr"], value=21.36),
        "psnr_unswapped": replace(NOTHING["psnr_unswapped"], value=17.7),
        "jitter_truth": replace(NOTHING["jitter_truth"], value=1.0),
        "missed": replace(NOTHING["missed"], value=0.0),
    }
    said = sentences({**TOLD, **true, **near}, NAMES, 118)
    assert "(the true swap: head 2.0°, mouth 2.0 %, eyes 2.0 %)." in said[1]
    assert said[2] == "21.4 dB from the true swap; the untouched clip is 17.7 dB from it."
    assert said[3].startswith("It trembles 1.3 times as much as the true swap")
    assert said[4] == "All 118 frames that show ada were swapped."
    same = {**TOLD, "psnr": replace(NOTHING["psnr"], value=HIGHEST)}
    assert "Pixel by pixel it is the true swap." in sentences(same, NAMES, 118)


def test_the_table_names_every_figure_once() -> None:
    assert set(TITLES) == set(SCORES)
    grouped = [name for members in GROUPS.values() for name in members]
    assert len(grouped) == len(set(grouped))
    assert set(SCORES) - set(grouped) == {"psnr_unswapped", "jitter_truth"}
    lines = list(table(TOLD, NAMES))
    assert len(lines) == 1 + len(VALUES) + 3  # also a line for each group with values
    assert any(line.split() == ["distance", "to", "ben", "0.370", "1.000"] for line in lines)


def test_a_column_that_would_be_empty_is_left_out() -> None:
    assert next(table(TOLD, NAMES)).split() == ["swap", "floor"]
    true = {**TOLD, "pose": replace(TOLD["pose"], truth=2.0)}
    header, *rows = table(true, NAMES)
    assert header.split() == ["swap", "floor", "truth"]
    (row,) = (row for row in rows if row.split()[0] == "head")
    assert header.index("truth") + len("truth") == row.index("2.00") + len("2.00")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("nearer_to_owner", 0.966, "97 %"),
        ("id_owner", 0.3651, "0.365"),
        ("missed", 3.0, "3"),
        ("psnr", 20.73, "20.7"),
        ("pose", 2.345, "2.35"),
        ("pose", None, ""),
        ("jitter_ratio", 1.0, "1.00"),
    ],
)
def test_figures_as_people_read_them(name: str, value: float | None, said: str) -> None:
    assert format_score(name, value) == said
