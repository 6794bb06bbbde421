"""Is a resumable output complete after a kill of the process or a full disk, when resumed?"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap_ae.media import provenance
from tests.conftest import ROOT
from tests.support.processes import limited
from tests.support.segments import LENGTH, TOLD, content, make, output

MAKE = """
import os, signal, sys
from pathlib import Path
from tests.support.segments import make, output

folder, clip, name, kind, number = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def stop(index):
    if kind == "frame" and index == int(number):
        die()

def hook(event, args, left=[int(number)]):
    if kind == "rename" and event == "os.rename":
        left[0] -= 1
        if not left[0]:
            die()

sys.addaudithook(hook)
make(output(Path(folder), Path(clip), name), stop)
"""


def in_a_process(
    folder: Path, clip: Path, name: str, when: tuple[str, int], bytes_of_a_file: int | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAKE, str(folder), str(clip), name, when[0], str(when[1])]
    if bytes_of_a_file is not None:
        command = limited(bytes_of_a_file, command)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


# The order of renames for h264: job.json, then packets and facts of each of the four segments, then
# the output. For pictures: 40 pictures and the facts, then the folder of the pictures, twice.
MOMENTS = {
    "h264": [
        ("rename", 1),
        ("frame", 5),
        ("frame", 24),
        ("frame", 30),
        ("rename", 4),
        ("rename", 5),
    ],
    "pictures": [("rename", 1), ("frame", 30), ("rename", 20), ("rename", 46), ("rename", 47)],
}
LAST = ("rename", 10)


@pytest.mark.parametrize("name", MOMENTS)
def test_a_kill_at_any_moment_loses_no_segment(
    tmp_path: Path, varying_clip: Path, name: str
) -> None:
    whole = output(tmp_path / "whole", varying_clip, name)
    make(whole)
    for kind, number in MOMENTS[name]:
        folder = tmp_path / f"{kind}{number}"
        killed = in_a_process(folder, varying_clip, name, (kind, number))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        broken = output(folder, varying_clip, name)
        assert not broken.path.exists()
        asked: list[int] = []
        make(broken, asked.append)
        if kind == "frame":
            assert asked[0] == number // LENGTH * LENGTH
        assert content(broken.path) == content(whole.path)
        # A temporary folder (.part-) is removed only when nobody has changed it for an hour.
        left = [item.name for item in folder.iterdir() if ".part-" not in item.name]
        assert left == [broken.path.name]


def test_a_kill_while_joining_loses_nothing(tmp_path: Path, varying_clip: Path) -> None:
    whole, broken = (output(tmp_path / part, varying_clip) for part in ("a", "b"))
    make(whole)
    killed = in_a_process(tmp_path / "b", varying_clip, "h264", LAST)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not broken.path.exists()
    asked: list[int] = []
    make(broken, asked.append)
    assert asked == []
    assert content(broken.path) == content(whole.path)
    assert provenance.read(broken.path) == TOLD


@pytest.mark.parametrize(("bytes_of_a_file", "lost"), [(2500, 40), (30_000, 0)])
def test_a_full_disk_is_one_clear_error_and_loses_nothing(
    tmp_path: Path, plain_clip: Path, bytes_of_a_file: int, lost: int
) -> None:
    """The disk is full while a segment is written, or while the file is joined."""
    whole, broken = (output(tmp_path / part, plain_clip, "prores") for part in ("a", "b"))
    make(whole)
    failed = in_a_process(tmp_path / "b", plain_clip, "prores", ("never", 0), bytes_of_a_file)
    last = failed.stderr.strip().splitlines()[-1]
    assert "Fault" in last and "out.mov" in last and "free some space" in last
    assert not broken.path.exists()
    assert not [path for path in (tmp_path / "b").rglob("*") if "part-" in path.name]
    asked: list[int] = []
    make(broken, asked.append)
    assert len(asked) == lost
    assert content(broken.path) == content(whole.path)
