import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as pillow
from PIL import ImageCms

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Image
from faceswap_ae.media import images

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))


def gradient() -> Image:
    red, green = np.meshgrid(np.linspace(0, 255, 24), np.linspace(0, 255, 16))
    return np.stack([red, green, 255 - red], axis=-1).round().astype(np.uint8)


@given(image=arrays(np.uint8, SHAPES))
def test_png_gives_back_every_pixel(tmp_path_factory: pytest.TempPathFactory, image: Image) -> None:
    path = tmp_path_factory.getbasetemp() / "round.png"
    images.write(path, image)
    assert np.array_equal(images.read(path), image)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_kinds_stay_near(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"gesicht äöü 顔{suffix}"
    images.write(path, gradient())
    assert np.abs(images.read(path).astype(int) - gradient()).mean() < 4


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    grey = gradient()[..., 0]
    images.write(tmp_path / "grey.png", grey)
    assert np.array_equal(images.read(tmp_path / "grey.png"), np.stack([grey] * 3, axis=-1))


def test_sixteen_bits_keep_the_upper_eight(tmp_path: Path) -> None:
    deep = (gradient()[..., 0].astype(np.uint16) << 8) + 77
    for suffix in (".png", ".tif"):
        pillow.fromarray(deep).save(tmp_path / f"deep{suffix}")
        assert np.array_equal(images.read(tmp_path / f"deep{suffix}")[..., 1], gradient()[..., 0])


def test_sixteen_bit_colour(tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), gradient()[..., ::-1].astype(np.uint16) * 257)
    assert np.array_equal(images.read(path), gradient())


def test_transparency_lies_on_black(tmp_path: Path) -> None:
    alpha = np.full(gradient().shape[:2], 255, np.uint8)
    alpha[:, :12] = 0
    pillow.fromarray(np.dstack([gradient(), alpha])).save(tmp_path / "clear.png")
    image = images.read(tmp_path / "clear.png")
    assert not image[:, :12].any()
    assert np.array_equal(image[:, 12:], gradient()[:, 12:])


def test_palette(tmp_path: Path) -> None:
    image = np.where(gradient()[..., :1] > 128, np.uint8(255), np.uint8(0)).repeat(3, axis=-1)
    pillow.fromarray(image).convert("P").save(tmp_path / "palette.png")
    assert np.array_equal(images.read(tmp_path / "palette.png"), image)


def test_cmyk_comes_out_in_its_colours(tmp_path: Path) -> None:
    pillow.fromarray(gradient()).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert np.abs(images.read(tmp_path / "print.jpg").astype(int) - gradient()).mean() < 8


@pytest.mark.parametrize(("tag", "quarters"), [(1, 0), (3, 2), (6, 1), (8, 3)])
def test_camera_turn_is_applied(tmp_path: Path, tag: int, quarters: int) -> None:
    exif = pillow.Exif()
    exif[0x0112] = tag  # the Orientation tag
    lying = np.rot90(gradient(), quarters)
    pillow.fromarray(np.ascontiguousarray(lying)).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(images.read(tmp_path / "turned.png"), gradient())


def test_colour_profile_is_brought_to_srgb(tmp_path: Path) -> None:
    # sRGB with exchanged primaries: the file's red means green.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    crossed = profile.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    pillow.fromarray(gradient()).save(tmp_path / "crossed.png", icc_profile=crossed)
    image = images.read(tmp_path / "crossed.png").astype(int)
    assert np.abs(image - gradient()[..., [1, 0, 2]]).mean() < 2


def test_broken_profile_is_ignored(tmp_path: Path) -> None:
    pillow.fromarray(gradient()).save(tmp_path / "odd.png", icc_profile=b"not a profile")
    assert np.array_equal(images.read(tmp_path / "odd.png"), gradient())


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    whole = BytesIO()
    pillow.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(
        whole, "PNG"
    )
    contents = {"text.jpg": b"hello", "empty.png": b"", "cut.png": whole.getvalue()[:2000]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaError, match=name):
            images.read(tmp_path / name)
    with pytest.raises(MediaError, match="no such file"):
        images.read(tmp_path / "absent.png")


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of memory as Linux has it")
def test_a_part_that_claims_more_than_there_is_memory(tmp_path: Path) -> None:
    whole = BytesIO()
    pillow.fromarray(gradient()).save(whole, "PNG")
    told = bytearray(whole.getvalue())
    at = told.index(b"IDAT") - 4
    told[at : at + 4] = b"\xff\xff\xff\xf0"
    (tmp_path / "odd.png").write_bytes(told)
    program = (
        "import resource, sys; from pathlib import Path; from faceswap_ae.media import images;"
    )
    program += (
        "resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30)); images.read(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "odd.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "MediaError" in done.stderr.splitlines()[-1] and "broken picture" in done.stderr


def test_a_bomb_is_refused_and_a_large_scan_is_welcome(tmp_path: Path) -> None:
    """Pillow warns from 89 million pixels on, and refuses from 179 million pixels on."""
    for name, side in (("scan.png", 9_500), ("bomb.png", 14_000)):
        pillow.new("1", (side, side)).save(tmp_path / name)
    assert images.read(tmp_path / "scan.png").shape == (9_500, 9_500, 3)
    with pytest.raises(MediaError, match=r"bomb\.png: too many pixels"):
        images.read(tmp_path / "bomb.png")


def test_unknown_kind_to_write(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"did you mean '\.png'"):
        images.write(tmp_path / "face.pnng", gradient())
    assert not any(tmp_path.iterdir())


def test_a_small_file_with_too_many_pixels_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    side = 12_000
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(1 + side // 8)) for _ in range(side)) + rows.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
            for kind, part in chunks
        )
    )
    assert path.stat().st_size < 10**6
    with pytest.raises(MediaError, match="12000 x 12000 pixels, more than 100 million"):
        images.read(path)
