import io
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as pillow

from faceswap_ae.media import png, provenance
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.montage import side_by_side
from faceswap_ae.media.reader import frames
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.segments import OutputSpec
from faceswap_ae.media.truncation import missing_bytes
from tests.support.clips import Recording, record
from tests.support.written_clips import NOISE, new, rewrite, write_all

WHEN = datetime(2026, 11, 20, 16, 44, 1, tzinfo=UTC)
TOLD = provenance.make_marks(WHEN, "ben's face <put>\n onto ada & shown: here")
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"


def test_what_is_said() -> None:
    assert TOLD["ai_altered"] == "ben's face <put> onto ada & shown: here"
    assert TOLD["ai_tool"].startswith("faceswap_ae ")
    assert TOLD["ai_time"] == "2026-11-20T16:44:01+00:00"
    assert TOLD["digital_source_type"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert all(TOLD[key] in TOLD["comment"] for key in ("ai_altered", "ai_tool", "ai_time"))


def source_type(packet: str) -> str | None:
    """The IPTC source type in an XMP packet, parsed as XML."""
    (found,) = ElementTree.fromstring(packet.strip("\0")).iter(IPTC)
    return found.text


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_video_with_xmp_behind_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    write_all(path, new(), [NOISE] * 3)
    before = [frame.image for frame in frames(open_clip(path))]
    assert provenance.read(path) is None
    provenance.stamp(path, TOLD)
    with av.open(path, options={"export_xmp": "1"}) as container:
        assert source_type(container.metadata["xmp"]) == provenance.SOURCE_TYPE
    after = [frame.image for frame in frames(open_clip(path))]
    assert np.array_equal(before, after)
    assert missing_bytes(path) == 0
    path.write_bytes(path.read_bytes()[:-1])
    assert missing_bytes(path) == 1


def test_a_picture(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    assert provenance.read(folder) is None
    path = folder / "000001.png"
    path.write_bytes(png.encode(NOISE, provenance.png_words(TOLD)))
    assert provenance.read(path) == provenance.read(folder) == TOLD
    with pillow.open(path) as picture:
        # Older Pillows know the chunk by its own name.
        told = picture.info.get("xmp") or picture.info["XML:com.adobe.xmp"].encode()
        assert source_type(told.decode()) == provenance.SOURCE_TYPE
        assert np.array_equal(np.asarray(picture), NOISE)


def test_a_gif(tmp_path: Path) -> None:
    path = tmp_path / "out.gif"
    write_all(path, new(), [np.roll(NOISE, shift) for shift in range(4)])
    before = [(frame.time, frame.image.tobytes()) for frame in frames(open_clip(path))]
    assert provenance.read(path) is None
    provenance.stamp(path, TOLD)
    assert provenance.read(path) == TOLD
    assert [(frame.time, frame.image.tobytes()) for frame in frames(open_clip(path))] == before
    with pillow.open(path) as picture:
        assert picture.info["loop"] == 0
        assert TOLD["comment"] in picture.info["comment"].decode()
    content = path.read_bytes()
    begin = content.index(b"XMP DataXMP") + 11
    packet = content[begin : content.index(provenance.GIF_XMP_END, begin)].decode()
    assert source_type(packet) == provenance.SOURCE_TYPE
    assert [item.name for item in tmp_path.iterdir()] == ["out.gif"]


def test_a_gif_that_another_wrote(tmp_path: Path) -> None:
    path = tmp_path / "other.gif"
    shades = pillow.fromarray(NOISE).convert("P")
    shades.save(path, comment=b"no mark of ours: at all")
    assert provenance.read(path) is None
    provenance.stamp(path, TOLD)
    assert provenance.read(path) == TOLD


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"words", b"GIF89a!\xfe"]
)
def test_what_is_no_medium_has_no_marks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    assert provenance.read(path) is None


def test_a_clip_of_somebody_else(tmp_path: Path) -> None:
    assert provenance.read(record(tmp_path / "in.mp4", Recording(count=2))) is None


def test_no_marks_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    write_all(path, new(), [NOISE])
    before = path.read_bytes()
    provenance.stamp(path, {})
    assert path.read_bytes() == before
    assert provenance.png_words({}) == {}


@given(what=st.text(max_size=600))
def test_any_words_come_back(what: str) -> None:
    told = provenance.make_marks(WHEN, what)
    packed = png.encode(NOISE[:2, :2], provenance.png_words(told))
    found = {key: png.read_text(io.BytesIO(packed), key) for key in told}
    assert found == told
    packet = png.read_text(io.BytesIO(packed), provenance.XMP_KEYWORD)
    assert packet is not None and source_type(packet) == provenance.SOURCE_TYPE


def test_time_is_the_callers() -> None:
    later = provenance.make_marks(WHEN.replace(year=2027), "x")
    assert later["ai_time"].startswith("2027")


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.gif", "frames"])
@pytest.mark.parametrize("source", ["in.mp4", "in.gif", "in"])
def test_what_is_cut_out_of_an_altered_clip_says_so(tmp_path: Path, source: str, name: str) -> None:
    made = tmp_path / source
    if source == "in":
        made.mkdir()
        (made / "1.png").write_bytes(png.encode(NOISE, provenance.png_words(TOLD)))
    else:
        write_all(made, new(), [NOISE] * 2)
        provenance.stamp(made, TOLD)
    if source == "in.mp4":  # the writer sets the tags of MP4 files
        assert provenance.read(made) is None
        with resumable(OutputSpec(made, new(), marks=TOLD), {}) as parts:
            parts.write(NOISE, Fraction(0), Fraction(1, 25))
    cut = rewrite(made, tmp_path / name)
    assert provenance.read(cut) == TOLD


@pytest.mark.parametrize("name", ["both.mp4", "both.mov", "both.mkv"])
def test_what_is_beside_an_altered_clip_says_so(tmp_path: Path, name: str) -> None:
    plain, altered = tmp_path / "plain.mp4", tmp_path / "altered.mp4"
    for path, marks in ((plain, {}), (altered, TOLD)):
        with resumable(OutputSpec(path, new(), marks=marks), {}) as parts:
            for number in range(4):
                parts.write(NOISE, Fraction(number, 25), Fraction(1, 25))
    both, neither = tmp_path / name, tmp_path / f"neither-{name}"
    side_by_side([plain, altered], ["ada", "swap"], both)
    side_by_side([plain, plain], ["ada", "ada"], neither)
    assert provenance.read(both) == TOLD
    assert provenance.read(neither) is None and missing_bytes(both) == 0
    with av.open(both, options={"export_xmp": "1"}) as container:
        packet = container.metadata.get("xmp")
    assert both.suffix == ".mkv" or (packet and source_type(packet) == provenance.SOURCE_TYPE)
