import errno
import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.video_encoder import VideoEncoder, explaining_errors, open_encoder
from tests.support.clips import bars
from tests.support.written_clips import NOISE, new

OUT = Path("out.mkv")


def begun(like: Clip, encoding: Encoding) -> VideoEncoder:
    return open_encoder(av.open(io.BytesIO(), "w", format="matroska"), OUT, like, encoding)


@pytest.mark.parametrize("codec", ["h264", "prores", "ffv1"])
def test_every_picture_becomes_one_packet_of_its_time_and_length(codec: str) -> None:
    packing = begun(new(), Encoding(codec))
    assert packing.tick == Fraction(1, 25)
    ends = np.cumsum([7, 1, 3, 2, 9, 1, 1, 30]).tolist()
    times = list(zip([3, *ends[:-1]], ends, strict=True))
    packets = [
        packet
        for number, (begin, end) in enumerate(times)
        for packet in packing.add(bars(number, (64, 48)), begin, end)
    ]
    packets += packing.rest()
    found = sorted((packet.pts, packet.duration) for packet in packets)
    assert found == [(begin, end - begin) for begin, end in times]
    assert packets[0].is_keyframe
    assert packing.lengths == {}


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(MediaError, match=r"out\.mkv: a frame of 32x48 does not fit a video of 64"):
        begun(new(), Encoding()).add(NOISE[:, :32], 0, 1)


def test_what_ffmpeg_cannot_write_is_one_line() -> None:
    def failing(number: int) -> None:
        with explaining_errors(OUT):
            av.error.err_check(-number)

    with pytest.raises(OSError, match="No space") as caught:
        failing(errno.ENOSPC)
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(MediaError, match=r"out\.mkv: this cannot be written \(.*\); try \.mkv"):
        failing(0x41444E49)  # "INDA": FFmpeg's code for invalid data
