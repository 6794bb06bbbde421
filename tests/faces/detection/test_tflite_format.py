import contextlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import MediaError
from faceswap_ae.faces.detection.tflite_format import CONVOLVE, PRELU, read
from faceswap_ae.runtime.weights import MESH, WEIGHTS, weight_file

FILES = [name for name, place in WEIGHTS.items() if place == MESH]
FACE = "face_landmark.tflite"


@pytest.fixture(scope="module")
def whole() -> bytes:
    return weight_file(FACE).read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def test_operators_and_weights_are_read() -> None:
    graph = read(weight_file(FACE))
    counts = Counter(operator.code for operator in graph.operators)
    assert (counts[CONVOLVE], counts[PRELU]) == (25, 23)
    assert graph.shapes[graph.inputs[0]] == (1, 192, 192, 3)
    assert [graph.shapes[one][-1] for one in graph.outputs] == [1404, 1]
    first = next(one for one in graph.operators if one.code == CONVOLVE)
    assert first.options == {"valid": 0, "columns": 2, "rows": 2, "activation": 0}
    kernel = graph.constants[first.inputs[1]]
    assert kernel.shape == (16, 3, 3, 3)
    assert 0.01 < np.abs(kernel).mean() < 1


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_known(name: str) -> None:
    graph = read(weight_file(name))
    assert all(np.isfinite(one).all() for one in graph.constants.values())


# The tables are at the end of the file; before them are weights, where any byte is valid.
CHANGED = st.lists(st.tuples(st.integers(1, 60_000), st.integers(0, 255)), max_size=6)


@given(changes=CHANGED, kept=st.one_of(st.just(1.0), st.floats(0, 1)))
def test_no_damage_gets_past_or_breaks_the_reader(
    changes: list[tuple[int, int]], kept: float, whole: bytes, folder: Path
) -> None:
    """A file with wrong bytes or a wrong end is refused by name, or read as numbers."""
    path, damaged = folder / "damaged.tflite", bytearray(whole)
    for place, value in changes:
        damaged[-place] = value
    path.write_bytes(damaged[: int(kept * len(whole))])
    with contextlib.suppress(MediaError):
        read(path)


def test_a_file_cut_off_is_refused_by_name(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError, match=r"cut\.tflite: cannot be read as a network .* undamaged"):
        read(path)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 4, b"a page in HTML, not a network", b"\xff" * 99]
)
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.tflite").write_bytes(content)
    with pytest.raises(MediaError, match=r"other\.tflite: cannot be read"):
        read(tmp_path / "other.tflite")


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"none\.tflite: cannot be read"):
        read(tmp_path / "none.tflite")
