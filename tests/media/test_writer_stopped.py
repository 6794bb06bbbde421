"""What is left of an output file after a kill of the process, or when the disk is full?"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.processes import limited
from tests.support.written_clips import NOISE, new, write_all

WRITE_FOR_EVER = """
import sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.writer import writing

noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
like = Clip(Path("new"), 320, 240, Fraction(25), Fraction(1, 25), Fraction(0), 0)
with writing(Path(sys.argv[1]), like) as sink:
    for number in range(100_000):
        sink.write(np.roll(noise, number), Fraction(number, 25), Fraction(1, 25))
        if number == 60:
            print("writing", flush=True)
"""


def test_a_kill_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".out.part")
    os.utime(left, (0, 0))  # as if hours had passed
    write_all(path, new(), [NOISE] * 3)
    assert [item.name for item in tmp_path.iterdir()] == ["out.mp4"]


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    command = limited(300_000, [sys.executable, "-c", WRITE_FOR_EVER, str(path)])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert "Fault" in last and "out.mp4" in last and "free some space" in last
    assert not any(tmp_path.iterdir())
