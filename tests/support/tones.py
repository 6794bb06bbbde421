"""How do tests read an audio track and measure its pitch, to tell tracks apart?"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.support.clips import SOUND_RATE


def tone(path: Path, number: int) -> tuple[Fraction, np.ndarray]:
    """The start time of an audio track, and its samples."""
    with av.open(path) as container:
        found = list(container.decode(audio=number))
    first = found[0]
    assert first.pts is not None and first.time_base is not None
    samples = np.concatenate([frame.to_ndarray()[0] for frame in found])
    return first.pts * first.time_base, samples


def pitch(samples: np.ndarray) -> float:
    strength = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / SOUND_RATE)[strength.argmax()])
