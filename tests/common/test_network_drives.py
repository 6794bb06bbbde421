"""Do our writes ask only for what network drives can do: no rename or removal of an open file?"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# SMB and Windows refuse to rename or remove a file that is open, or to rename over one. NFS keeps
# what is removed while it is open under another name: so the folder's lock goes last of all.
WATCHED = """
import os, sys
from pathlib import Path

def hook(event, args):
    if event not in ("os.rename", "os.remove", "os.link", "os.symlink"):
        return
    named = [one for one in args if isinstance(one, (str, bytes, Path))]
    places = {os.path.abspath(os.fsdecode(one)) for one in named}
    held = {os.readlink(f"/proc/self/fd/{one}") for one in numbers()}
    for place in places & held:
        if not place.endswith(".parts/lock"):
            print(event, place, flush=True)
    if event in ("os.link", "os.symlink"):
        print(event, args, flush=True)

def numbers():
    for one in os.listdir("/proc/self/fd"):
        if os.path.lexists(f"/proc/self/fd/{one}"):
            yield one

sys.addaudithook(hook)
clip, folder = Path(sys.argv[1]), Path(sys.argv[2])
"""
WRITES = {
    "conversions": """
from tests.support.segments import make, output
for name in ("h264", "gif", "pictures"):
    make(output(folder, clip, name))
""",
    "clips": """
from tests.support.written_clips import rewrite
for name in ("out.mp4", "out.mkv", "out.gif"):
    rewrite(clip, folder / name)
    rewrite(clip, folder / name)
""",
    "runs": """
from benchmarks.kills_saves import state_of
from faceswap_ae.training.runs import checkpoint, lock, metric_log
with lock.only_trainer(folder / "run"):
    for number in (2, 4, 6, 8):
        checkpoint.save(folder / "run", state_of(number))
    log = metric_log.MetricLog(folder / "run" / "log.jsonl")
    log.add(metric_log.MetricRow(1, {"total": 1.0}))
""",
    "faces": """
from faceswap_ae.faces.folders import face_folder
from tests.support.face_folders import fill
fill(folder / "ada", range(0, 8, 2), side=96)
names = sorted(path.name for path in (folder / "ada").glob("*.png"))
face_folder.drop(folder / "ada", names[:2])
face_folder.restore(folder / "ada")
""",
}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed by Linux")
@pytest.mark.parametrize("what", WRITES)
def test_no_open_file_is_renamed_or_removed(what: str, plain_clip: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-c", WATCHED + WRITES[what], str(plain_clip), str(tmp_path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert any(tmp_path.iterdir())
