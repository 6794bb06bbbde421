from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.geometry import Floats
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.voice import RATE, shift, shifted_voice

SECONDS = 3


def tone(pitch: float) -> Floats:
    time = np.arange(SECONDS * RATE) / RATE
    return (0.3 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def strongest(sound: Floats) -> float:
    middle = sound[RATE // 2 : -RATE // 2]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(np.argmax(spectrum) * RATE / len(middle))


@pytest.mark.parametrize("factor", [0.75, 0.9, 1.12, 1.3])
def test_the_pitch_changes_and_the_length_stays(factor: float) -> None:
    made = shift(tone(220), factor)
    assert len(made) == SECONDS * RATE
    assert strongest(made) == pytest.approx(220 * factor, rel=0.01)
    assert np.abs(made[-RATE // 20 :]).max() > 0.1  # up to the end


@pytest.mark.parametrize("factor", [0.75, 1.3])
def test_words_stay_at_their_time(factor: float) -> None:
    sound = np.zeros(SECONDS * RATE, np.float32)
    begin = RATE + RATE // 3
    sound[begin : begin + RATE // 5] = tone(300)[: RATE // 5]
    heard = np.flatnonzero(np.abs(shift(sound, factor)) > 0.05)
    assert abs(heard[0] - begin) < 0.04 * RATE
    assert abs(heard[-1] - begin - RATE // 5) < 0.05 * RATE


def test_the_sound_of_a_clip_from_its_first_picture_on(solo: Path) -> None:
    clip = open_clip(solo / "clip.mp4")
    sound = shifted_voice(clip, 1.2)
    assert sound is not None and sound.rate == RATE
    length = Fraction(len(sound.samples), RATE)
    assert abs(length - clip.duration) < Fraction(1, 10)
    assert np.abs(sound.samples).max() > 0.01


def test_a_clip_without_sound(varying_clip: Path, tmp_path: Path) -> None:
    from faceswap_ae.media.codecs import Encoding
    from faceswap_ae.media.writer import writing

    clip = open_clip(varying_clip)
    mute = tmp_path / "mute.mkv"
    with writing(mute, clip, Encoding("ffv1")) as sink:
        sink.write(np.zeros((clip.height, clip.width, 3), np.uint8), Fraction(0), Fraction(1, 25))
    assert shifted_voice(open_clip(mute), 1.2) is None


def test_nothing_at_all_stays_nothing() -> None:
    assert len(shift(np.zeros(0, np.float32), 1.2)) == 0
