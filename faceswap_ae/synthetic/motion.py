"""How do a synthetic person's pose, expression, gaze, blinks and voice change over time?

Everything is a smooth function of time, chosen by a seed. Each moment can be computed alone, so
frames can be rendered in any order on any number of cores.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from faceswap_ae.media.waveform import Waveform
from faceswap_ae.synthetic.curves import Field, step
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.scene import Act

WAVES = 4  # sine waves that are added to one smooth random value
BLINK_EVERY, BLINK_LASTS = 3.2, 0.24  # seconds
SYLLABLES = 4.1  # per second
BLOCK = 480_000  # samples that are computed at once
HORIZON = 600.0  # seconds for which blinks are drawn at random; then they repeat


@dataclass(frozen=True)
class Performance:
    """One person's movements. `yaw`, `pitch` and `roll` are the largest angles, in degrees."""

    seed: int
    yaw: float = 30.0
    pitch: float = 12.0
    roll: float = 9.0

    def act(self, time: float, face: float, centre: tuple[float, float]) -> Act:
        """The person's act at a moment, for a face of about this height and about this centre."""
        turn, nod, tilt, x, y, near = (self._wander(name, time) for name in range(6))
        return Act(
            face=face * (1 + 0.05 * near),
            centre=(centre[0] + 0.03 * x, centre[1] + 0.025 * y),
            yaw=self.yaw * turn,
            pitch=self.pitch * nod,
            roll=self.roll * tilt,
            felt=self.felt(time),
            look=self.look(time),
        )

    def felt(self, time: float) -> Expression:
        """The expression at a moment: talking in phrases, with moods that come and go."""
        talk = float(self.talking(time))
        smile, brow, frown = (self._mood(name, time) for name in (10, 11, 12))
        shape = self._wander(13, time, 2.6)
        return Expression(
            jaw=0.75 * talk,
            smile=0.9 * smile,
            frown=0.5 * frown * (1 - smile),
            pucker=0.5 * max(0.0, shape) * (0.3 + talk) * (1 - 0.7 * smile),
            lip_up=0.5 * max(0.0, -shape) * talk,
            press=0.4 * frown * (1 - talk),
            brow_up=0.8 * brow,
            brow_down=0.6 * frown,
            squint=0.3 * smile,
        )

    def look(self, time: float) -> Look:
        """The gaze and blink at a moment: eyes wander, come back and close now and then."""
        right, up = 18 * self._wander(20, time, 0.9), 9 * self._wander(21, time, 0.8)
        closed = self._closed(time)
        return Look((right, up), (closed, closed))

    def talking(self, time: Any) -> Any:
        """How far the mouth opens for syllables; 0 in pauses. `time` may be an array."""
        phase = self._random(30).uniform(0, 1, 4)
        beat = 2 * np.pi * SYLLABLES * (np.asarray(time) + 0.06 * np.sin(3.1 * time + 6 * phase[0]))
        syllable = (0.5 + 0.5 * np.sin(beat + 6 * phase[1])) ** 1.5
        loud = 0.6 + 0.4 * np.sin(2 * np.pi * 0.9 * np.asarray(time) + 6 * phase[2])
        phrase = np.sin(2 * np.pi * 0.23 * np.asarray(time) + 6 * phase[3])
        return syllable * loud * step(-0.35, 0.1, phrase)

    def _wander(self, name: int, time: float, pace: float = 0.22) -> float:
        """A smooth random value within -1 to 1. It oscillates about `pace` times per second."""
        rng = self._random(name)
        rates = pace * rng.uniform(0.45, 1.6, WAVES)
        phases, sizes = rng.uniform(0, 2 * np.pi, WAVES), rng.uniform(0.5, 1, WAVES)
        value = sizes * np.sin(2 * np.pi * rates * time + phases)
        return float(np.sin(np.pi / 2 * np.clip(1.3 * value.sum() / sizes.sum(), -1, 1)))

    def _mood(self, name: int, time: float) -> float:
        """A value that is 0 most of the time and rises to 1 now and then."""
        return float(step(0.15, 0.8, self._wander(name, time, 0.13)))

    def _closed(self, time: float) -> float:
        since = np.abs(self._blinks - time % HORIZON).min()
        return float(step(BLINK_LASTS / 2, 0.04, since))

    @cached_property
    def _blinks(self) -> Field:
        gaps = self._random(40).gamma(4, BLINK_EVERY / 4, int(2 * HORIZON / BLINK_EVERY))
        return np.asarray(np.cumsum(np.maximum(gaps, 2 * BLINK_LASTS)), np.float32)

    def _random(self, name: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, name])


def voice(performance: Performance, seconds: float, rate: int = 48_000) -> Waveform:
    """A soft hum that swells and fades with the mouth: the rhythm of speech without words."""
    count, turn = round(seconds * rate), 0.0
    pitch = np.random.default_rng([performance.seed, 50]).uniform(105, 210)
    samples = np.empty(count, np.float32)
    for begin in range(0, count, BLOCK):
        time = np.arange(begin, min(begin + BLOCK, count)) / rate
        bent = pitch * (1 + 0.08 * np.sin(2 * np.pi * 0.7 * time))
        phase = turn + 2 * np.pi * np.cumsum(bent) / rate
        turn = float(phase[-1])
        open_ = performance.talking(time)
        tone = np.sin(phase) + (0.3 + 0.4 * open_) * np.sin(2 * phase)
        samples[begin : begin + BLOCK] = 0.12 * open_ * (tone + 0.3 * open_ * np.sin(3 * phase))
    return Waveform(samples, rate)
