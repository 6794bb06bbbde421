import numpy as np
import pytest

from faceswap_ae.training.plateau import HeldOutLoss, flat_for, format_verdict, improvement


def curve(losses: list[float], every: int = 1000) -> list[HeldOutLoss]:
    return [HeldOutLoss(every * (number + 1), loss) for number, loss in enumerate(losses)]


def test_a_falling_loss_improves() -> None:
    found = curve([0.5 * 0.98**number for number in range(30)])
    gain = improvement(found)
    assert gain == pytest.approx(0.02, rel=0.2)
    assert format_verdict(found) == f"still improving: {100 * (gain or 0):.1f} % per 1,000 steps"


def test_a_level_loss_says_stop() -> None:
    rng = np.random.default_rng(0)
    falling = [0.5 * 0.9**number for number in range(20)]
    level = [falling[-1] * (1 + rng.uniform(-0.005, 0.005)) for _ in range(20)]
    found = curve([*falling, *level])
    assert flat_for(found) in range(18_000, 21_001)
    assert format_verdict(found) == f"flat for {flat_for(found):,} steps, you can stop"


def test_few_measurements_say_little() -> None:
    assert format_verdict([]) == "too early to tell"
    assert format_verdict(curve([1.0, 0.9, 0.8])) == "too early to tell"
    assert improvement(curve([1.0])) is None


def test_a_rising_loss_is_not_called_better() -> None:
    assert "improving:" not in format_verdict(curve([0.5, 0.4, 0.3, 0.32, 0.33]))
