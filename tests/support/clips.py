"""How are videos for tests written by PyAV alone, so that our own writer is not tested by itself?

Every frame shows its number as eight black and white bars, which survive any encoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from faceswap_ae.common.geometry import Image

BITS = 8
SOUND_RATE = 48_000


@dataclass(frozen=True)
class Recording:
    """The settings of a test video: frames, codec, times, audio tracks, colours."""

    count: int = 40
    size: tuple[int, int] = (64, 48)
    codec: str = "libx264"
    pixels: str = "yuv420p"
    tick: Fraction = Fraction(1, 30)
    ticks: Sequence[int] = (1,)  # the frames' durations in ticks, in turn
    sounds: Sequence[str] = ()  # the codec of each audio track
    degrees: int = 0  # the rotation in the metadata, as a camera writes it
    colour: tuple[int, int, int, int] | None = None  # matrix, range, primaries, transfer
    aspect: Fraction = Fraction(1)
    key_every: int = 12
    chapters: int = 0

    @property
    def times(self) -> list[Fraction]:
        """The time at which each frame begins, and the time at which the last one ends."""
        lengths = [self.ticks[index % len(self.ticks)] for index in range(self.count)]
        return [sum(lengths[:index]) * self.tick for index in range(self.count + 1)]


def bars(number: int, size: tuple[int, int]) -> Image:
    """A picture that shows its number in bits, most significant bit left, and which way is up."""
    width, height = size
    edges = [width * bit // BITS for bit in range(BITS + 1)]
    image = np.full((height, width, 3), 40, np.uint8)
    for bit in range(BITS):
        on = number >> (BITS - 1 - bit) & 1
        image[: height * 3 // 4, edges[bit] : edges[bit + 1]] = 230 if on else 20
    return image


def number_in(image: Image) -> int:
    """Read the number that `bars` drew."""
    height, width = image.shape[:2]
    row = image[height // 3, :, 0]
    lit = [row[int(width * (bit + 0.5) / BITS)] > 128 for bit in range(BITS)]
    return sum(int(on) << (BITS - 1 - bit) for bit, on in enumerate(lit))


def record(path: Path, made: Recording = Recording()) -> Path:
    """Write a test video."""
    options = {"movflags": "+faststart"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(path, "w", options=options) as container:
        picture = _picture_stream(container, made)
        sounds = [_sound_stream(container, name) for name in made.sounds]
        container.set_chapters(_chapters(made))
        times = made.times
        for index in range(made.count):
            frame = VideoFrame.from_ndarray(bars(index, made.size)).reformat(format=made.pixels)
            frame.pts, frame.time_base = round(times[index] / made.tick), made.tick
            for packet in picture.encode(frame):
                container.mux(packet)
            for number, sound in enumerate(sounds):
                _play(container, sound, number, times[index : index + 2])
        container.mux(picture.encode(None))
        for sound in sounds:
            container.mux(sound.encode(None))
    return path


def _picture_stream(container: OutputContainer, made: Recording) -> VideoStream:
    rate = made.count / made.times[-1]
    options = {"g": str(made.key_every), "bf": "2"} if made.codec == "libx264" else {}
    stream = container.add_stream(made.codec, rate=rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = made.size
    stream.pix_fmt = made.pixels
    stream.time_base = stream.codec_context.time_base = made.tick
    stream.codec_context.sample_aspect_ratio = made.aspect
    if made.degrees:
        stream.set_display_rotation(made.degrees)
    if made.colour:
        context = stream.codec_context
        context.colorspace, context.color_range = made.colour[:2]
        context.color_primaries, context.color_trc = made.colour[2:]
    return stream


def _sound_stream(container: OutputContainer, name: str) -> AudioStream:
    stream = container.add_stream(name, rate=SOUND_RATE)
    assert isinstance(stream, AudioStream)
    return stream


def _play(
    container: OutputContainer, stream: AudioStream, number: int, times: Sequence[Fraction]
) -> None:
    """Encode a tone, different for each track. Its noise makes all packets different."""
    first, last = (round(time * SOUND_RATE) for time in times)
    wave = 0.1 * np.sin(2 * np.pi * 220 * (number + 1) * np.arange(first, last) / SOUND_RATE)
    wave += 0.005 * np.random.default_rng(first).normal(size=wave.shape)
    samples = np.ascontiguousarray(np.stack([wave, wave]), np.float32)
    frame = AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, first, Fraction(1, SOUND_RATE)
    for packet in stream.encode(frame):
        container.mux(packet)


def _chapters(made: Recording) -> list["av.container.core.Chapter"]:
    length = made.times[-1] / max(1, made.chapters)
    return [
        {
            "id": number,
            "start": round(number * length * 1000),
            "end": round((number + 1) * length * 1000),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": f"part {number}"},
        }
        for number in range(made.chapters)
    ]


def packets_of(path: Path, kind: str = "audio") -> list[list[bytes]]:
    """The bytes of every packet, for each stream of this kind."""
    with av.open(path) as container:
        numbers = [stream.index for stream in container.streams if stream.type == kind]
    found: list[list[bytes]] = []
    for number in numbers:
        with av.open(path) as container:
            packets = container.demux(container.streams[number])
            found.append([bytes(packet) for packet in packets if packet.size])
    return found
