"""How are real commands run hundreds of times without a new start of Python each time?

A server process imports everything once. Each command is a fork of it, with a process group, a
folder and a cache of its own. It works on a small project, made from tests/written_before.
"""

import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.media.writer import writing
from tests.conftest import ROOT

WRITTEN = ROOT / "tests" / "written_before"
RUN = "ben-onto-ada"
REPEATS = 44  # of the 12 frames of ada.mp4 in long.mp4: three segments of a conversion
SECONDS = 180.0  # of a command, after which it counts as hanging
SMALL = "width=.1 size=32 latent=16 batch=4 precision=float32"
PRELOADED = (
    *("tensorflow", "keras", "dlib", "cv2", "av", "moviepy", "faceswap_ae.cli.main"),
    *("faceswap_ae.extraction.extractor", "faceswap_ae.training.train"),
    *("faceswap_ae.conversion.convert", "faceswap_ae.evaluation.evaluate"),
)
# What belongs to the user, beside ours: no command may change it.
MINE = {
    **dict.fromkeys(("mine.txt", "data/mine.txt", "data/ada/mine.txt", "runs/mine.txt"), "mine"),
    ".backup.part-1-of-3.zip": "mine",
    "docs/thesis.txt": "mine",
    ".out.mp4.old": "mine",
}


@dataclass(frozen=True)
class Ended:
    """How a command ended. Its status is negative if a signal ended it, None if it hung."""

    status: int | None
    said: str

    @property
    def errors(self) -> list[str]:
        """The lines in which it told why it failed."""
        return [line for line in self.said.splitlines() if line.startswith("faceswap-ae: ")]

    @property
    def wrong(self) -> str:
        """What is wrong with this end, in a few words."""
        if self.status not in (0, 1, 2):
            return "it hung" if self.status is None else f"status {self.status}"
        if "Traceback" in self.said or "a fault of ours" in self.said:
            return "a traceback"
        few = len(self.errors) == (self.status != 0)
        return "" if few else f"{len(self.errors)} lines of error with status {self.status}"


class Command:
    """A command that runs in a process group of its own."""

    def __init__(self, words: str, place: Path, most: int | None = None) -> None:
        # Not beside the project: the disk that it is on may be full.
        self._folder = tempfile.TemporaryDirectory(prefix="said-", ignore_cleanup_errors=True)
        self.said = Path(self._folder.name) / "said.txt"
        self.process: ForkServerProcess = server().Process(
            target=_run, args=(words.split(), place, self.said, most)
        )
        self.process.start()
        while not self.said.exists() and self.process.is_alive():
            pass

    def is_over(self, seconds: float) -> bool:
        """Wait for its end, at most so long."""
        self.process.join(seconds)
        return self.process.exitcode is not None

    def children(self) -> list[int]:
        """The processes that it has started, such as ffmpeg."""
        with suppress(OSError):
            tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
            return [int(word) for task in tasks for word in task.read_text().split()]
        return []

    def kill(self, group: bool = True) -> None:
        """Kill it, with its children or without."""
        assert self.process.pid is not None
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process.pid, signal.SIGKILL)
        self.process.join()

    def kill_child(self) -> bool:
        """Kill a process that it started; False where there is none."""
        for child in self.children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                return True
        return False

    def end(self, seconds: float = SECONDS) -> Ended:
        """Wait for its end, and tell it."""
        over = self.is_over(seconds)
        if not over:
            self.kill()
        said = self.said.read_text(errors="replace")
        return Ended(self.process.exitcode if over else None, said)


def run(words: str, place: Path, most: int | None = None) -> Ended:
    """Run one command to its end. `most` limits the size of each file that it writes."""
    return Command(words, place, most).end()


def server() -> multiprocessing.context.ForkServerContext:
    """The server of which every command is a fork."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED])
    return context


def new_project(place: Path) -> Path:
    """Make the folder of a small project, with files of the user's in it."""
    shutil.copytree(WRITTEN, place)
    for name, text in MINE.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    return place


def write_long_clip(place: Path) -> None:
    """Write ada.mp4 again and again into long.mp4, with its sound."""
    clip = open_clip(place / "ada.mp4")
    shown = list(frames(clip))
    with writing(place / "long.mp4", clip, tracks=clip) as sink:
        for number in range(REPEATS * len(shown)):
            time = Fraction(number) / clip.rate
            sink.write(shown[number % len(shown)].image, time, 1 / clip.rate)


def _run(words: list[str], place: Path, said: Path, most: int | None) -> None:
    os.setsid()
    os.environ["XDG_CACHE_HOME"] = str(place.parent / "cache")
    os.chdir(place)
    if most is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    ready = said.with_name("ready.txt")
    file = os.open(ready, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    ready.replace(said)
    from faceswap_ae.cli.main import main

    sys.exit(main(words))
