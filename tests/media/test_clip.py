import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from faceswap_ae.common.errors import MediaError
from faceswap_ae.media import images
from faceswap_ae.media.clip import BT709, Colour, open_clip
from faceswap_ae.media.reader import frames
from tests.support.clips import Recording, bars, record

PLAIN = Recording(count=12)
PLAYLISTS = {
    "concat.mp4": "ffconcat version 1.0\nfile private.mp4\n",
    "hls.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nprivate.mp4\n#EXT-X-ENDLIST\n",
    "sdp.mkv": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
}


def test_facts_of_a_clip(plain_clip: Path) -> None:
    clip = open_clip(plain_clip)
    assert (clip.width, clip.height, clip.rate, clip.count) == (64, 48, Fraction(30), 40)
    assert (clip.codec, clip.pixels, clip.sound) == ("h264", "yuv420p", ("aac",))
    assert abs(clip.duration - Fraction(40, 30)) < Fraction(1, 1000)


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_turned_by_the_camera(tmp_path: Path, degrees: int) -> None:
    clip = open_clip(record(tmp_path / "turned.mp4", replace(PLAIN, degrees=degrees)))
    assert clip.turn == degrees // 90 % 4
    assert (clip.width, clip.height) == ((64, 48) if degrees == 180 else (48, 64))


def test_pixel_shape_and_colour(tmp_path: Path) -> None:
    made = replace(PLAIN, aspect=Fraction(4, 3), colour=(9, 2, 9, 14), pixels="yuv420p10le")
    clip = open_clip(record(tmp_path / "wide.mp4", made))
    assert clip.aspect == Fraction(4, 3)
    assert clip.colour == Colour(matrix=9, range=2, primaries=9, transfer=14)
    assert clip.pixels == "yuv420p10le"


def test_turning_turns_the_pixels_shape_too(tmp_path: Path) -> None:
    made = replace(PLAIN, aspect=Fraction(4, 3), degrees=90)
    assert open_clip(record(tmp_path / "both.mp4", made)).aspect == Fraction(3, 4)


def test_a_folder_of_pictures_is_a_clip(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        images.write(tmp_path / f"frame{number}.png", bars(number, (32, 24)))
    (tmp_path / "notes.txt").write_text("not a picture")
    for path in (tmp_path, tmp_path / "frame*.png"):
        clip = open_clip(path, Fraction(5))
        assert [item.name for item in clip.pictures] == ["frame1.png", "frame9.png", "frame10.png"]
        assert (clip.width, clip.height, clip.count) == (32, 24, 3)
        assert (clip.rate, clip.duration, clip.colour) == (Fraction(5), Fraction(3, 5), BT709)
    assert open_clip(tmp_path / "frame9.png").count == 1


def test_a_folder_with_a_clip_names_it(plain_clip: Path) -> None:
    with pytest.raises(MediaError, match=r"; name the clip in it: .*plain\.mp4"):
        open_clip(plain_clip.parent)


def test_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    images.write(tmp_path / ".hidden.png", bars(1, (32, 24)))
    with pytest.raises(MediaError, match="is a folder without pictures"):
        open_clip(tmp_path)


def test_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(path, "w") as container:
        cover = container.add_stream("mjpeg", rate=1, width=32, height=32)
        cover.pix_fmt = "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        sound = container.add_stream("aac", rate=48_000)
        picture = av.VideoFrame.from_ndarray(bars(1, (32, 32))).reformat(format="yuvj420p")
        container.mux(cover.encode(picture))
        container.mux(cover.encode(None))
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 4800), np.float32), format="fltp")
        frame.sample_rate = 48_000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    with pytest.raises(MediaError, match=r"song\.mp4: no video stream; is it an audio file"):
        open_clip(path)


def test_each_unreadable_file_says_why(tmp_path: Path, plain_clip: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("hello " * 100)
    (tmp_path / "indexless.mp4").write_bytes(plain_clip.read_bytes()[:500])
    (tmp_path / "pictures").mkdir()
    reasons = {
        "absent.mp4": "no such file",
        "empty.mp4": "is empty",
        "text.mp4": "not a video",
        "indexless.mp4": "not a video, or one cut off before its index",
        "pictures": "is a folder without pictures",
        "*.png": "matches no file",
    }
    for name, reason in reasons.items():
        with pytest.raises(MediaError) as caught:
            open_clip(tmp_path / name)
        assert name in str(caught.value) and reason in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "listed"), PLAYLISTS.items())
def test_a_list_of_other_files_is_not_followed(
    tmp_path: Path, plain_clip: Path, name: str, listed: str
) -> None:
    """FFmpeg tells formats by their content, so a stranger's clip may name a file of ours."""
    (tmp_path / "private.mp4").write_bytes(plain_clip.read_bytes())
    (tmp_path / name).write_text(listed)
    with pytest.raises(MediaError, match=rf"{name}: a list of other files"):
        open_clip(tmp_path / name)


def test_tags_in_an_old_code_do_not_make_a_clip_unusable(tmp_path: Path) -> None:
    """Old cameras wrote Latin-1, as `Café` here, where UTF-8 belongs."""
    path = tmp_path / "old.mkv"
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.metadata["title"] = "Caf\u00e9 by the sea"
        for _ in range(3):
            container.mux(stream.encode(VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    whole = path.read_bytes()
    assert "Caf\u00e9".encode() in whole
    path.write_bytes(whole.replace("Caf\u00e9".encode(), b"Caf\xe9 "))
    assert open_clip(path).count == 3
    assert len(list(frames(open_clip(path)))) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a name")
def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.mp4")
    with pytest.raises(MediaError, match="is a pipe or a device"):
        open_clip(tmp_path / "x.mp4")
