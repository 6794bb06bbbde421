import math

from faceswap_ae.training.divergence import PATIENCE, DivergenceGuard


def test_ordinary_losses_are_no_trouble() -> None:
    guard = DivergenceGuard()
    assert all(guard.trouble(1 / (1 + step / 50) + 0.3 * (step % 2)) is None for step in range(500))


def test_no_number_is_trouble_at_once() -> None:
    guard = DivergenceGuard()
    assert guard.trouble(1.0) is None
    assert guard.sound
    assert guard.trouble(math.nan) == "the loss is nan"
    assert not guard.sound
    assert DivergenceGuard().trouble(math.inf) == "the loss is inf"


def test_a_loss_that_stays_high_is_trouble_and_a_peak_is_not() -> None:
    guard = DivergenceGuard()
    for _ in range(100):
        guard.trouble(0.1)
    assert [guard.trouble(1.0) for _ in range(PATIENCE - 1)] == [None] * (PATIENCE - 1)
    assert guard.trouble(0.1) is None
    found = [guard.trouble(1.0) for _ in range(PATIENCE)]
    assert found[:-1] == [None] * (PATIENCE - 1)
    assert found[-1] == "the loss rose from 0.1 to 1"
