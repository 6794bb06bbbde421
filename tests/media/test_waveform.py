from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.waveform import Waveform
from faceswap_ae.media.writer import writing
from tests.support.clips import bars
from tests.support.tones import pitch, tone
from tests.support.written_clips import new


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_made_here_is_as_long_as_the_pictures(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"hum{suffix}"
    t = np.arange(48_000 * 5) / 48_000
    wave = Waveform((0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32))
    with writing(path, new(), tracks=wave) as sink:
        for number in range(50):
            sink.write(bars(number, (64, 48)), Fraction(number, 25), Fraction(1, 25))
    start, samples = tone(path, 0)
    assert abs(start - open_clip(path).start) < Fraction(3, 100)
    assert abs(len(samples) / 48_000 - 2) < 0.05
    assert abs(pitch(samples) - 440) < 2
