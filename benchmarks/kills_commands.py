"""What is lost when a real command is killed (part of benchmarks/kills.py)?

A command is killed at random moments of the time that it takes, up to three times in a row; each
time the same command is given again, and at last it ends by itself. Then its result must be that of
a command that was never killed, nothing may be left behind, and nothing of the user's may have
changed. A command that starts another process (ffmpeg) is killed with it, without it, or left alone
while that is killed: then it must end with one line.
"""

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.commands import (
    MINE,
    RUN,
    SMALL,
    WRITTEN,
    Command,
    new_project,
    run,
    write_long_clip,
)
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.media.clip import open_clip, open_container
from faceswap_ae.media.reader import frames
from faceswap_ae.training.runs import checkpoint, metric_log
from faceswap_ae.training.runs.run import Run

IN_A_ROW = 3  # kills of one command, before it is left to end
STEPS = 60
OFTEN = "preview_seconds=.5 save_minutes=.005"
SWAP_STEPS = 15
LATER = 0.1  # most seconds that a child lives until it is killed
FIRST = "first"  # the project whose cache all others begin with
# What differs from run to run in the names that a command leaves.
NAMES = re.compile(
    r"(?<=checkpoint-)\d+|(?<=-)[0-9a-f]{6}(?=\.safetensors)|(?<=tfevents\.).*"
    r"|(?<=faceswap_ae/)[0-9a-f]{32}|(?<=journals/)[0-9a-f]{16}"
)

Facts = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A command, how its project is prepared, and what its result is."""

    words: str
    prepare: Callable[[Path], None]
    result: Callable[[Path], Facts]
    child: bool = False  # does it start a process of its own?


@dataclass
class Tally:
    """What happened to a command."""

    seconds: float  # of one that is not killed
    kills: dict[str, int] = field(default_factory=dict)  # by what was killed
    ends: int = 0  # of commands that were given again until they were done
    wrong: list[str] = field(default_factory=list)

    def count(self, whom: str) -> None:
        """One more was killed."""
        self.kills[whom] = self.kills.get(whom, 0) + 1


def train_result(place: Path) -> Facts:
    """The arrays of the newest checkpoint, bit by bit, and the steps of the log."""
    own = Run(place / "runs" / RUN)
    state = checkpoint.load(own.checkpoints)
    assert state is not None
    steps = [row.step for row in metric_log.read(own.log)]
    assert steps == sorted(set(steps)) and steps[-1] <= STEPS
    arrays = {
        f"{group}/{name}": hashlib.sha256(array.tobytes()).hexdigest()
        for group, inside in state.arrays.items()
        for name, array in inside.items()
    }
    return {"step": state.step, **arrays}


def faces_of(folder: Path) -> Facts:
    """The faces of a folder, which must all be readable, and be in the journal."""
    stored = [entry.stored for entry in face_file.entries(folder)]
    ids = sorted(one.face.id for one in stored if one is not None)
    assert len(ids) == len(stored) == len(set(ids)) == len(Journal(folder).written)
    return {"faces": ids}


def pixels_of(clip: Path) -> Facts:
    """Every frame's time and pixels, and every packet of sound."""
    shown = [
        [str(frame.time), hashlib.sha256(frame.image.tobytes()).hexdigest()]
        for frame in frames(open_clip(clip))
    ]
    with open_container(clip) as (container, _):
        streams = container.streams.audio  # with none, all would be read
        sound = [bytes(packet) for packet in container.demux(streams)] if streams else []
    report = json.loads(clip.with_name(f"{clip.name}.json").read_text())
    return {"frames": shown, "sound": sound, "rows": report["every"]}


def swap_result(place: Path) -> Facts:
    """As far as it is promised: a kill during a search may place faces a little differently."""
    work, found = place / "out.work", pixels_of(place / "out.mp4")
    metrics = json.loads((work / "metrics.json").read_text())
    state = checkpoint.load(work / "runs" / RUN / "checkpoints")
    assert state is not None and (work / "report.html").stat().st_size > 0
    faces = {name: faces_of(work / "data" / name) for name in ("ben", "ada")}
    times = [time for time, _ in found["frames"]]
    return {**faces, "times": times, "sound": found["sound"], "metrics": {*metrics}} | {
        "step": state.step
    }


def _nothing(_: Path) -> None:
    pass


def _begin_anew(place: Path) -> None:
    shutil.rmtree(place / "runs" / RUN)


def _without_ada(place: Path) -> None:
    for path in (place / "data" / "ada").iterdir():
        if path.name != "mine.txt":
            path.unlink()


CASES = {
    "train": Case(
        f"train --face ben --onto ada --steps {STEPS} {SMALL} {OFTEN}", _begin_anew, train_result
    ),
    "extract": Case(
        "extract ada.mp4 --as ada --size 64",
        _without_ada,
        lambda place: faces_of(place / "data" / "ada"),
    ),
    "convert": Case(
        f"convert long.mp4 -o out.mp4 --run {RUN}",
        write_long_clip,
        lambda place: pixels_of(place / "out.mp4"),
    ),
    "convert to GIF": Case(
        f"convert ada.mp4 -o out.gif --run {RUN}",
        _nothing,
        lambda place: pixels_of(place / "out.gif"),
        child=True,
    ),
    "swap": Case(
        f"swap --face ben.mp4 --onto ada.mp4 -o out.mp4 --steps {SWAP_STEPS} {SMALL}",
        _nothing,
        swap_result,
    ),
}


@dataclass
class Killer:
    """Kills one command again and again."""

    case: Case
    place: Path  # for all its projects
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.project = self._prepared(FIRST)
        (self.project.parent / "cache").mkdir()
        assert run(self.case.words, self.project).status == 0
        self.project = self._prepared("timed")
        begin = time.monotonic()
        assert run(self.case.words, self.project).status == 0
        self.tally = Tally(round(time.monotonic() - begin, 1))
        self.names, self.result = names_in(self.project), self.case.result(self.project)

    def until_done(self, number: int) -> None:
        """Give one command, kill it, give it again, until it is done; then look at its result."""
        self.project = self._prepared(f"{number}")
        for _ in range(int(self.rng.integers(1, IN_A_ROW + 1))):
            self._kill_once()
        ended = run(self.case.words, self.project)
        self.tally.ends += 1
        try:
            assert ended.status == 0 and not ended.wrong, f"{ended.wrong}: {ended.said[-500:]}"
            check_mine(self.project)
            found = names_in(self.project)
            assert found == self.names, f"names differ: {sorted(found ^ self.names)}"
            same = self.case.result(self.project) == self.result
            assert same, "another result than without a kill"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self.tally.wrong.append(f"project {number}: {type(error).__name__}: {error}")
        else:
            shutil.rmtree(self.project.parent)

    def _kill_once(self) -> None:
        before = self._newest()
        command = Command(self.case.words, self.project)
        whom = str(self.rng.choice(["all", "alone", "child"])) if self.case.child else "all"
        moment = float(self.rng.uniform(0, self.tally.seconds))
        if whom == "child":
            self._kill_child(command)
        elif not command.is_over(moment):
            command.kill(group=whom == "all")
            self.tally.count(whom)
        after = self._newest()
        if after < before:
            self.tally.wrong.append(f"step {before} was saved, {after} is there")

    def _kill_child(self, command: Command) -> None:
        """Kill the process that it starts; it must end with one line."""
        while not command.children() and command.process.is_alive():
            pass
        time.sleep(float(self.rng.uniform(0, LATER)))
        if not command.kill_child():
            command.end()
            return
        self.tally.count("child")
        ended = command.end()
        if ended.wrong:
            self.tally.wrong.append(f"child killed: {ended.wrong}: {ended.said[-800:]}")

    def _newest(self) -> int:
        folder = self.project / "runs" / RUN / "checkpoints"
        state = checkpoint.newest(folder)
        return -1 if state is None else state.step

    def _prepared(self, name: str) -> Path:
        place = self.place / name
        project = new_project(place / "work")
        if name != FIRST:
            # What a clip shows is known: so its faces are where they were, whenever it is killed.
            shutil.copytree(self.place / FIRST / "cache", place / "cache")
        self.case.prepare(project)
        return project


def kill_command(name: str, kills: int, seed: int) -> Tally:
    """Kill one of the commands so many times."""
    rng = np.random.default_rng([seed, [*CASES].index(name)])
    place = Path(tempfile.mkdtemp(prefix="kills-"))
    killer = Killer(CASES[name], place, rng)
    number = 0
    while sum(killer.tally.kills.values()) < kills:
        number += 1
        killer.until_done(number)
    if not killer.tally.wrong:
        shutil.rmtree(place)
    return killer.tally


def names_in(project: Path) -> set[str]:
    """The names of all files beside a project and in it, without what differs each time."""
    place = project.parent
    return {NAMES.sub("", str(path.relative_to(place))) for path in place.rglob("*")}


def check_mine(project: Path) -> None:
    """Raise AssertionError if a file of the user's has changed, or one that is only read."""
    for name, text in MINE.items():
        assert (project / name).read_text() == text, name
    for name in ("ada.mp4", "ben.mp4", "swap.mp4"):
        assert (project / name).read_bytes() == (WRITTEN / name).read_bytes(), name
