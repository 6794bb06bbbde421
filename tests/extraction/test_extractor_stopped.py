"""Is no face lost, and none mixed, when extraction is killed or its clip changes meanwhile?"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions, ExtractSummary
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.journal import Journal
from tests.support.face_folders import ids


@pytest.mark.parametrize("moment", ["look", "write"])
def test_a_clip_that_changes_meanwhile_mixes_no_faces(
    tmp_path: Path, solo: Path, duet: Path, made: Path, moment: str
) -> None:
    clip = tmp_path / "clip.mp4"
    shutil.copyfile(solo / "clip.mp4", clip)

    @contextmanager
    def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG001
        if what == moment:
            shutil.copyfile(duet / "clip.mp4", clip)
        yield lambda _: None

    summary = extract([clip], "ben", ExtractOptions(tmp_path), progress)
    assert [failure.reason for failure in summary.failures] == [
        f"{clip}: changed while it was read; when it is complete, again"
    ]
    assert not [*tmp_path.glob("ben/*.png")]
    shutil.copyfile(solo / "clip.mp4", clip)
    extract([clip], "ben", ExtractOptions(tmp_path))
    assert ids(tmp_path / "ben") == ids(made / "ben")


KILLED = """
import sys
from pathlib import Path
from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions
from contextlib import contextmanager

@contextmanager
def progress(what, total):
    yield lambda count: print(what, count, flush=True)

extract([Path(sys.argv[1])], "ben", ExtractOptions(Path(sys.argv[2])), progress)
"""


@pytest.mark.parametrize("moment", [pytest.param("look 5", marks=pytest.mark.slow), "write 6"])
def test_a_kill_loses_nothing(tmp_path: Path, solo: Path, made: Path, moment: str) -> None:
    command = [sys.executable, "-c", KILLED, str(solo / "clip.mp4"), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == moment:
                break
        os.kill(child.pid, signal.SIGKILL)
    summary: ExtractSummary = extract([solo / "clip.mp4"], "ben", ExtractOptions(tmp_path))
    assert summary.looked <= 14 - 5 if moment.startswith("look") else summary.looked == 0
    assert ids(tmp_path / "ben") == ids(made / "ben")
    assert len(face_file.pictures(tmp_path / "ben")) == 14
    assert len(Journal(tmp_path / "ben").written) == 14
