import numpy as np
import pytest

from faceswap_ae.evaluation.scores import LOST
from faceswap_ae.evaluation.wording import SwapNames
from faceswap_ae.evaluation.worst_frames import NOTED, SIGNS, find_worst_frames
from tests.support.measured import COUNT, SQUARE, columns

NAMES = SwapNames("ben", "ada")


def test_an_even_swap_has_no_worst_frame() -> None:
    assert find_worst_frames(columns(), NAMES) == ()


def test_the_worst_comes_first_with_its_reason() -> None:
    found = columns()
    found.put(1, [("result-onto.mouth", 0.20)])
    for at in (0, *range(2, COUNT)):
        found.put(at, [("result-onto.mouth", 0.05)])
    found.put(4, [("result.id_owner", 0.65), ("result.id_replaced", 0.4)])
    found.put(7, [("result.quad", np.full((4, 2), np.nan))])
    one, two, three = find_worst_frames(found, NAMES)
    assert (one.frame, one.why) == (7, LOST)
    assert (two.frame, two.why) == (4, "more like ada than like ben: distances 0.40 and 0.65")
    assert three.frame == 1
    assert three.time == pytest.approx(0.1)
    away = "the mouth is 20.0 % of the eyes' distance off the performer's"
    assert three.why == f"{away} (usually 5.0 %)"
    assert one.steps > two.steps > three.steps >= NOTED
    assert find_worst_frames(found, NAMES, most=1) == (one,)


def test_neighbours_are_told_once() -> None:
    found = columns()
    for at in range(3, 6):
        found.put(at, [("result.quad", np.full((4, 2), np.nan))])
    assert [one.frame for one in find_worst_frames(found, NAMES)] == [3]


def test_where_the_performer_jumps_nothing_is_wrong() -> None:
    own, both = columns(), columns()
    own.put(4, [("result.quad", SQUARE + 44)])
    for role in ("result", "onto"):
        both.put(4, [(f"{role}.quad", SQUARE + 44)])
    assert find_worst_frames(own, NAMES)[0].why.startswith("the face jumps")
    assert find_worst_frames(both, NAMES) == ()


@pytest.mark.parametrize("name", SIGNS)
def test_every_reason_can_be_said(name: str) -> None:
    said = SIGNS[name].why.format(12.34, 5.67, face="ben", onto="ada")
    assert "{" not in said and any(letter.isdigit() for letter in said)
