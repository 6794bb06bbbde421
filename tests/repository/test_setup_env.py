"""Set-up's own decisions. That it works from nothing is shown by the slow test at the end."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import setup_env
from tests.conftest import ROOT


@pytest.fixture
def venv(tmp_path: Path) -> str:
    """An environment that has been set up from the run lock."""
    path = str(tmp_path / "venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    Path(setup_env.python_of(path)).with_name(setup_env.COMMAND).touch()
    for name in (setup_env.RUN_LOCK, setup_env.SETTINGS):
        setup_env.mark(path, name)
    return path


def test_a_current_environment_is_left_alone(venv: str) -> None:
    before = sorted(Path(venv).rglob("*"))
    setup_env.ensure(venv, setup_env.RUN_LOCK)
    assert sorted(Path(venv).rglob("*")) == before


def test_the_larger_lock_serves_the_smaller_one(venv: str) -> None:
    Path(setup_env.stamp(venv, setup_env.RUN_LOCK)).unlink()
    Path(setup_env.stamp(venv, setup_env.DEV_LOCK)).write_text(setup_env.digest(setup_env.DEV_LOCK))
    assert not setup_env.installed(venv, setup_env.RUN_LOCK)
    setup_env.ensure(venv, setup_env.RUN_LOCK)


def test_a_changed_lock_makes_it_stale(venv: str) -> None:
    assert not setup_env.stale(venv)
    Path(setup_env.stamp(venv, setup_env.RUN_LOCK)).write_text("another lock")
    assert setup_env.stale(venv)
    assert not setup_env.installed(venv, setup_env.RUN_LOCK)


def test_an_interrupted_set_up_is_taken_up_not_started_over(venv: str) -> None:
    Path(setup_env.stamp(venv, setup_env.RUN_LOCK)).unlink()
    assert not setup_env.installed(venv, setup_env.RUN_LOCK)
    assert not setup_env.stale(venv)


def test_a_moved_environment_does_not_count(venv: str) -> None:
    python = Path(setup_env.python_of(venv))
    python.unlink()
    python.write_text("#!/nowhere/python\n")
    python.chmod(0o755)
    assert not setup_env.installed(venv, setup_env.RUN_LOCK)


def test_a_lost_command_is_installed_again(venv: str) -> None:
    Path(setup_env.python_of(venv)).with_name(setup_env.COMMAND).unlink()
    assert not setup_env.installed(venv, setup_env.RUN_LOCK)


def test_a_command_of_a_version_before_is_made_anew(venv: str) -> None:
    Path(setup_env.stamp(venv, setup_env.SETTINGS)).write_text("another setup.cfg")
    with pytest.raises(setup_env.SetupError, match="pip failed"):  # there is none in this one
        setup_env.ensure(venv, setup_env.RUN_LOCK)
    assert setup_env.installed(venv, setup_env.RUN_LOCK)


def test_blocks_keep_a_package_and_its_hashes_together() -> None:
    lock = "# head\na==1 \\\n    --hash=sha256:0\nb==2 ; os_name == 'nt' \\\n    --hash=sha256:1\n"
    assert setup_env.blocks(lock)[1:] == [
        "a==1 \\\n    --hash=sha256:0\n",
        "b==2 ; os_name == 'nt' \\\n    --hash=sha256:1\n",
    ]
    text = (ROOT / setup_env.RUN_LOCK).read_text()
    names = [block.split("==")[0] for block in setup_env.blocks(text)]
    assert set(setup_env.FIRST) <= set(names)


def test_line_ends_do_not_change_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_env, "ROOT", str(tmp_path))
    digests = set()
    for ends in (b"\n", b"\r\n"):
        (tmp_path / "lock").write_bytes(b"a==1" + ends + b"b==2" + ends)
        digests.add(setup_env.digest("lock"))
    assert len(digests) == 1


def test_an_unfit_python_looks_for_a_better_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 8, 1))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    assert setup_env.version_of([setup_env.suitable()]) in setup_env.PYTHONS
    monkeypatch.setenv("PATH", "")
    with pytest.raises(setup_env.SetupError, match=r"this is Python 3\.8; .* Install one of them"):
        setup_env.suitable()


def test_an_old_python_can_read_it() -> None:
    ast.parse((ROOT / "setup_env.py").read_text(), feature_version=(3, 6))


def test_settings_that_lead_elsewhere_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert not {"PIP_USER", "PYTHONPATH"} & setup_env.clean().keys()


def test_set_up_says_what_comes_next(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup_env, "installed", lambda _venv, _lock: True)
    monkeypatch.setattr(setup_env, "stamped", lambda _venv, name: setup_env.digest(name))
    monkeypatch.setattr(sys, "argv", ["setup_env.py", "setup"])
    assert setup_env.main() == 0
    assert capsys.readouterr().out.startswith("ready. Next: make demo, or .venv")


def test_the_makefile_has_every_task() -> None:
    text = (ROOT / "Makefile").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("TASKS"))
    assert set(line.partition("=")[2].split()) == setup_env.TASKS.keys()


NO_CACHE = shutil.ignore_patterns("__pycache__")  # another worker may be writing it


@pytest.mark.slow
def test_a_fresh_clone_gets_to_its_demo(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    # What is not committed yet is tried too.
    for name in (
        "setup_env.py",
        "faceswap_ae",
        "models",
        "trainers",
        "setup.cfg",
        *("requirements.lock",),
    ):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, clone / name, ignore=NO_CACHE, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, clone / name)
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", str(tmp_path))}
    command = ["make", "demo", "ARGS=--seconds 2 --minutes 0.05"]
    done = subprocess.run(
        command, cwd=clone, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "making .venv" in done.stdout and "the swap" in done.stdout
    again = subprocess.run(
        command, cwd=clone, capture_output=True, text=True, env=environment, check=True
    )
    assert "setting up" not in again.stdout
    script = clone / ".venv" / "bin" / setup_env.COMMAND
    script.write_text("what a version before started\n")
    Path(setup_env.stamp(str(clone / ".venv"), setup_env.SETTINGS)).unlink()
    subprocess.run(["make", "setup"], cwd=clone, capture_output=True, env=environment, check=True)
    assert "faceswap_ae.cli.main" in script.read_text()
