"""The locks: exact, hashed, without an address, and true to setup.cfg."""

import configparser
import re

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
# setup.cfg's name, and what the locks hold in its place.
INSTEAD = {
    "dlib": "dlib-bin",
    "opencv-python": "opencv-python-headless",
    "tensorflow": "tensorflow-cpu",
}


def blocks(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [block for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M) if "==" in block]


def locked(name: str) -> dict[str, str]:
    found = [re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", block) for block in blocks(name)]
    return {match[1]: match[2] for match in found if match}


def declared() -> dict[str, list[Requirement]]:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    extras = settings["options.extras_require"]
    texts = {"run": settings["options"]["install_requires"], **extras}
    return {
        key: [Requirement(line) for line in text.splitlines() if line.strip()]
        for key, text in texts.items()
    }


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_one_version_and_hashes(name: str) -> None:
    found = blocks(name)
    assert len(locked(name)) == len(found)
    assert all("--hash=sha256:" in block for block in found)


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_is_inside(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text and "index" not in text.lower()


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_that_needs_a_compiler_or_libgl(name: str) -> None:
    assert not {"dlib", "opencv-python"} & locked(name).keys()


@pytest.mark.parametrize("name", LOCKS)
def test_one_version_whatever_the_python(name: str) -> None:
    markers = [str(Requirement(block.split("\\")[0]).marker or "") for block in blocks(name)]
    assert not [marker for marker in markers if "python_version" in marker]
    assert not [marker for marker in markers if "python_full_version" in marker]


def test_what_setup_cfg_declares_is_locked_within_its_bounds() -> None:
    wanted = declared()
    for name, keys in ((LOCKS[0], ("run",)), (LOCKS[1], ("run", "dev"))):
        versions = locked(name)
        for key in keys:
            for requirement in wanted[key]:
                found = versions[INSTEAD.get(requirement.name, requirement.name).lower()]
                assert requirement.specifier.contains(found), f"{requirement}: {found}"


def test_both_locks_agree() -> None:
    run, dev = (locked(name) for name in LOCKS)
    assert run.items() <= dev.items()


def test_replacements_have_the_bounds_of_what_they_replace() -> None:
    lines = (ROOT / "locks" / "instead.in").read_text().splitlines()
    found = {item.name: item for item in map(Requirement, filter(plain, lines))}
    wanted = {item.name: item for item in declared()["run"]}
    for name, instead in INSTEAD.items():
        assert found[instead].specifier == wanted[name].specifier


def plain(line: str) -> bool:
    return bool(line) and not line.startswith("#")
