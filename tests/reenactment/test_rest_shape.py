import numpy as np
import pytest

from faceswap_ae.reenactment.head_model import head_model
from faceswap_ae.reenactment.rest_shape import mouth_gap, person_shape
from tests.support.heads import head, placed


def error(one: np.ndarray, other: np.ndarray) -> float:
    """The mean distance of two shapes, in % of the distance between the eyes' outer corners."""
    return 100 * float(np.linalg.norm(one - other, axis=1)[:468].mean())


def felt(seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    return {f"m{k}": float(abs(rng.normal(0, 1))) for k in range(len(head_model().moves))}


@pytest.mark.parametrize("who", [1, 2, 3])
def test_the_rest_shape_is_found_behind_many_expressions(who: int) -> None:
    heads = np.stack([head(who, **felt(seed)) for seed in range(12)])
    found = person_shape(placed(heads))
    assert error(found.rest, head(who)) < 0.5 * error(heads.mean(axis=0), head(who))
    assert np.allclose(found.rest + found.moves, heads, atol=0.05)


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_of_one_picture_the_expression_is_taken_off(seed: int) -> None:
    shown = head(seed, m1=2.5)
    found = person_shape(placed(shown[None]))
    assert error(found.rest, head(seed)) < 0.85 * error(shown, head(seed))


def test_who_talks_all_the_time_has_a_mouth_that_shuts() -> None:
    talks = np.stack([head(8, m0=1.5 + 1.5 * np.sin(number / 4)) for number in range(50)])
    found = person_shape(placed(talks))
    shut = float(np.percentile(mouth_gap(found.rest + found.moves), 15))
    assert float(mouth_gap(found.rest)) == pytest.approx(shut, abs=0.01)
    assert float(mouth_gap(talks.mean(axis=0))) > shut + 0.03


def test_a_person_at_rest_stays() -> None:
    found = person_shape(placed(head(7)[None], yaw=10))
    assert error(found.rest, head(7)) < 1.5
