import logging
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import kills_saves
from benchmarks.kills_saves import assert_same
from faceswap_ae.common.atomic import ABANDONED
from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.training.runs import checkpoint, manifest
from faceswap_ae.training.runs.checkpoint import TrainingState, load, rewind, save, snapshot
from faceswap_ae.training.runs.manifest import SNAPSHOT
from tests.support.processes import closed
from tests.support.run_files import arrays, spoil, state_of, steps

# The calls before which the process is killed: during the first file, before the manifest, after
# it, during the removal of an older checkpoint, and during a second save of the step. In other
# versions of Python the numbers are at other places.
CALLS = (13, 23, 24, 31, 62)


def names(folder: Path) -> list[str]:
    """The sorted names of the files, without their random letters."""
    inside = (path.name.removesuffix(".safetensors") for path in folder.iterdir())
    return sorted(name if "." in name else name.rpartition("-")[0] for name in inside)


def test_a_state_comes_back_bit_by_bit(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "x" / "checkpoints"
    assert load(folder) is None
    state = kills_saves.state_of(3)
    saved = save(folder, state)
    found = load(folder)
    assert found is not None
    assert_same(found, state)
    assert (saved.step, saved.size) == (1, sum(path.stat().st_size for path in arrays(folder)))
    weights = load(folder, ["weights"])
    assert weights is not None and [*weights.arrays] == ["weights"]


def test_the_newest_two_stay(tmp_path: Path) -> None:
    for step in (1, 2, 3, 10):
        save(tmp_path, state_of(step))
    assert steps(tmp_path) == [10, 3]
    assert names(tmp_path) == [
        "checkpoint-00000003-optimiser",
        "checkpoint-00000003-weights",
        "checkpoint-00000003.json",
        "checkpoint-00000010-optimiser",
        "checkpoint-00000010-weights",
        "checkpoint-00000010.json",
    ]
    save(tmp_path, state_of(11), keep=1)
    assert len(names(tmp_path)) == 3


def test_a_step_may_be_saved_again(tmp_path: Path) -> None:
    save(tmp_path, state_of(1))
    save(tmp_path, state_of(2))
    again = TrainingState(2, {"weights": {"other": np.zeros(2)}}, {})
    save(tmp_path, again)
    found = load(tmp_path)
    assert found is not None
    assert_same(found, again)
    assert steps(tmp_path) == [2, 1]
    assert names(tmp_path)[3:] == ["checkpoint-00000002-weights", "checkpoint-00000002.json"]


def test_snapshots_stay_for_good(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        save(tmp_path, state_of(step))
        if step < 3:
            snapshot(tmp_path, state_of(step))
    snapshot(tmp_path, state_of(2))
    kept = checkpoint.listed(tmp_path, SNAPSHOT)
    assert [saved.step for saved in kept] == [2, 1]
    found = checkpoint.restore(kept[1])
    assert_same(found, TrainingState(1, {"weights": state_of(1).arrays["weights"]}, {"rate": 0.1}))
    assert steps(tmp_path) == [4, 3]
    assert len(arrays(tmp_path)) == 6


@pytest.mark.parametrize("what", ["manifest", "weights", "optimiser"])
def test_a_damaged_newest_falls_back(
    what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path, state_of(1))
    newest = save(tmp_path, state_of(2))
    spoil(newest.path if what == "manifest" else newest.place(what))
    found = load(tmp_path)
    assert found is not None
    assert_same(found, state_of(1))
    (line,) = caplog.messages
    assert "checkpoint-00000002.json: is not used (" in line and "is damaged" in line
    assert caplog.records[0].levelno == logging.WARNING
    older = load(tmp_path, ["weights"])
    assert older is not None and older.step == (2 if what == "optimiser" else 1)


def test_a_file_that_may_not_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own are closed to other users
        folder = Path(name)
        folder.chmod(0o755)
        place = save(folder, state_of(1)).place("weights")
        with closed(place), pytest.raises(Fault, match=f"{place.name}: may not be read by you"):
            load(folder)
        assert load(folder) is not None


def test_where_all_are_damaged_nothing_begins_anew(tmp_path: Path) -> None:
    for step, group in enumerate(("weights", "optimiser")):
        spoil(save(tmp_path, state_of(step)).place(group))
    with pytest.raises(Fault, match="none of its 2 checkpoints can be used; is the disk sound"):
        load(tmp_path)
    found = load(tmp_path, ["weights"])
    assert found is not None and found.step == 1


def test_what_was_never_complete_is_nothing(tmp_path: Path) -> None:
    save(tmp_path, state_of(1)).path.unlink()
    assert load(tmp_path) is None
    assert len(arrays(tmp_path)) == 2


@pytest.mark.parametrize("damaged", ["manifest", "weights"])
def test_what_is_known_to_be_damaged_is_not_one_of_the_two(damaged: str, tmp_path: Path) -> None:
    save(tmp_path, state_of(1))
    newest = save(tmp_path, state_of(20))
    (newest.path if damaged == "manifest" else newest.place("weights")).write_text("{")
    save(tmp_path, state_of(30))
    assert steps(tmp_path) == [30, 1]
    assert len(names(tmp_path)) == 6


def test_going_back(tmp_path: Path) -> None:
    save(tmp_path, state_of(1))
    spoil(save(tmp_path, state_of(20)).place("weights"))
    found = load(tmp_path)
    assert found is not None
    rewind(tmp_path, found.step)
    assert steps(tmp_path) == [1]
    assert len(names(tmp_path)) == 3


def test_a_way_that_was_given_up_is_gone(tmp_path: Path) -> None:
    for step in (10, 20):
        save(tmp_path, state_of(step))
    save(tmp_path, state_of(15))
    assert steps(tmp_path) == [15, 10]


def test_remains_of_kills_go(tmp_path: Path) -> None:
    save(tmp_path, state_of(1))
    snapshot(tmp_path, state_of(1))
    same, old, young, foreign = (
        [
            tmp_path / f"checkpoint-{step}-weights-ab12cd.safetensors",
            tmp_path / f"checkpoint-{step}-optimiser-ab12cd.safetensors",
        ]
        for step in ("00000002", "00000008", "00000009", "of-mine")
    )
    foreign += [
        tmp_path / f"checkpoint-00000008{end}"
        for end in (".json.bak", "-weights-ab12cd.safetensors.old", "-my.notes", ".before.zip")
    ]
    for path in (*same, *old, *young, *foreign):
        path.write_text("half")
    ago = time.time() - 2 * ABANDONED
    for path in (*old, *foreign, *arrays(tmp_path)):
        if path not in (*same, *young):
            os.utime(path, (ago, ago))
    save(tmp_path, state_of(2))
    assert not any(path.exists() for path in (*same, *old))
    assert all(path.exists() for path in (*young, *foreign))
    assert steps(tmp_path) == [2, 1]
    assert [saved.step for saved in checkpoint.listed(tmp_path, SNAPSHOT)] == [1]


def test_what_cannot_be_read_keeps_its_files(tmp_path: Path) -> None:
    snapshot(tmp_path, state_of(1)).path.write_text("nonsense")
    ago = time.time() - 2 * ABANDONED
    (weights,) = arrays(tmp_path)
    os.utime(weights, (ago, ago))
    save(tmp_path, state_of(2))
    assert weights.exists()


def test_a_newer_programs_checkpoints_stay(tmp_path: Path) -> None:
    saved = save(tmp_path, state_of(1))
    saved.path.write_text(saved.path.read_text().replace('"version": 1', '"version": 99'))
    before = names(tmp_path)
    for act in (lambda: save(tmp_path, state_of(2)), lambda: load(tmp_path)):
        with pytest.raises(UserError, match="newer faceswap_ae"):
            act()
    assert names(tmp_path) == before


def test_room_is_looked_for_before(tmp_path: Path) -> None:
    place = tmp_path / "not" / "yet"
    checkpoint.check_room(place, 1000)
    with pytest.raises(Fault, match=r"2 checkpoints of 100 PB do not fit, .*B are free; free"):
        checkpoint.check_room(place, 10**17)
    for step in (1, 2, 3):
        save(place, state_of(step))
    endless = {"kernel": np.broadcast_to(np.float32(0), (10**8, 10**8))}
    with pytest.raises(Fault, match=r"a checkpoint of 40 PB does not fit, .*B are free"):
        save(place, TrainingState(4, {"weights": endless}, {}))
    assert steps(place) == [3, 2]


def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    first = kills_saves.survived(tmp_path, 0.05)
    assert kills_saves.survived(tmp_path, 0.01) >= first


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_before_any_call_loses_nothing(call: int, tmp_path: Path) -> None:
    for number in (3, 4, 5):
        save(tmp_path, kills_saves.state_of(number))
    assert 5 <= kills_saves.survived(tmp_path, None, call) <= 8
    (newest, *_) = steps(tmp_path)
    save(tmp_path, state_of(newest + 1))
    kept = {name for saved in checkpoint.listed(tmp_path) for name in manifest.names(saved.path)}
    assert steps(tmp_path) == [newest + 1, newest]
    assert {path.name for path in arrays(tmp_path)} >= kept
