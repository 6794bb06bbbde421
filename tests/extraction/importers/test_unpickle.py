"""Are pickles of plain data read correctly, and all others refused without running code?"""

import collections
import os
import pickle
import struct
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from faceswap_ae.common.errors import UserError
from faceswap_ae.extraction.importers import unpickle
from faceswap_ae.extraction.importers.arrays import KINDS
from faceswap_ae.extraction.importers.unpickle import read
from tests.support.foreign_sets import PROTOCOLS, before_numpy_2

NUMBERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.binary(min_size=1, max_size=300),
)
PLAIN = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner, inner, inner),
        st.dictionaries(st.text(max_size=8), inner, max_size=5),
    ),
    max_leaves=20,
)
ARRAYS = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: arrays(np.dtype(kind), array_shapes(max_dims=4, max_side=4))
)


@given(told=PLAIN, protocol=st.sampled_from(PROTOCOLS))
def test_plain_data_comes_out_as_it_went_in(told: Any, protocol: int) -> None:
    assert read(pickle.dumps(told, protocol), "x") == told


@given(array=ARRAYS, protocol=st.sampled_from(PROTOCOLS))
def test_arrays_come_out_as_they_went_in(array: Any, protocol: int) -> None:
    told = {"plain": array, "turned": array.T, "big": array.astype(array.dtype.newbyteorder(">"))}
    pickled = pickle.dumps(told, protocol)
    for one in (pickled, before_numpy_2(pickled)):
        found = read(one, "x")
        for name, wanted in told.items():
            assert found[name].dtype.str[1:] == wanted.dtype.str[1:]
            np.testing.assert_array_equal(found[name], wanted)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_and_ordered_dicts(protocol: int) -> None:
    told = {"a": np.float32(1.5), "b": np.int64(-3), "c": np.bool_(True)}
    pickled = pickle.dumps(collections.OrderedDict(told), protocol)
    for one in (pickled, before_numpy_2(pickled)):
        assert read(one, "x") == {"a": 1.5, "b": -3, "c": True}


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_an_empty_array_is_one(protocol: int) -> None:
    found = read(pickle.dumps(np.empty((0, 2), np.float32), protocol), "x")
    assert found.shape == (0, 2) and found.dtype == np.float32


def test_what_is_told_once_is_one_thing() -> None:
    row = np.arange(3.0)
    found = read(pickle.dumps([row, row]), "x")
    assert found[0] is found[1]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda marker: (os.system, (f"touch {marker}",)), "'posix.system'|'nt.system'"),
        (lambda marker: (eval, (f"open({str(marker)!r}, 'w')",)), r"'\w+.eval'"),
        (lambda marker: (exec, (f"open({str(marker)!r}, 'w')",)), r"'\w+.exec'"),
        (lambda marker: (open, (str(marker), "w")), r"'_?io.open'"),
        (lambda marker: (Path.touch, (marker,)), r"'\w+\.(getattr|Path\.touch)'|'pathlib"),
        (lambda marker: (np.savetxt, (str(marker), [1])), "'numpy.*savetxt'"),
        (lambda _: (__import__, ("this",)), r"'\w+.__import__'"),
        (lambda _: (bytearray, (10**12,)), r"'\w+.bytearray'"),
    ],
)
def test_nothing_is_ever_called(
    tmp_path: Path, call: Callable[[Path], Any], words: str, protocol: int
) -> None:
    marker = tmp_path / "marker"

    class Hostile:
        def __reduce__(self) -> Any:
            return call(marker)

    for told in (Hostile(), {"landmarks": [1, Hostile()]}, [np.ones(2), {"a": (Hostile(),)}]):
        with pytest.raises(UserError, match=f"face.jpg: its data asks (to run ({words})|for the)"):
            read(pickle.dumps(told, protocol), "face.jpg")
    assert not marker.exists()


def test_a_refused_file_is_named_with_what_it_wanted() -> None:
    with pytest.raises(UserError) as caught:
        read(b"cposix\nsystem\n(X\x02\x00\x00\x00lstR.", "face.jpg")
    told = "face.jpg: its data asks to run 'posix.system'; refused: this is no face set"
    assert str(caught.value) == told


def test_a_name_alone_imports_nothing() -> None:
    sys.modules.pop("antigravity", None)
    for pickled in (b"cantigravity\nfly\n.", b"\x80\x04\x8c\x0bantigravity\x8c\x03fly\x93."):
        with pytest.raises(UserError, match=r"'antigravity\.fly'"):
            read(pickled, "x")
    assert "antigravity" not in sys.modules


def test_a_name_cannot_write_on_the_terminal() -> None:
    with pytest.raises(UserError) as caught:
        read(b"cos\n\x1b[2J" + b"a" * 5000 + b"\n.", "x")
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


ENCODE = b"c_codecs\nencode\n"
DTYPE = b"cnumpy\ndtype\n"
ARRAY = b"cnumpy\nndarray\n"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
SCALAR = b"cnumpy.core.multiarray\nscalar\n"
F4 = DTYPE + b"X\x02\x00\x00\x00f4\x85R"
EMPTY = RECONSTRUCT + ARRAY + b"K\x00\x85C\x01b\x87R"
HUGE = b"\x8a\x08" + (2**40).to_bytes(8, "little")


def word(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


@pytest.mark.parametrize(
    ("pickled", "why"),
    [
        (DTYPE + word("O") + b"\x85R.", "misuses 'numpy.dtype' .*'O'"),
        (DTYPE + word("f4,O") + b"\x85R.", "misuses 'numpy.dtype'"),
        (DTYPE + word("V1000000000") + b"\x85R.", "misuses 'numpy.dtype'"),
        (DTYPE + b"](" + word("a") + word("O") + b"\x86e\x85R.", "misuses 'numpy.dtype'"),
        (DTYPE + ARRAY + b"\x85R.", "misuses 'numpy.dtype'"),
        (ARRAY + HUGE + b"\x85\x85R.", "misuses 'numpy.ndarray'"),
        (RECONSTRUCT + DTYPE + b"K\x00\x85C\x01b\x87R.", "misuses .*_reconstruct'"),
        (RECONSTRUCT + ARRAY + HUGE + b"\x85C\x01b\x87R.", "misuses .*_reconstruct'"),
        (SCALAR + F4 + b"C\x00\x86R.", "misuses .*scalar'"),
        (SCALAR + F4 + b"K\x04\x86R.", "misuses .*scalar'"),
        (ENCODE + word("uryyb") + word("rot13") + b"\x86R.", "misuses '_codecs.encode'"),
        (ENCODE + word("x") + word("idna") + b"\x86R.", "misuses '_codecs.encode'"),
        (b"ccollections\nOrderedDict\n]\x85R.", "misuses 'collections.OrderedDict'"),
        (b"}]R.", "calls what is no function"),
        (ARRAY + b"}" + word("__call__") + b"Nsb.", "fills an array wrongly"),
        (ENCODE + b"N}" + word("__defaults__") + b"Ns\x86b.", "fills an array wrongly"),
        (b"]" + b"}b.", "fills an array wrongly"),
        (F4 + b"}b.", "fills an array wrongly"),
        (EMPTY + b"}b.", "fills an array wrongly"),
        (EMPTY + b"(K\x01" + HUGE + b"\x85" + F4 + b"\x89C\x04abcdtb.", "4 bytes for 1099"),
        (EMPTY + b"(K\x01J\xff\xff\xff\xff\x85" + F4 + b"\x89C\x04abcdtb.", "no shape"),
        (EMPTY + b"(K\x01K\x01\x85" + F4 + b"\x89]tb.", "other than numbers"),
        (b"Pname\n.", "PERSID"),
        (b"NQ.", "BINPERSID"),
        (b"\x82\x01.", "EXT1"),
        (b"\x83\x01\x00.", "EXT2"),
        (b"\x84\x01\x00\x00\x00.", "EXT4"),
        (b"(ios\nsystem\n.", "'os.system'"),
        (b"(" + DTYPE + b"o.", "OBJ"),
        (ARRAY + HUGE + b"\x85\x81.", "NEWOBJ"),
        (ARRAY + b")}\x92.", "NEWOBJ_EX"),
        (b"\x97.", "NEXT_BUFFER"),
        (b"\xff.", "unknown pickle word"),
        (b"}(K\x01K\x02u.", "other than words"),
        (b"\x8a\xff" + b"\x01" * 255 + b".", "a number of 255 bytes"),
    ],
)
def test_what_no_face_set_does_is_refused(pickled: bytes, why: str) -> None:
    with pytest.raises(UserError, match=f"^x: its data .*{why}.*refused"):
        read(b"\x80\x04" + pickled, "x")


@pytest.mark.parametrize(
    "pickled",
    [
        *(b"", b"\x80", b"\x80\x09.", b".", b"K", b"R.", b"q\x00.", b"h\x07.", b"t.", b"\x87."),
        *(b"(K\x01e.", b"}(" + word("a") + b"u.", b"K\x01K\x02a.", b"cos\n", b"K\x01K\x02\x93."),
        *(b"B\xff\xff\xff\xff.", b"\x8e" + b"\xff" * 8 + b".", b"\x96" + b"\x7f" * 8 + b"."),
        *(b"X\xff\xff\xff\x7f.", b"\x95" + b"\xff" * 4, pickle.dumps([1.5] * 9)[:-5]),
    ],
)
def test_what_is_cut_off_or_garbled_is_one_line(pickled: bytes) -> None:
    with pytest.raises(UserError, match=r"^x: its (face data is cut off or damaged|data)"):
        read(pickled, "x")


@given(st.data())
def test_no_garbling_gets_past_the_errors(data: st.DataObject) -> None:
    pickled = bytearray(pickle.dumps({"a": np.arange(4.0), "b": [1, (2.5, "x")]}, 4))
    for _ in range(data.draw(st.integers(1, 4))):
        pickled[data.draw(st.integers(0, len(pickled) - 1))] = data.draw(st.integers(0, 255))
    one_line(bytes(pickled))


@given(st.binary(max_size=60))
def test_no_bytes_get_past_the_errors(pickled: bytes) -> None:
    one_line(pickled)


def one_line(pickled: bytes) -> None:
    """Assert that a pickle is either read, or refused with a message of one line."""
    said = ""
    try:
        read(pickled, "x")
    except UserError as error:
        said = str(error)
    assert "\n" not in said
    assert not said or said.startswith("x: ")


LENGTH = (2**40).to_bytes(8, "little")


@pytest.mark.parametrize(
    ("pickled", "is_refused"),
    [
        *((b"]r\xff\xff\xff\xff.", False), (b"\x95" + LENGTH + b"].", False)),
        *((b"\x8e" + LENGTH + b".", True), (b"\x8d" + LENGTH + b".", True)),
        *((b"\x96" + LENGTH + b".", True), (b"\x8b\xff\xff\xff\x7f.", True)),
        (RECONSTRUCT + ARRAY + HUGE + b"\x85C\x01b\x87R.", True),
    ],
)
def test_a_claim_of_size_takes_no_memory(pickled: bytes, is_refused: bool) -> None:
    """Python's own unpickler would allocate 32 GiB for the first pickle."""
    tracemalloc.start()
    try:
        with pytest.raises(UserError) if is_refused else nullcontext():
            assert read(pickled, "x") == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_of_many_objects_goes_off_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickle, "MOST", 1000)
    for bomb in (b"]" * 5000, b"(" * 5000, b"N" + b"\x94" * 5000, b"N" + b"\x85" * 5000):
        with pytest.raises(UserError, match="more than 1000 things"):
            read(bomb + b".", "x")
    monkeypatch.setattr(unpickle, "LARGEST", 1000)
    with pytest.raises(UserError, match="no face set has so much"):
        read(b"N" * 1001, "x")


def test_nesting_comes_back_without_a_crash() -> None:
    deep = read(b"]" * 100_000 + b"a" * 99_999 + b".", "x")
    assert len(deep) == 1
    itself = read(b"]q\x00h\x00a.", "x")
    assert itself[0] is itself


def test_names_of_many_kinds_of_things_are_no_keys() -> None:
    """Hashing deeply nested tuples would crash the process."""
    with pytest.raises(UserError, match="other than words"):
        read(b"})" + b"\x85" * 100_000 + b"Ns.", "x")
