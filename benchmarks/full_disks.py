"""What is lost when a disk fills in a write? `python -m benchmarks.full_disks`.

Each command runs on a small file system that is full after some kilobytes (mounted in memory; this
needs Linux and root), and with a limit on the size of each file (`--limit`, for everybody). Many
sizes are tried, so that each kind of write is the one that fails. The command must end with one
line and status 1, the files that were there must be as they were, and after there is room again the
same command must be done. Prints JSON.
"""

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.commands import new_project, run
from benchmarks.kills_commands import CASES, check_mine, names_in
from benchmarks.measure import report

LEAST, MOST = 300, 3_000_000  # bytes of a file, with --limit
ROOM = 400 << 20  # bytes of a file system with room again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, default=12, help="how many are tried")
    parser.add_argument("--limit", action="store_true", help="the size of files, not of the disk")
    parser.add_argument("--only", nargs="+", default=[*CASES], choices=[*CASES])
    wanted = parser.parse_args()
    tried = limited_files if wanted.limit else small_disks
    print(report("full_disks", {}, **{name: tried(name, wanted.sizes) for name in wanted.only}))


def limited_files(name: str, sizes: int) -> dict[str, object]:
    """Try a command with limits on the size of each file that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        whole = _whole(name, Path(folder, "whole"))
        found = []
        for most in np.geomspace(LEAST, MOST, sizes).astype(int):
            place = Path(folder, f"{most}")
            project = _prepared(name, place, whole)
            found.append(_tried(name, project, whole, int(most)))
            shutil.rmtree(place)
    return _summary(found)


def small_disks(name: str, sizes: int) -> dict[str, object]:
    """Try a command on file systems from nearly full to nearly large enough."""
    with tempfile.TemporaryDirectory() as folder:
        whole = _whole(name, Path(folder, "whole"))
        last = _bytes(whole.parent)
        with _disk(ROOM) as disk:
            first = _bytes(_prepared(name, disk / "place", whole).parent)
        found = []
        for size in np.linspace(first + 8192, max(last, first + 40_000), sizes).astype(int):
            with _disk(ROOM) as disk:
                project = _prepared(name, disk / "place", whole)
                _resize(disk, int(size))
                found.append(_tried(name, project, whole, None, disk))
    return _summary(found)


def _whole(name: str, place: Path) -> Path:
    project = new_project(place / "work")
    (place / "cache").mkdir()
    CASES[name].prepare(project)
    ended = run(CASES[name].words, project)
    assert ended.status == 0, ended.said
    return project


def _prepared(name: str, place: Path, whole: Path) -> Path:
    project = new_project(place / "work")
    shutil.copytree(whole.parent / "cache", place / "cache")
    CASES[name].prepare(project)
    return project


def _tried(
    name: str, project: Path, whole: Path, most: int | None, disk: Path | None = None
) -> tuple[str, str]:
    """Run it with too little room, then again with room. Return how it ended, what is wrong."""
    case = CASES[name]
    ended = run(case.words, project, most)
    line = ended.errors[0] if ended.errors else f"status {ended.status}"
    told = line.replace(str(project.parent), "").replace(str(project.parent.resolve()), "")
    try:
        check_mine(project)
        assert not ended.wrong and ended.status in (0, 1), f"{ended.wrong}: {ended.said[-600:]}"
        if disk is not None:
            _resize(disk, ROOM)
        again = run(case.words, project)
        assert again.status == 0, f"again: {again.said[-600:]}"
        check_mine(project)
        differ = names_in(project) ^ names_in(whole)
        assert not differ, f"names differ: {sorted(differ)}"
        assert case.result(project) == case.result(whole), "another result"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return told, f"{type(error).__name__}: {error}"
    return told, ""


def _summary(found: list[tuple[str, str]]) -> dict[str, object]:
    wrong = [f"{told} -> {what}" for told, what in found if what]
    failed = sorted({told for told, _ in found if told != "status 0"})
    full = sum(told != "status 0" for told, _ in found)
    return {"tried": len(found), "full": full, "lines": failed, "wrong": wrong}


@contextmanager
def _disk(size: int) -> Iterator[Path]:
    place = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
    try:
        yield Path(place)
    finally:
        subprocess.run(["umount", "-l", place], check=True)
        Path(place).rmdir()


def _resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def _bytes(place: Path) -> int:
    return sum(
        -(-path.stat().st_size // 4096) * 4096 if path.is_file() else 4096
        for path in place.rglob("*")
    )


if __name__ == "__main__":
    main()
