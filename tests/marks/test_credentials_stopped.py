"""What is left of a file when signing is killed, meets a full disk, or has no library?"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap_ae.common.atomic import is_abandoned, write_text
from faceswap_ae.marks.credentials import can_sign, read_credentials, sidecar_of
from tests.support.processes import limited
from tests.support.signed_files import unsigned

pytest.importorskip("c2pa")

SIGN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from faceswap_ae.marks.certificate import make_certificate
from faceswap_ae.marks.credentials import Statement, sign
statement = Statement("ben onto ada", datetime.now(UTC), "out", None, {})
"""
DYING = """
import os, signal, threading
count = int(sys.argv[2])

def die():
    global count
    count -= 1
    if not count:
        os.kill(os.getpid(), signal.SIGKILL)

def at_event(event, arguments):
    if event in ("open", "os.rename", "os.remove") and "out" in str(arguments[0]):
        die()

def at_call(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "write_callback":
        die()

certificate = make_certificate()
sys.addaudithook(at_event)
threading.setprofile(at_call)
"""
CALL = "sign(Path(sys.argv[1]), Path(sys.argv[1]), statement, make_certificate())"


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_kill_at_any_point_leaves_the_file_whole(tmp_path: Path, suffix: str) -> None:
    path = unsigned(tmp_path / f"out{suffix}")
    before = path.read_bytes()
    command = [sys.executable, "-c", SIGN + DYING + CALL, str(path)]
    ends = []
    for point in (1, 2, 3, 5, 8, 13, 10_000):
        path.write_bytes(before)
        ends.append(subprocess.run([*command, str(point)], check=False).returncode)
        found = read_credentials(path)
        assert found is None or found.state == "untrusted"
        assert found is not None or path.read_bytes() == before
    assert ends[:3] == [-signal.SIGKILL] * 3 and ends[-1] == 0
    assert found is not None
    names = {path.name, sidecar_of(path).name} if suffix == ".mkv" else {path.name}
    left = [one for one in tmp_path.iterdir() if one.name not in names]
    assert all(map(is_abandoned, left))
    write_text(path, "")  # whoever writes there next clears what was left
    assert {one.name for one in tmp_path.iterdir()} == names


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    path = unsigned(tmp_path / "out.mp4")
    before = path.read_bytes()
    command = limited(len(before), [sys.executable, "-c", SIGN + CALL, str(path)])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert "Fault" in last and "out.mp4" in last and "free some space" in last
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["out.mp4"]


WITHOUT = """
import logging
logging.basicConfig(level=logging.INFO)
from faceswap_ae.marks.credentials import can_sign, read_credentials
path = Path(sys.argv[1])
for _ in range(2):
    sign(path, path, statement, make_certificate())
print(can_sign(), read_credentials(path))
"""


def test_without_the_library_nothing_is_signed(tmp_path: Path) -> None:
    path = unsigned(tmp_path / "out.mp4")
    before = path.read_bytes()
    command = [sys.executable, "-c", f"{SIGN}\nsys.modules['c2pa'] = None\n{WITHOUT}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert line.startswith("INFO") and line.endswith("pip install c2pa-python cryptography")
    assert done.stdout.startswith("False Credentials(state='unreadable'")
    assert path.read_bytes() == before
    assert can_sign()


@pytest.mark.parametrize("place", ["libc2pa_c.so", "libs/x86_64-unknown-linux-gnu/c2pa_c.dll"])
def test_no_code_from_the_working_folder_runs(tmp_path: Path, place: str) -> None:
    path = unsigned(tmp_path / "out.mp4")
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_bytes(b"hostile")
    command = [sys.executable, "-c", SIGN + WITHOUT, str(path)]
    paths = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=tmp_path, env=paths
    )
    (line,) = done.stderr.splitlines()
    assert line.startswith("WARNING") and place in line and done.stdout.startswith("False")
