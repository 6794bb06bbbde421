"""Is a run trained by one process at a time, and taken over from a dead one?"""

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path

import pytest

from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.training.runs import lock
from faceswap_ae.training.runs.lock import SILENCE, Holder, lock_path, only_trainer

ELSEWHERE = replace(Holder.this_process(), machine="another", host="studio-3", pid=77)


def written(folder: Path, holder: Holder, seconds_ago: float = 0) -> Path:
    """A lock as its holder wrote it, and when it gave its last sign of life."""
    path = lock_path(folder)
    path.write_text(json.dumps(asdict(holder)))
    now = path.stat().st_mtime
    os.utime(path, (now - seconds_ago, now - seconds_ago))
    return path


def refused(folder: Path) -> str:
    """What is told to somebody who may not train a run."""
    with pytest.raises(UserError) as found, only_trainer(folder):
        pass
    return str(found.value)


def test_a_second_one_is_told_who_trains(tmp_path: Path) -> None:
    with only_trainer(tmp_path / "ben-ada"):
        assert f"ben-ada: is trained by process {os.getpid()} on " in refused(tmp_path / "ben-ada")
        with only_trainer(tmp_path / "another"):
            pass
    assert not any(tmp_path.iterdir())


def test_a_dead_process_of_this_machine_is_followed_at_once(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from faceswap_ae.training.runs import lock;"
    program += (
        "own = lock.only_trainer(Path(sys.argv[1])); own.__enter__(); print('held', flush=True);"
    )
    program += "sys.stdin.read()"
    command = [sys.executable, "-c", program, str(tmp_path / "run")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "held\n"
        assert f"process {child.pid} on" in refused(tmp_path / "run")
        child.kill()
    with only_trainer(tmp_path / "run"):
        pass
    assert not any(tmp_path.iterdir())


def test_a_process_elsewhere_is_alive_while_its_heart_beats(tmp_path: Path) -> None:
    written(tmp_path / "run", ELSEWHERE, SILENCE - 20)
    told = refused(tmp_path / "run")
    assert re.search(r"process 77 on studio-3 .* works in (19|20|21) s", told)
    written(tmp_path / "run", ELSEWHERE, SILENCE + 20)
    with only_trainer(tmp_path / "run") as held:
        assert Holder.read(held.path) == held.holder
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("hours", [1, 24 * 366 * 10])
def test_a_heartbeat_ahead_of_the_clock_is_not_believed_for_ever(
    tmp_path: Path, hours: int
) -> None:
    path = written(tmp_path / "run", ELSEWHERE, -3600 * hours)
    assert "works in 60 s" in refused(tmp_path / "run")
    beat = path.stat().st_mtime
    os.utime(
        path, (beat - SILENCE - 1, beat - SILENCE - 1)
    )  # no other beat since it was set to now
    with only_trainer(tmp_path / "run") as held:
        assert Holder.read(held.path) == held.holder


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_jumps_takes_no_run_from_a_process_of_this_machine(
    tmp_path: Path, hours: int
) -> None:
    with only_trainer(tmp_path / "run") as held:
        now = held.path.stat().st_mtime
        os.utime(held.path, (now - 3600 * hours, now - 3600 * hours))
        assert f"process {os.getpid()} on" in refused(tmp_path / "run")


def test_another_process_that_got_a_dead_one_s_number_holds_nothing(tmp_path: Path) -> None:
    written(tmp_path / "run", replace(Holder.this_process(), started="1"))
    with only_trainer(tmp_path / "run") as held:
        assert Holder.read(held.path) == held.holder


def test_a_lock_that_an_earlier_version_wrote_is_read(tmp_path: Path) -> None:
    now = asdict(Holder.this_process())
    del now["started"]
    lock_path(tmp_path / "run").write_text(json.dumps(now))
    assert f"process {os.getpid()} on" in refused(tmp_path / "run")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "[" * 100_000])
def test_a_lock_that_says_nothing_counts_by_its_age(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "run", ELSEWHERE, SILENCE + 20)
    age = path.stat().st_mtime
    path.write_text(text)
    os.utime(path, (age, age))
    with only_trainer(tmp_path / "run") as held:
        assert Holder.read(held.path) == held.holder


def test_who_was_taken_over_stops(tmp_path: Path) -> None:
    with only_trainer(tmp_path / "run") as held:
        held.check()
        written(tmp_path / "run", ELSEWHERE)
        with pytest.raises(Fault, match=r"process 77 on studio-3 .* trains this run now"):
            held.check()
    assert Holder.read(lock_path(tmp_path / "run")) == ELSEWHERE  # it is theirs


@pytest.mark.parametrize("again", range(30))  # one in three failed where two could follow
def test_of_many_that_find_a_dead_one_only_one_goes_on(tmp_path: Path, again: int) -> None:
    written(tmp_path / "run", replace(ELSEWHERE, pid=again), SILENCE + 20)
    begin, end = threading.Barrier(8), threading.Barrier(8)
    held: list[bool] = []

    def compete() -> None:
        begin.wait()
        try:
            with only_trainer(tmp_path / "run"):
                held.append(True)
                end.wait()
        except UserError:
            end.wait()

    every = [threading.Thread(target=compete) for _ in range(8)]
    for one in every:
        one.start()
    for one in every:
        one.join()
    assert held == [True]


def test_who_was_killed_while_it_followed_a_dead_one_is_followed_too(tmp_path: Path) -> None:
    dead = written(tmp_path / "run", ELSEWHERE, SILENCE + 20)
    claim = dead.with_name(f"{dead.name}-{blake2b(dead.read_bytes(), digest_size=8).hexdigest()}")
    claim.write_text(json.dumps(asdict(replace(ELSEWHERE, pid=78))))
    assert "several processes want to train it" in refused(tmp_path / "run")  # it may be alive
    os.utime(claim, (0, 0))
    with only_trainer(tmp_path / "run") as held:
        assert Holder.read(held.path) == held.holder
    assert not any(tmp_path.iterdir())


def test_words_of_a_lock_cannot_steer_a_terminal(tmp_path: Path) -> None:
    written(tmp_path / "run", replace(ELSEWHERE, host="\x1b[2J\nevil"))
    assert refused(tmp_path / "run").isprintable()


def test_a_link_in_its_place_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    lock_path(tmp_path / "run").symlink_to(tmp_path / "mine")
    assert refused(tmp_path / "run")
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a name")
def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(lock_path(tmp_path / "run"))
    assert "several processes want to train it" in refused(tmp_path / "run")


def test_the_heart_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT", 0.01)
    with only_trainer(tmp_path / "run") as held:
        os.utime(held.path, (0, 0))
        while held.path.stat().st_mtime < 1:
            pass
