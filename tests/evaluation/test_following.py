import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.evaluation.following import LEAST, PARTS, following, follows
from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.synchronised import Role

COUNT = 60
ROLES: tuple[Role, Role] = ("result", "onto")
MOTION = np.sin(np.arange(COUNT) / 4)[:, None]


def columns(amount: float, late: int = 0, constant: float = 0.0) -> FrameColumns:
    """Columns of a swap whose face moves `amount` times as far, some frames late."""
    found = FrameColumns(COUNT)
    for at in range(COUNT):
        for role in ROLES:
            own = MOTION[at - late, 0] * amount + constant if role == "result" else MOTION[at, 0]
            parts = [(f"{role}.{part}", own) for part in ("eyes_open", "mouth_open", "brows_high")]
            found.put(at, [*parts, (f"{role}.irises", np.full((2, 2), own))])
    return found


@given(st.floats(0.1, 3), st.floats(-5, 5))
def test_another_shape_changes_nothing_but_a_damped_motion_is_seen(
    amount: float, constant: float
) -> None:
    found = following(columns(amount, constant=constant), "result")
    assert set(found) == {f"{part}_{what}" for part in PARTS for what in ("follow", "amount")}
    for part in PARTS:
        assert found[f"{part}_follow"] == pytest.approx(1)
        assert found[f"{part}_amount"] == pytest.approx(amount)


def test_a_face_that_moves_too_late_or_not_at_all() -> None:
    assert following(columns(1, late=6), "result")["mouth_follow"] < 0.3
    still = following(columns(0, constant=0.3), "result")
    assert {still[f"{part}_follow"] for part in PARTS} == {0.0}
    assert [still[f"{part}_amount"] for part in PARTS] == pytest.approx([0] * 4)
    assert following(columns(-1), "result")["mouth_follow"] == pytest.approx(-1)


def test_nothing_follows_from_few_frames_or_a_still_performance() -> None:
    assert np.isnan(follows(MOTION[: LEAST - 1], MOTION[: LEAST - 1], 0.01)).all()
    assert np.isfinite(follows(MOTION[:LEAST], MOTION[:LEAST], 0.01)).all()
    assert np.isnan(follows(MOTION, 0.001 * MOTION, 0.01)).all()
    gaps = MOTION.copy()
    gaps[5:] = np.nan
    assert np.isnan(follows(gaps, MOTION, 0.01)).all()


def test_frames_without_a_face_do_not_count() -> None:
    gaps = MOTION.copy()
    gaps[10:20] = np.nan
    assert follows(gaps, MOTION, 0.01) == pytest.approx((1, 1))
    assert follows(MOTION, gaps, 0.01) == pytest.approx((1, 1))


def test_what_was_never_measured_is_not_known() -> None:
    assert all(np.isnan(value) for value in following(FrameColumns(COUNT), "truth").values())
