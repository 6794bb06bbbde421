"""How are many cases run quickly? `python -m tests.support.hostile.server [--networks]`.

A process imports everything once, and makes the files that cases begin with. It then reads a kind
and a seed a line, and forks two processes for each case: one makes its files, one runs it. It
computes nothing itself, so that no thread and no lock of its own is in the copies. A process
without networks takes a second to begin; one with them (TensorFlow) some ten, and makes its files
by training, converting and measuring.
"""

import importlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.hostile import sandbox
from tests.support.hostile.formats import (
    CHANGES,
    CONVERT,
    EVALUATE,
    KINDS,
    RESUME,
    SYNTH,
)
from tests.support.hostile.kinds import name_of
from tests.support.hostile.pictures import photo
from tests.support.hostile.sandbox import Outcome

ROOT = Path(__file__).parents[3]
WRITTEN = ROOT / "tests" / "written_before"
NETWORKS = ("tensorflow", "keras")
PHOTOS = {"1.png": "PNG", "2.jpg": "JPEG", "3.bmp": "BMP", "4.webp": "WEBP", "5.tiff": "TIFF"}
PATIENCE = 600  # seconds, for what every case begins with
MADE = ("made*", ".made*", "data/made*")


@contextmanager
def serving(*, networks: bool) -> Iterator[Callable[[str, int], Outcome]]:
    """Start such a process; give a function that has it run one case."""
    command = [sys.executable, "-m", "tests.support.hostile.server"]
    command += ["--networks"] if networks else []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        asks, answers = process.stdin, process.stdout
        assert asks is not None
        assert answers is not None

        def run(kind: str, seed: int) -> Outcome:
            asks.write(json.dumps([kind, seed]) + "\n")
            asks.flush()
            return Outcome(**json.loads(answers.readline()))

        yield run
        asks.close()


def main(words: Sequence[str]) -> None:
    """Answer lines until there are no more."""
    networks = "--networks" in words
    answers = os.fdopen(os.dup(1), "w")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with tempfile.TemporaryDirectory() as folder:
        begun = Path(folder) / "begun"
        _import_all(networks=networks)
        run, threads = _command_line(), _threads()
        _prepare(run, begun, networks=networks)
        for line in sys.stdin:
            kind, seed = json.loads(line)
            assert _threads() <= threads, "its new threads are missing in the copies"
            answers.write(json.dumps(asdict(_outcome(run, begun, kind, seed))) + "\n")
            answers.flush()


def _threads() -> int:
    """The threads of this process, also those of libraries, where the system tells."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 0


def _outcome(run: sandbox.Main, begun: Path, kind: str, seed: int) -> Outcome:
    place, begin = begun.with_name("case"), time.perf_counter()
    shutil.copytree(begun, place, symlinks=True)
    work = place / "work"
    words = sandbox.apart(partial(KINDS[kind].make, work, random.Random(f"{kind} {seed}")))
    may = (*MADE, *CHANGES.get(name_of(" ".join(words)), ()))
    before = sandbox.tree(place)
    ended = sandbox.run(run, ["--quiet", *words], place)
    after = sandbox.tree(place)
    within = (*(f"work/{one}" for one in may), "xdg_cache_home*", "tmpdir*")
    wrong = sandbox.judge(ended, before, after, within, asks=KINDS[kind].asks)
    shutil.rmtree(place)
    spent = round(time.perf_counter() - begin, 3)
    said = ended.said[-1000:]
    command = " ".join(words)[:300]
    return Outcome(kind, seed, command, ended.status, said, wrong, spent, ended.mebibytes)


def _import_all(*, networks: bool) -> None:
    """Import what commands import when they run, so that the copies need not."""
    refused = () if networks else NETWORKS
    vars(sys)["modules"].update(dict.fromkeys(refused))  # whoever wants these is not imported
    files = sorted((ROOT / "faceswap_ae").rglob("[!_]*.py"))
    for path in files:
        with nullcontext() if networks else suppress(ImportError):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for name in refused:
        del sys.modules[name]
    for name in ("numpy.ma", "encodings.cp437", "encodings.ascii", "moviepy", "dlib", "mmap"):
        importlib.import_module(name)


def _command_line() -> sandbox.Main:
    """The program's `main`, with its parser built once: that takes half of a quick case."""
    import typer

    from faceswap_ae.cli import main as command_line

    with redirect_stdout(io.StringIO()):
        command_line.main(["faces", "show", "--help"])
    vars(command_line)["app"] = typer.main.get_command(command_line.app)
    return command_line.main


def _prepare(run: sandbox.Main, begun: Path, *, networks: bool) -> None:
    """Make the files that every case begins with."""
    work = begun / "work"
    shutil.copytree(WRITTEN, work)
    for name in ("beside", "home", "tmpdir", "xdg_cache_home"):
        (begun / name).mkdir()
    (begun / "beside" / "mine.txt").write_text("mine")
    _must(run, "faces pack ada", begun)
    (work / "data" / "ada.zip").rename(work / "data" / "zipped.zip")
    _must(run, "faces drop ada ada-164140-000011.png", begun)
    sandbox.apart(partial(_write_photos, work / "photos"))
    (work / "drop.txt").write_text("ada-164140-000002.png\nada-164140-000004.png\n")
    points = sandbox.apart(partial(_points, work / "data" / "ada"))
    (work / "points.json").write_text(json.dumps(points))
    if networks:
        _prepare_for_networks(run, begun)


def _write_photos(folder: Path) -> None:
    folder.mkdir()
    for name, kind in PHOTOS.items():
        (folder / name).write_bytes(photo(kind))


def _points(folder: Path) -> Any:
    from faceswap_ae.common.geometry import transform
    from faceswap_ae.faces.folders import face_file

    stored = face_file.read(folder / "ada-164140-000003.png")
    assert stored is not None
    return transform(stored.face.landmarks, stored.matrix).tolist()


def _prepare_for_networks(run: sandbox.Main, begun: Path) -> None:
    work = begun / "work"
    for command in (CONVERT, EVALUATE):
        _must(run, command, begun)
    for left in work.glob("made*"):
        left.unlink()
    _must(_killed_before_joining(run), RESUME, begun)
    for left in work.glob(".late*.part-*"):  # else whoever writes next removes it, as it should
        left.unlink()
    _must(run, f"{SYNTH} --seconds 1.5 --fps 8 --seed 5 --lossless", begun)
    (work / "made").rename(work / "truth")
    for name in ("ben", "ada", "play", "answer"):
        (work / "film" / "clips" / name).mkdir(parents=True)
        shutil.copy(work / "truth" / "truth.json", work / "film" / "clips" / name)
    weights = begun / "xdg_cache_home" / "faceswap_ae" / "weights"
    weights.mkdir(parents=True)
    name = "rcmalli_vggface_tf_notop_senet50.h5"
    for path, network in ((work / "vggface.h5", "vgg16"), (weights / name, "senet50")):
        sandbox.apart(partial(_write_vggface, path, network))
    (weights / f"{name}.pin.json").write_text(_pin(weights / name))
    (work / "own.yaml").write_text(
        "model: quick\ntrainer: autoencoder\nbatch: 4\nnetwork:\n  size: 32\n  width: 0.1\n"
    )


def _write_vggface(path: Path, network: str) -> None:
    from tests.support.vggface_file import layers_of, write

    write(path, layers_of(network))


def _killed_before_joining(run: sandbox.Main) -> sandbox.Main:
    """The same, but the process ends when all parts of a conversion are written."""

    def main(words: Sequence[str]) -> int:
        from faceswap_ae.media import resumable_writer

        vars(resumable_writer)["_join"] = lambda *_: os._exit(0)
        return run(words)

    return main


def _pin(path: Path) -> str:
    import hashlib

    whole = path.read_bytes()
    told = {"url": "https://x", "bytes": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}
    return json.dumps(told)


def _must(run: sandbox.Main, command: str, place: Path) -> None:
    ended = sandbox.run(run, ["--quiet", *command.split()], place, PATIENCE)
    if ended.status != 0:
        raise AssertionError(f"{command}: {ended.status} {ended.said}")


if __name__ == "__main__":
    main(sys.argv[1:])
