import math
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.training.runs import tensorboard
from faceswap_ae.training.runs.tensorboard import EventWriter, crc32c
from tests.support.processes import limited


def told(folder: Path) -> list[Any]:
    """The events that TensorFlow reads from the files. It verifies each checksum."""
    import tensorflow as tf

    files = sorted(map(str, folder.iterdir()))
    records = tf.data.TFRecordDataset(files).as_numpy_iterator()
    return [tf.compat.v1.Event.FromString(record) for record in records]


def test_checksums_of_the_standard() -> None:
    # The values are from RFC 3720, B.4, and the check value from the catalogue of CRCs.
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"") == 0


def test_tensorflow_reads_scalars(tmp_path: Path) -> None:
    values = {"losses/total": 0.125, "für ben": -3.0e-7, "huge": 1e300, "odd": math.nan}
    with EventWriter(tmp_path / "events") as out:
        out.scalars(300, values, 1.75e9)
        out.scalars(2**40, {}, 1.75e9 + 1)
    first, start, row, last = told(tmp_path / "events")
    assert first.file_version == "brain.Event:2"
    assert (start.session_log.status, start.step) == (start.session_log.START, 0)
    assert (row.step, row.wall_time) == (300, 1.75e9)
    found = {one.tag: one.simple_value for one in row.summary.value}
    assert math.isnan(found.pop("odd"))
    assert found == {
        "losses/total": 0.125,
        "für ben": struct.unpack("f", struct.pack("f", -3.0e-7))[0],
        "huge": math.inf,
    }
    assert (last.step, len(last.summary.value)) == (2**40, 0)


@pytest.mark.parametrize("shape", [(5, 300, 3), (4, 2)])
def test_tensorflow_reads_pictures(shape: tuple[int, ...], tmp_path: Path) -> None:
    import tensorflow as tf

    image: Image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with EventWriter(tmp_path) as out:
        out.image(7, "preview", image, 1.75e9)
    (value,) = told(tmp_path)[-1].summary.value
    assert value.tag == "preview"
    assert (value.image.height, value.image.width) == shape[:2]
    assert value.image.colorspace == (3 if len(shape) == 3 else 1)
    pixels = tf.io.decode_png(value.image.encoded_image_string).numpy()
    assert np.array_equal(pixels.reshape(shape), image)


def test_going_on_takes_a_new_file_and_forgets_what_came_after(tmp_path: Path) -> None:
    with EventWriter(tmp_path) as out:
        out.scalars(50, {"total": 1.0}, 1.75e9)
    with EventWriter(tmp_path, 40) as out:
        out.scalars(50, {"total": 2.0}, 1.75e9)
    found = told(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert [event.step for event in found] == [0, 0, 50, 0, 41, 50]
    assert found[4].session_log.status == found[4].session_log.START


@given(content=st.binary(max_size=80), wrong=st.integers(0, 10**6))
def test_any_damage_shows_in_a_checksum(content: bytes, wrong: int) -> None:
    whole = bytearray(tensorboard.record(content))
    assert len(whole) == len(content) + 16
    place = wrong % len(whole)
    whole[place] ^= 1 + wrong % 255
    length, body = bytes(whole[:8]), bytes(whole[12:-4])
    sound = tensorboard.record(body)
    assert length != sound[:8] or whole[8:12] != sound[8:12] or whole[-4:] != sound[-4:]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another place"):
        EventWriter(tmp_path / "file" / "events")


FILLED = """
import sys
from pathlib import Path
import numpy as np
from faceswap_ae.common.errors import Fault
from faceswap_ae.training.runs.tensorboard import EventWriter
noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
try:
    with EventWriter(Path(sys.argv[1])) as events:
        events.image(1, "noise", noise, 0.0)
except Fault as error:
    print(error)
"""


def test_a_full_disk_is_one_line_when_the_file_is_closed_too(tmp_path: Path) -> None:
    command = limited(3000, [sys.executable, "-c", FILLED, str(tmp_path)])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "could not be written" in done.stdout and not done.stderr
