import hashlib
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.training.runs import tensor_file

SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
ARRAYS = st.sampled_from(sorted(tensor_file.KEPT)).flatmap(lambda kind: arrays.arrays(kind, SHAPES))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def assert_same(found: NDArray[Any], wanted: NDArray[Any]) -> None:
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    assert found.tobytes() == wanted.tobytes()


@given(held=st.dictionaries(NAMES, ARRAYS, max_size=5))
def test_what_is_written_is_read_bit_by_bit(
    held: dict[str, NDArray[Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tensors") / "a.safetensors"
    written = tensor_file.write(path, held)
    found = tensor_file.read(path)
    assert {*found} == {*held}
    for name, array in held.items():
        assert_same(found[name], array)
    tensor_file.check(path, written)
    content = path.read_bytes()
    assert written.name == path.name
    assert written.size == len(content)
    assert written.digest == hashlib.blake2b(content, digest_size=16).hexdigest()
    header = 8 + int.from_bytes(content[:8], "little")
    assert len(content) == header + tensor_file.size(held)
    assert header % 8 == 0


def test_others_read_and_write_the_same_files(tmp_path: Path) -> None:
    held = {
        "kernel": np.array([[0x7FC12345, 0x7F812345, 0x80000000]], np.uint32).view(np.float32),
        "steps": np.array(2**62 + 1),
        "none": np.zeros((0, 3), np.float32),
        "flag": np.array([True, False, True]),
    }
    tensor_file.write(tmp_path / "ours.safetensors", held)
    save_file(held, tmp_path / "theirs.safetensors")
    for name, array in held.items():
        assert_same(load_file(tmp_path / "ours.safetensors")[name], array)
        assert_same(tensor_file.read(tmp_path / "theirs.safetensors")[name], array)


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16])
def test_half_precision_is_kept_without_loss(kind: type, tmp_path: Path) -> None:
    every: NDArray[Any] = np.arange(2**16).astype(np.uint16).view(kind)
    written = tensor_file.write(tmp_path / "a", {"every": every})
    found = tensor_file.read(tmp_path / "a")["every"]
    assert found.dtype == np.float32
    assert tensor_file.size({"every": every}) == found.nbytes < written.size
    number = ~np.isnan(found)
    assert_same(found[number].astype(kind), every[number])
    assert np.isnan(every[~number].astype(np.float32)).all()


def test_arrays_that_do_not_lie_in_order(tmp_path: Path) -> None:
    plain = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    held = {
        "turned": plain.T,
        "every other": plain[:, ::2, ::-1],
        "big-endian": plain.astype(">f4"),
        "broadcast": np.broadcast_to(np.float32(3), (5, 2)),
    }
    tensor_file.write(tmp_path / "a", held)
    for name, array in tensor_file.read(tmp_path / "a").items():
        assert np.array_equal(array, held[name])


@pytest.mark.parametrize("array", [np.array(["text"]), np.array([None]), np.array([1j])])
def test_what_is_no_number_is_refused(array: NDArray[Any], tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"'odd': .* has no place"):
        tensor_file.write(tmp_path / "a", {"odd": array})
    assert list(tmp_path.iterdir()) == []


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    written = tensor_file.write(path, {"kernel": np.arange(9, dtype=np.float32)})
    whole = path.read_bytes()
    path.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    assert np.isfinite(tensor_file.read(path)["kernel"]).all()  # the damage is not visible
    with pytest.raises(Fault, match=r"a\.safetensors: is damaged"):
        tensor_file.check(path, written)
    path.write_bytes(whole[:-1])
    with pytest.raises(Fault, match="is damaged"):
        tensor_file.read(path)
    path.unlink()
    with pytest.raises(Fault, match="cannot be read"):
        tensor_file.check(path, written)
    with pytest.raises(Fault, match="cannot be read"):
        tensor_file.read(path)


def test_a_failed_write_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another place"):
        tensor_file.write(tmp_path / "file" / "a", {})
