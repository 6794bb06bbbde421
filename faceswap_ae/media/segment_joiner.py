"""How are segments joined into one video without encoding a picture again?

Their packets are copied. The presentation times are the frames' own times. The decoding times are
the presentation times in order, but earlier by as many frames as the encoder reorders. x264 itself
does the same; here it works across the borders of segments and for frames of any duration. So both
times rise strictly from start to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from faceswap_ae.common.errors import Fault
from faceswap_ae.media.segment_store import WorkFolder
from faceswap_ae.media.segments import OutputSpec, Segment
from faceswap_ae.media.streams import StreamCopier
from faceswap_ae.media.video_encoder import open_encoder
from faceswap_ae.media.waveform import WaveformEncoder
from faceswap_ae.media.writer import accompanied, container_at, output_start


def join(folder: WorkFolder, count: int, part: Path, output: OutputSpec) -> None:
    """Write the first `count` segments, and the other tracks, into one file at `part`."""
    with container_at(part, output.path, output.encoding) as container:
        container.metadata.update(output.marks)
        # This encoder gets no picture: it writes the header as if it had made all packets.
        video = open_encoder(container, output.path, output.like, output.encoding)
        with accompanied(container, output.tracks, output.span, untitled=output.untitled) as tracks:
            container.start_encoding()
            row = _Row(container, video.stream, video.tick, tracks)
            for number in range(count):
                segment = folder.segment(number)
                if segment is None or not folder.is_sound(number, segment, 1):
                    why = f"a part in {folder.path} is gone or damaged"
                    raise Fault(f"{output.path}: {why}; the same command makes it again")
                if segment.extradata != (video.stream.codec_context.extradata or b""):
                    raise Fault(
                        f"{folder.path}: was begun by another encoder; remove it, then again"
                    )
                row.add(segment, folder.packets(number))
            row.finish()


@dataclass
class _Row:
    """Writes segments, packet by packet, and with each packet the tracks up to its time."""

    container: OutputContainer
    stream: VideoStream
    tick: Fraction
    tracks: StreamCopier | WaveformEncoder | None
    zero: Fraction | None = None
    end: Fraction = Fraction(0)
    late: list[int] = field(default_factory=list)  # presentation times not yet used for decoding

    def add(self, segment: Segment, packets: Path) -> None:
        frames = segment.frames
        if self.zero is None:
            self.zero = output_start(self.tracks, frames[0].time)
        begins = [self._ticks(shown.time) for shown in frames]
        ends = [self._ticks(shown.time + shown.duration) for shown in frames]
        decoded = [*(self.late or _run_in(begins, ends[-1], segment.delay)), *begins]
        for place, packet in enumerate(_bare(segment, packets)):
            number = segment.pieces[place].frame
            packet.stream, packet.time_base = self.stream, self.tick
            packet.pts, packet.dts = begins[number], decoded[place]
            packet.duration = ends[number] - begins[number]
            self.container.mux(packet)
            if self.tracks is not None:
                self.tracks.until(frames[place].time)
        self.late = decoded[len(begins) :]
        self.end = frames[-1].time + frames[-1].duration

    def finish(self) -> None:
        """Write the rest of the tracks."""
        if self.tracks is not None:
            self.tracks.finish(self.end)

    def _ticks(self, time: Fraction) -> int:
        assert self.zero is not None
        return round((time - self.zero) / self.tick)


def _run_in(begins: list[int], end: int, delay: int) -> list[int]:
    """Return the decoding times before the first frame is shown."""
    if len(begins) > delay:
        return [begin - (begins[delay] - begins[0]) for begin in begins[:delay]]
    length = max(delay, end - begins[0])
    return [begins[0] - length * (delay - place) // delay for place in range(delay)]


def _bare(segment: Segment, packets: Path) -> Iterator[Packet[Stream]]:
    with packets.open("rb") as file:
        for piece in segment.pieces:
            packet: Packet[Stream] = Packet(file.read(piece.size))
            packet.is_keyframe = piece.key
            yield packet
