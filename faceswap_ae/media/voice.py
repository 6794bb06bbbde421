"""How does a voice become another's without a change of its words, length and time?

Pitch and formants are shifted together by one factor, as if the speaker's throat were smaller or
larger: the sound is played faster or slower, and then stretched back to its length (WSOLA, as
FFmpeg's filter `atempo` does it).
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.filter import Graph

from faceswap_ae.common.geometry import Floats
from faceswap_ae.media.clip import Clip, is_decodable, open_container
from faceswap_ae.media.waveform import Waveform

RATE = 48_000  # samples a second


def shifted_voice(clip: Clip, factor: float) -> Waveform | None:
    """Return a clip's first sound, from its first picture on, shifted by a factor; None if mute."""
    sound = _sound(clip)
    return None if sound is None else replace(sound, samples=shift(sound.samples, factor))


def shift(samples: Floats, factor: float) -> Floats:
    """Shift the pitch and the formants of sound at 48 kHz; it stays as long as it was."""
    made = [np.zeros(0, np.float32), *_filtered(samples, factor)]
    found = np.concatenate(made)[: len(samples)]
    return np.pad(found, (0, len(samples) - len(found)))


def _filtered(samples: Floats, factor: float) -> Iterator[Floats]:
    graph = Graph()
    source = graph.add_abuffer(format="flt", sample_rate=RATE, layout="mono")
    steps = [
        source,
        graph.add("asetrate", str(round(RATE * factor))),
        graph.add("aresample", str(RATE)),
        graph.add("atempo", f"{1 / factor:.6f}"),
        graph.add("abuffersink"),
    ]
    for one, other in pairwise(steps):
        one.link_to(other)
    graph.configure()
    for begin in range(0, len(samples), RATE):
        frame = AudioFrame.from_ndarray(samples[None, begin : begin + RATE], "flt", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[Floats]:
    while True:
        try:
            yield _samples(graph.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _samples(frame: Any) -> Floats:
    return np.asarray(frame.to_ndarray().reshape(-1), np.float32)


def _sound(clip: Clip) -> Waveform | None:
    """Decode a clip's first sound as one channel; its first sample is at the first picture."""
    with open_container(clip.path) as (source, _):
        stream = next(filter(is_decodable, source.streams.audio), None)
        if stream is None:
            return None
        to_mono = AudioResampler("flt", "mono", RATE)
        parts: list[Floats] = []
        begin: Fraction | None = None
        for frame in source.decode(stream):
            if begin is None and frame.pts is not None and frame.time_base is not None:
                begin = frame.pts * frame.time_base - clip.start
            parts += map(_samples, to_mono.resample(frame))
        parts += map(_samples, to_mono.resample(None))
    sound = np.concatenate([np.zeros(0, np.float32), *parts])
    late = round((begin or Fraction(0)) * RATE)
    return Waveform(np.pad(sound, (late, 0)) if late >= 0 else sound[-late:], RATE)
