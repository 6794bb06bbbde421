"""What is looked at for marks: which files of a folder, and which frames of a clip?

Some frames are enough, because all have the same watermark. A long video is sought by time, and
mostly only a keyframe is decoded. Where a file lies about its length, or is damaged, what can be
decoded counts; how much is decoded is bounded in any case.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image as pillow

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Image
from faceswap_ae.media import images
from faceswap_ae.media.clip import Clip, check_unchanged, open_clip, open_container
from faceswap_ae.media.inputs import find_inputs
from faceswap_ae.media.pixel_format import ToRgb

FRAMES = 24  # of a clip that are looked at, evenly spaced
MOST = 1000  # packets of one clip that are decoded; a clip with more frames is sought
WALK = 12  # frames from a keyframe to the next sample, if no other keyframe is between
MOST_PASSED = 3000  # packets that are passed over in search of a keyframe: undecoded, so cheap
NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d{1,18})(?P<suffix>\.\w+)")

log = logging.getLogger(__name__)


def find_files(named: Iterable[Path]) -> list[Path]:
    """Return what is looked at by itself: files, and folders whose pictures are one clip's frames.

    What cannot be used is among them, so that whoever opens it says why.
    """
    found: dict[Path, None] = {}
    for path in named:
        inside, failures = find_inputs([path])
        rows = {one for one in {file.parent for file in inside} if path.is_dir() and _is_row(one)}
        for file in inside:
            in_row = file.parent in rows and file.suffix.lower() in images.READABLE
            found[file.parent if in_row else file] = None
        found |= dict.fromkeys(failure.path for failure in failures)
    return list(found)


def read_samples(clip: Clip) -> Iterator[tuple[float, Image]]:
    """Yield some frames of a clip, and where each is: 0 is the clip's beginning, 1 its end."""
    if clip.pictures:
        yield from _pictures(clip.pictures)
        return
    rgb = ToRgb(clip.colour, clip.turn, quick=True)
    is_long = clip.count > MOST or clip.duration * clip.rate > MOST
    first = _sought(clip) if is_long else _in_order(clip, max(0, clip.count))
    for attempt in (first, _in_order(clip, 0)):
        place = None
        for place, frame in attempt:
            check_unchanged(clip)
            yield place, rgb(frame)
        if place is not None:
            return


def _is_row(folder: Path) -> bool:
    """Are a folder's pictures frames: numbered without a gap, of one size as far as is looked?"""
    try:
        pictures = open_clip(folder).pictures
    except (MediaError, OSError):
        return False
    names = [NUMBERED.fullmatch(one.name) for one in pictures]
    numbers = [int(one["number"]) for one in names if one]
    alike = {(one["before"], one["suffix"]) if one else None for one in names}
    if None in alike or len(alike) > 1 or np.any(np.diff(numbers) != 1):
        return False
    sizes = {_size(pictures[number]) for _, number in _even(len(pictures))} - {None}
    return len(pictures) > 1 and len(sizes) == 1


def _size(picture: Path) -> tuple[int, int] | None:
    try:
        with warnings.catch_warnings(action="ignore"), pillow.open(picture) as opened:
            width, height = opened.size
            return width, height
    except (*images.UNREADABLE, pillow.DecompressionBombError):
        return None


def _pictures(paths: Sequence[Path]) -> Iterator[tuple[float, Image]]:
    for place, number in _even(len(paths)):
        try:
            yield place, images.read(paths[number])
        except MediaError as error:
            if len(paths) == 1:
                raise
            log.warning("%s", error)


def _sought(clip: Clip) -> Iterator[tuple[float, VideoFrame]]:
    """Seek evenly spaced times; yield the keyframe there.

    Where a seek leads to the same keyframe as the one before, a frame farther from it is shown.
    """
    left, key, repeats = MOST, None, 0
    with open_container(clip.path) as (container, stream), suppress(av.FFmpegError, OverflowError):
        for number in range(FRAMES):
            place = (number + 0.5) / FRAMES
            time = clip.start + clip.duration * (2 * number + 1) / (2 * FRAMES)
            container.seek(round(time / clip.time_base), stream=stream)
            packets = _packets(container, stream)
            first = next((one for one in islice(packets, MOST_PASSED) if one.is_keyframe), None)
            if first is None:
                continue
            repeats = repeats + 1 if first.pts == key else 0
            key, count = first.pts, min(left, 1 + repeats * WALK)
            left -= count
            decoded = _decode(islice(chain([first], packets), count), stream)
            yield from ((place, frame) for frame in deque(decoded, maxlen=1))


def _in_order(clip: Clip, count: int) -> Iterator[tuple[float, VideoFrame]]:
    """Decode from the beginning; show frames evenly spaced in the first `count`, and some more."""
    wanted = _numbers(count)
    place, number = next(wanted)
    with open_container(clip.path) as (container, stream):
        packets = islice(_packets(container, stream), MOST)
        for at, frame in enumerate(_decode(packets, stream)):
            if at == number:
                yield place, frame
                place, number = next(wanted)


def _numbers(count: int) -> Iterator[tuple[float, int]]:
    yield from _even(count)
    more = 0  # a clip may be longer than it says: then there are more, at gaps that grow
    while True:
        yield 0.99, count + more
        more += 1 + more // 3


def _even(count: int) -> Iterator[tuple[float, int]]:
    """Yield places and numbers of frames, evenly spaced."""
    step = max(1, count // FRAMES)
    chosen = range(step // 2, count, step)[:FRAMES]
    yield from ((at / len(chosen), number) for at, number in enumerate(chosen))


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Yield the packets that are whole, up to the end or to damage that cannot be passed."""
    with suppress(av.FFmpegError):
        yield from (packet for packet in container.demux(stream) if not packet.is_corrupt)


def _decode(packets: Iterable[Packet[VideoStream]], stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield all frames that can be decoded of some packets, also those still in the decoder."""
    for packet in packets:
        with suppress(av.FFmpegError):
            yield from packet.decode()
    with suppress(av.FFmpegError):
        yield from stream.decode(None)
