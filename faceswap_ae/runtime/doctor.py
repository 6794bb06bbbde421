"""Is this machine ready (GPU, libraries, codecs, weights), and how is a problem repaired?"""

import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from faceswap_ae.common import plugins
from faceswap_ae.runtime.hardware import describe_cpu, installed_memory
from faceswap_ae.runtime.weights import attention_file, weight_files, weights_mend
from faceswap_ae.version import VERSION

PYTHONS = ((3, 11), (3, 14))  # first supported, first not supported
ENCODERS = ("libx264", "prores_ks", "ffv1", "aac")
DECODERS = ("h264", "hevc", "vp9", "libdav1d", "prores", "mjpeg")
LITTLE_MEMORY, LITTLE_DISK = 6, 5  # GiB; training or a long clip gets into trouble below
PROBE_SECONDS = 300  # a first import on a slow disk takes long


@dataclass(frozen=True)
class Problem:
    """Something that is wrong: `broken` stops the work, `slow` and `note` do not."""

    severity: Literal["broken", "slow", "note"]
    what: str
    mend: str


@dataclass(frozen=True)
class Report:
    """What `doctor` found, section by section, and the problems."""

    python: str
    system: str
    backend: dict[str, Any]
    cpu: dict[str, Any]
    memory_gib: float | None
    disk_free_gib: float
    codecs: dict[str, bool]
    dlib: dict[str, Any]
    opencv: dict[str, Any]
    weights: dict[str, str | None]
    attention: str | None  # the user's own file of the mesh with attention
    plugins: dict[str, list[str]]
    folders: dict[str, str]
    faceswap_ae: str = VERSION
    problems: list[Problem] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        return any(problem.severity == "broken" for problem in self.problems)


def examine(data: Path, runs: Path) -> Report:
    """Examine everything and return the report; takes as long as importing the backend."""
    report = Report(
        python=f"{platform.python_version()} ({sys.executable})",
        system=platform.platform(),
        backend=probe("backend"),
        cpu={"cores": os.cpu_count(), **describe_cpu()},
        memory_gib=installed_memory(),
        disk_free_gib=round(shutil.disk_usage(Path.cwd()).free / 2**30, 1),
        codecs=codecs(),
        dlib=probe("dlib"),
        opencv=probe("opencv"),
        weights=weight_files(),
        attention=None if (own := attention_file()) is None else str(own),
        plugins={kind: plugins.names(kind) for kind in plugins.KINDS},
        folders={"data": str(data.resolve()), "runs": str(runs.resolve())},
    )
    report.problems.extend(problems(report))
    return report


def problems(report: Report) -> list[Problem]:
    """Return what is wrong with the machine of a report, worst first."""
    return [*_broken_libraries(report), *_broken_parts(report), *_slow(report), *_notes(report)]


def _broken_libraries(report: Report) -> list[Problem]:
    mends = {
        "backend": "install it (pip install tensorflow), or choose another: KERAS_BACKEND=jax",
        "dlib": "pip install dlib-bin (no compiler needed)",
        "opencv": "pip install opencv-python-headless (needs no system libraries)",
    }
    found = {"backend": report.backend, "dlib": report.dlib, "opencv": report.opencv}
    return [
        Problem("broken", f"{name} does not load: {facts['error']}", mends[name])
        for name, facts in found.items()
        if "error" in facts
    ]


def _broken_parts(report: Report) -> list[Problem]:
    found: list[Problem] = []
    if not PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        mend = "use Python 3.11, 3.12 or 3.13"
        found.append(Problem("broken", f"Python {platform.python_version()} is not tried", mend))
    lost = [name for name, path in report.weights.items() if path is None]
    if lost:
        what = f"weight files missing: {', '.join(lost)}"
        mends = dict.fromkeys(weights_mend(name) for name in lost)
        found.append(Problem("broken", what, "; ".join(mends)))
    absent = [name for name, there in report.codecs.items() if not there]
    if absent:
        mend = "pip install --force-reinstall av (its wheels bring FFmpeg)"
        found.append(Problem("broken", f"codecs missing: {', '.join(absent)}", mend))
    return found


def _slow(report: Report) -> list[Problem]:
    devices = report.backend.get("devices", [])
    if "error" in report.backend or any(str(device).startswith("GPU") for device in devices):
        return []
    mend = (
        "with an NVIDIA card: pip install 'tensorflow[and-cuda]'; without one, use the recipes "
        "made for CPUs, or Colab"
    )
    what = f"NO GPU: {report.backend['name']} computes on the CPU, many times slower than a GPU"
    return [Problem("slow", what, mend)]


def _notes(report: Report) -> list[Problem]:
    found: list[Problem] = []
    for one, other in (("dlib", "dlib-bin"), ("opencv-python", "opencv-python-headless")):
        if _installed(one) and _installed(other):
            what = f"{one} and {other} are both installed and overwrite each other's files"
            mend = f"pip uninstall {one} {other}, then install one of them"
            found.append(Problem("note", what, mend))
    if not _installed("c2pa-python"):
        what = "c2pa-python is not installed: outputs get their other marks, but no signature"
        found.append(Problem("note", what, "pip install c2pa-python cryptography"))
    if report.memory_gib is not None and report.memory_gib < LITTLE_MEMORY:
        what = f"{report.memory_gib} GiB of memory"
        found.append(Problem("note", what, "close other programs; use small recipes and batches"))
    if report.disk_free_gib < LITTLE_DISK:
        what = f"{report.disk_free_gib} GiB of disk left here"
        found.append(Problem("note", what, "free some, or work on another disk"))
    return found


def probe(name: str) -> dict[str, Any]:
    """Return what a library reports about itself; if it does not load, `error` says why."""
    command = [sys.executable, "-m", "faceswap_ae.runtime.probe", name]
    # The child finds the package where this process found it, installed or not.
    home = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {PROBE_SECONDS} s"}
    if done.returncode == 0 and done.stdout.strip():
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return answer
    said = done.stderr.strip().splitlines()
    ended = f"the process ended with status {done.returncode}"
    return {"error": said[-1] if said and done.returncode > 0 else ended}


def codecs() -> dict[str, bool]:
    """Return, for each encoder and decoder that the toolkit uses, whether FFmpeg has it here."""
    import av

    def there(name: str, mode: Literal["r", "w"]) -> bool:
        try:
            av.codec.Codec(name, mode)
        except ValueError:
            return False
        return True

    encoders = {f"{name} encoder": there(name, "w") for name in ENCODERS}
    return {**encoders, **{f"{name} decoder": there(name, "r") for name in DECODERS}}


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
