"""How are face sets of DeepFaceLab and faceswap damaged, as strangers may send them?"""

import os
import pickle
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.foreign_sets import (
    ada,
    dfl_crop,
    dfl_jpg,
    dfl_pak,
    dfl_told,
    fs_alignments,
    fs_face,
    fs_png,
    fs_told,
    with_data,
    with_words,
)
from tests.support.hostile.damage import EDGES, changed_bytes, changed_numbers, changed_value

SIDE = 128  # pixels of a face
FRAME = "frame_000001.png"


class _Runs:
    """A pickle that would make a folder if it were run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("run-by-a-pickle",)


@cache
def _crop() -> Any:
    return dfl_crop(ada(), size=SIDE)


@cache
def _jpg() -> bytes:
    return dfl_jpg(ada(), size=SIDE)


@cache
def _png() -> bytes:
    return fs_png(ada(), SIDE)


@cache
def _frame() -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", ada().image[..., ::-1])[1])


def _told() -> dict[str, Any]:
    """What DeepFaceLab says of a face, with a mask of each kind."""
    polygon = [[10.0, 10.0], [100.0, 10.0], [60.0, 90.0]]
    masks = {"seg_ie_polys": {"polys": [{"type": 1, "pts": np.array(polygon, np.float32)}]}}
    mask = np.zeros((64, 64, 1), np.uint8)
    return {**dfl_told(ada(), size=SIDE), **masks, "xseg_mask": bytes(mask)}


def _pickled(told: Any, rng: random.Random) -> bytes:
    way = rng.random()
    if way < 0.6:
        told = changed_value(told, rng)
    elif way < 0.7:
        told = rng.choice((_Runs(), {**told, "landmarks": _Runs()}, [told], None, 3))
    elif way < 0.8:
        told["self"] = told
    whole = pickle.dumps(told, rng.choice((2, 3, 4, 5)))
    return changed_numbers(whole, rng) if way > 0.8 else whole


def jpg(work: Path, rng: random.Random) -> None:
    """A face of DeepFaceLab: its pickle, or the picture around it."""
    whole = _jpg() if rng.random() < 0.3 else with_data(_crop(), _pickled(_told(), rng)[:65_000])
    change = rng.choice((changed_bytes, changed_numbers))
    (work / "set").mkdir()
    (work / "set" / "a.jpg").write_bytes(change(whole, rng) if rng.random() < 0.4 else whole)


def pak(work: Path, rng: random.Random) -> None:
    """A faceset.pak: its head, its offsets, or a face in it."""
    face = with_data(_crop(), _pickled(_told(), rng)[:65_000])
    (work / "set").mkdir()
    path = dfl_pak(work / "set" / "faceset.pak", [_jpg(), face], pickle.dumps(_Runs()))
    whole = bytearray(path.read_bytes())
    way = rng.random()
    if way < 0.5:
        at = rng.randrange(0, 16 + int.from_bytes(whole[8:16], "little") + 24, 8)
        whole[at : at + 8] = struct.pack("<Q", rng.choice((*EDGES, 2**63, 2**64 - 1)))
    path.write_bytes(changed_bytes(bytes(whole), rng) if way > 0.8 else bytes(whole))


def png(work: Path, rng: random.Random) -> None:
    """A face of faceswap: the dict beside its pixels."""
    import cv2

    told = changed_value(fs_told(ada()), rng)
    words = str(told).encode("utf-8", "replace")
    if rng.random() < 0.3:
        words = rng.choice((b"[" * 90_000, b"{'a': " * 5000, b"__import__('os').mkdir('run')", b""))
    image = np.asarray(cv2.resize(_crop(), (SIDE, SIDE)), np.uint8)
    whole = with_words(image, words)
    (work / "set").mkdir()
    (work / "set" / "a.png").write_bytes(changed_bytes(whole, rng) if rng.random() < 0.3 else whole)


def alignments(work: Path, rng: random.Random) -> None:
    """A file of alignments beside its frame: its pickle, or how that is compressed."""
    (work / "set").mkdir()
    (work / "set" / FRAME).write_bytes(_frame())
    way, face = rng.random(), fs_face(ada())
    if way < 0.5:
        whole = fs_alignments({FRAME: [changed_value(face, rng)]})
    elif way < 0.6:
        whole = fs_alignments({FRAME: [face] * 3000, "../x.png": [face]})
    elif way < 0.7:
        told = changed_value(
            {"__meta__": {"version": 2.4}, "__data__": {FRAME: {"faces": [face]}}}, rng
        )
        whole = zlib.compress(pickle.dumps(told))
    elif way < 0.8:
        whole = zlib.compress(rng.choice((bytes(10**8), pickle.dumps(_Runs()), b"[" * 10**6)))
    else:
        inner = zlib.decompress(fs_alignments({FRAME: [face]}))
        whole = zlib.compress(rng.choice((changed_bytes, changed_numbers))(inner, rng))
    (work / "set" / "alignments.fsa").write_bytes(
        changed_bytes(whole, rng) if rng.random() < 0.1 else whole
    )


WAYS: tuple[Callable[[Path, random.Random], None], ...] = (jpg, pak, png, alignments)


def any_set(work: Path, rng: random.Random) -> None:
    """A set in one of the formats."""
    rng.choice(WAYS)(work, rng)
