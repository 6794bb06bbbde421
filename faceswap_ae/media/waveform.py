"""How is generated sound (a waveform) encoded into a video?"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from numpy.typing import NDArray

CHUNK = 1024  # samples, one AAC frame


@dataclass(frozen=True)
class Waveform:
    """One channel of sound: samples in [-1, 1], at `rate` samples per second."""

    samples: NDArray[np.float32]
    rate: int = 48_000


@dataclass
class WaveformEncoder:
    """Writes a waveform into an output as AAC, in step with its pictures.

    It has the methods of StreamCopier and is used in the same place.
    """

    waveform: Waveform
    output: OutputContainer
    zero: Fraction = Fraction(0)
    place: int = 0  # samples written

    def __post_init__(self) -> None:
        self.encoder = self.output.add_stream("aac", rate=self.waveform.rate, layout="mono")

    def start(self, time: Fraction) -> None:
        """Set the time of the first picture, which is that of the first sample too."""
        self.zero = time

    def until(self, time: Fraction) -> None:
        """Write the sound up to this time, in whole chunks."""
        due = int((time - self.zero) * self.waveform.rate)
        while self.place + CHUNK <= due:
            self._write(self.place + CHUNK)

    def finish(self, end: Fraction) -> None:
        """Write the rest, up to the end of the last picture."""
        self.until(end)
        self._write(int((end - self.zero) * self.waveform.rate))
        self.output.mux(self.encoder.encode(None))

    def _write(self, until: int) -> None:
        samples = np.ascontiguousarray(self.waveform.samples[None, self.place : until], np.float32)
        if samples.size:
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = self.waveform.rate, self.place
            frame.time_base = Fraction(1, self.waveform.rate)
            self.output.mux(self.encoder.encode(frame))
        self.place = until
