import numpy as np
import pytest

from faceswap_ae.synthetic.motion import Performance, voice
from faceswap_ae.synthetic.scene import Act

TIMES = np.arange(0, 60, 1 / 30)


def acts(seed: int, **limits: float) -> list[Act]:
    played = Performance(seed, **limits)
    return [played.act(float(time), 150, (0.5, 0.47)) for time in TIMES]


@pytest.mark.parametrize("seed", range(5))
def test_turns_are_wide_smooth_and_within_their_limits(seed: int) -> None:
    for name, limit in (("yaw", 30), ("pitch", 12), ("roll", 9)):
        values = np.array([getattr(act, name) for act in acts(seed)])
        assert np.abs(values).max() <= limit
        assert np.ptp(values) > limit
        assert np.abs(np.diff(values)).max() < 0.15 * limit  # between frames at 30 per second


@pytest.mark.parametrize("seed", range(5))
def test_people_talk_smile_and_blink(seed: int) -> None:
    played = acts(seed)
    jaw = np.array([act.felt.jaw for act in played])
    blink = np.array([act.look.blink[0] for act in played])
    assert jaw.max() > 0.4 and (jaw < 0.02).mean() > 0.1
    assert (blink > 0.9).any() and (blink < 0.05).mean() > 0.8
    assert 5 < (np.diff((blink > 0.5).astype(int)) == 1).sum() < 40  # in a minute
    assert max(act.felt.smile for act in played) > 0.5


def test_another_seed_is_another_performance() -> None:
    for seed in range(4):
        assert Performance(seed).act(3.0, 150, (0.5, 0.5)) != Performance(seed + 1).act(
            3.0, 150, (0.5, 0.5)
        )


def test_a_moment_does_not_depend_on_those_before() -> None:
    played = Performance(9)
    late = played.act(31.4, 150, (0.5, 0.5))
    assert Performance(9).act(31.4, 150, (0.5, 0.5)) == late


def test_narrower_limits() -> None:
    assert max(abs(act.yaw) for act in acts(1, yaw=5.0)) <= 5


def test_a_long_voice_has_no_seam() -> None:
    sound = voice(Performance(2), 21.0).samples
    for seam in (480_000, 960_000):
        near = np.abs(np.diff(sound[seam - 2000 : seam + 2000]))
        assert np.abs(sound[seam] - sound[seam - 1]) <= near.max() * 1.01
        assert near.max() < 0.05


def test_the_voice_follows_the_mouth() -> None:
    played = Performance(2)
    sound = voice(played, 6.0)
    assert len(sound.samples) == 6 * sound.rate
    assert 0.05 < np.abs(sound.samples).max() < 0.5
    loud = np.sqrt((sound.samples.reshape(-1, 1600) ** 2).mean(axis=1))
    jaw = np.array([played.felt((n + 0.5) / 30).jaw for n in range(len(loud))])
    assert np.corrcoef(loud, jaw)[0, 1] > 0.9
