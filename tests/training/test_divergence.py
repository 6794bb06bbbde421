import math

from faceswap_ae.training.divergence import PATIENCE, DivergenceGuard


def test_ordinary_losses_are_no_trouble() -> None:
    guard = DivergenceGuard()
    losses = [1 / (1 + step / 50) + 0.3 * (step % 2) for step in range(500)]
    assert all(guard.trouble({"p/loss": loss}) is None for loss in losses)


def test_no_number_is_trouble_at_once() -> None:
    guard = DivergenceGuard()
    assert guard.trouble({"edgy/face": 0.5, "edgy/onto": 0.5}) is None
    assert guard.sound
    terms = {"edgy/face": 0.5, "edgy/onto": math.nan}
    assert guard.trouble(terms) == "the loss edgy/onto is nan"
    assert not guard.sound
    assert DivergenceGuard().trouble({"p/a": 1e308, "p/b": 1e308}) == "the loss is inf"


def test_a_loss_that_stays_high_is_trouble_and_a_peak_is_not() -> None:
    guard = DivergenceGuard()
    for _ in range(100):
        guard.trouble({"p/loss": 0.1})
    high = {"p/loss": 1.0}
    assert [guard.trouble(high) for _ in range(PATIENCE - 1)] == [None] * (PATIENCE - 1)
    assert guard.trouble({"p/loss": 0.1}) is None
    found = [guard.trouble(high) for _ in range(PATIENCE)]
    assert found[:-1] == [None] * (PATIENCE - 1)
    assert found[-1] == "the loss rose from 0.1 to 1"
