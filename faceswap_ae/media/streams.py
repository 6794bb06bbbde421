"""How are a clip's other streams (sound, subtitles, chapters) copied into an output?

Packets are copied unchanged if the new container accepts their codec. Sound that it does not accept
is encoded as AAC. Subtitles that it does not accept are left out. Each case is logged in one line.
"""

from __future__ import annotations

import io
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

from faceswap_ae.media.clip import Clip, is_decodable
from faceswap_ae.media.span import WHOLE, Span

if TYPE_CHECKING:
    from av.container.core import Chapter

AAC_RATE = 192_000  # bits per second, for sound that is encoded again
AAC_CHANNELS = (1, 2, 6)  # mono, stereo, 5.1; other layouts are mixed down to stereo
INTERLEAVING = 10  # seconds by which a stream's packets may lag behind another's in a file
KEPT_TAGS = ("language", "title")  # others state the old file's bytes and dates

log = logging.getLogger(__name__)


@dataclass
class StreamCopier:
    """Copies a clip's other streams into an output, in step with its pictures.

    Times are the clip's: seconds from its first frame. `zero` is the time that becomes the output's
    zero: the earliest of all streams, or in a cut the first picture kept.
    """

    clip: Clip
    source: InputContainer
    output: OutputContainer
    span: Span = WHOLE
    untitled: bool = False  # names of tracks, and chapters, are left out
    copies: dict[int, Stream] = field(default_factory=dict)
    encoders: dict[int, AudioStream] = field(default_factory=dict)
    zero: Fraction = Fraction(0)
    waiting: deque[Packet[Stream]] = field(default_factory=deque)  # read, but not yet due
    lines: list[Packet[Stream]] = field(default_factory=list)  # subtitles that the cut may shorten

    def __post_init__(self) -> None:
        for sound in filter(_copyable, self.source.streams.audio):
            self._add_sound(sound)
        for subtitles in filter(_copyable, self.source.streams.subtitles):
            self._add_subtitles(subtitles)
        self.packets = self._demuxed()
        if self.span.from_beginning:
            self.zero = self._earliest()
        if self.untitled:
            return
        self.output.set_chapters(_chapters(self.clip, self.source.chapters(), self.span))

    def start(self, time: Fraction) -> None:
        """Set the time of the first picture; in a cut, everything before it is left out."""
        if self.span.from_beginning:
            return
        self.zero = time
        with suppress(av.error.FFmpegError):  # a file that cannot seek is read from its start
            # 2 s early, because some containers seek by the pictures, and sound lags behind.
            self.source.seek(max(0, int((time + self.clip.start - 2) * av.time_base)))
        self.packets = self._demuxed()

    @property
    def ends_early(self) -> bool:
        return self.span.end is not None or self.span.last is not None

    def until(self, time: Fraction) -> None:
        """Write the packets that come before this time."""
        while self.waiting or self._read():
            if self._time(self.waiting[0]) >= time:
                return
            self._write(self.waiting.popleft())
        self._show_lines(time)

    def finish(self, end: Fraction) -> None:
        """Write the rest: up to the last picture's end if the span ends early, else everything."""
        while self.waiting or self._read():
            packet = self.waiting.popleft()
            if self.ends_early and self._time(packet) > end + INTERLEAVING:
                break
            if not self.ends_early or self._time(packet) < end:
                self._write(packet)
        self._show_lines(end, last=True)
        for encoder in self.encoders.values():
            self.output.mux(encoder.encode(None))

    def _add_sound(self, stream: AudioStream) -> None:
        if _takes(self.output, stream):
            self._adopt(stream, self.output.add_stream_from_template(stream))
            return
        told = "sound (%s) is encoded anew as AAC: a %s file does not take it"
        log.info(told, stream.codec.name, self.output.format.name)
        layout = stream.layout.name if stream.layout.nb_channels in AAC_CHANNELS else "stereo"
        encoder = self.output.add_stream("aac", rate=stream.rate, layout=layout)
        encoder.bit_rate = AAC_RATE
        self.encoders[stream.index] = encoder
        self._adopt(stream, encoder)

    def _add_subtitles(self, stream: SubtitleStream) -> None:
        if _takes(self.output, stream):
            self._adopt(stream, self.output.add_stream_from_template(stream))
            return
        told = "subtitles (%s) are left out: a %s file does not take them"
        log.warning(told, stream.codec.name, self.output.format.name)

    def _adopt(self, stream: Stream, copy: Stream) -> None:
        tags = [tag for tag in KEPT_TAGS if not (self.untitled and tag == "title")]
        kept = {tag: stream.metadata[tag] for tag in tags if tag in stream.metadata}
        copy.metadata.update(kept)
        copy.disposition = stream.disposition
        self.copies[stream.index] = copy

    def _earliest(self) -> Fraction:
        """Return when the first stream begins.

        A stream that begins before the file's own zero (a run-in) does not count.
        """
        starts = [
            stream.start_time * stream.time_base
            for stream in self.source.streams
            if stream.index in self.copies
            and stream.start_time is not None
            and stream.time_base is not None
        ]
        begin = min([self.clip.start, *(start for start in starts if start >= 0)])
        return begin - self.clip.start

    def _demuxed(self) -> Iterator[Packet[Stream]]:
        wanted = [stream for stream in self.source.streams if stream.index in self.copies]
        if not wanted:
            return
        # A file that is cut off just ends here; the reader of its pictures reports it.
        last: dict[int, int] = {}
        with suppress(av.error.FFmpegError):
            for packet in self.source.demux(wanted):
                if packet.pts is None or packet.dts is None:
                    continue
                # No container accepts times that go back; the reader of the pictures reports it.
                if packet.dts > last.get(packet.stream_index, packet.dts - 1):
                    last[packet.stream_index] = packet.dts
                    yield packet

    def _read(self) -> bool:
        packet = next(self.packets, None)
        if packet is not None:
            self.waiting.append(packet)
        return packet is not None

    def _time(self, packet: Packet[Stream]) -> Fraction:
        return (packet.pts or 0) * packet.time_base - self.clip.start

    def _write(self, packet: Packet[Stream]) -> None:
        if packet.stream.type == "subtitle" and not self.span.from_beginning:
            _begin_at(packet, self.zero + self.clip.start)
        if not self.span.from_beginning and self._time(packet) < self.zero:
            return
        if packet.stream.type == "subtitle" and self.ends_early:
            self.lines.append(packet)
        else:
            self._mux(packet)

    def _show_lines(self, time: Fraction, *, last: bool = False) -> None:
        """Write the subtitles that end by now; with `last`, also shorten and write the others."""
        for packet in list(self.lines):
            length = (packet.duration or 0) * packet.time_base
            if last:
                packet.duration = round(min(length, time - self._time(packet)) / packet.time_base)
            if last or self._time(packet) + length <= time:
                self.lines.remove(packet)
                self._mux(packet)

    def _mux(self, packet: Packet[Stream]) -> None:
        index = packet.stream_index
        if index in self.encoders:
            self._encode(packet, self.encoders[index])
            return
        shift = round((self.zero + self.clip.start) / packet.time_base)
        packet.pts, packet.dts = (packet.pts or 0) - shift, (packet.dts or 0) - shift
        packet.stream = self.copies[index]
        self.output.mux(packet)

    def _encode(self, packet: Packet[Stream], encoder: AudioStream) -> None:
        with suppress(av.error.InvalidDataError):  # one broken packet is a click; the sound goes on
            for frame in packet.decode():
                assert isinstance(frame, AudioFrame)
                if frame.pts is not None and frame.time_base:
                    frame.pts -= round((self.zero + self.clip.start) / frame.time_base)
                self.output.mux(encoder.encode(frame))


def _copyable(stream: Stream) -> bool:
    if not is_decodable(stream):
        log.warning("one %s track is left out: FFmpeg does not know its codec", stream.type)
    return is_decodable(stream)


def _begin_at(packet: Packet[Stream], zero: Fraction) -> None:
    """If a subtitle is shown already when a cut begins, let it begin with the cut."""
    begin = round(zero / packet.time_base)
    early = begin - (packet.pts or 0)
    if 0 < early < (packet.duration or 0):
        packet.pts = packet.dts = begin
        packet.duration = (packet.duration or 0) - early


def _takes(output: OutputContainer, stream: Stream) -> bool:
    """Return whether a container of this kind accepts this codec.

    A trial header is written to memory to find this out.
    """
    try:
        with av.open(io.BytesIO(), "w", format=output.format.name) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (ValueError, av.error.FFmpegError):  # raised at once, or for the header
        return False
    return True


def _chapters(clip: Clip, chapters: list[Chapter], span: Span) -> list[Chapter]:
    """Return a span's chapters in the output's time; frame numbers count at the mean rate."""
    begin = max(span.start, span.first / clip.rate)
    last = clip.duration if span.last is None else (span.last + 1) / clip.rate
    end = min(last, span.end if span.end is not None else last)
    kept: list[Chapter] = []
    for chapter in chapters:
        tick = chapter["time_base"] or Fraction(1, av.time_base)
        first, final = max(begin, chapter["start"] * tick), min(end, chapter["end"] * tick)
        if first < final:
            start, stop = round((first - begin) / tick), round((final - begin) / tick)
            kept.append({**chapter, "start": start, "end": stop})
    return kept
