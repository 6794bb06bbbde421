"""Is a picture of 300 faces searched, cut up and swapped within the bounds of memory?"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from faceswap_ae.synthetic.people import CAST, alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.conftest import ROOT
from tests.support.hostile.sandbox import MEBIBYTES, PATIENCE

SIDE, ROWS, COLUMNS = 128, 15, 20  # pixels of a tile, which holds one face; tiles
LEAST = 285  # faces: a few may be missed
CHANGED = 2  # levels that a swapped face's tile differs from before, in the mean
MEASURED = """
import sys
from pathlib import Path
from faceswap_ae.cli.main import main

status = main(sys.argv[1:])
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
sys.exit(status)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("crowd") / "work"
    shutil.copytree(ROOT / "tests" / "written_before", place)
    images.write(place / "crowd.png", crowd())
    return place


def crowd() -> Image:
    """Everybody of the cast, and their mirror images, again and again."""
    act, setting = Act(face=0.85 * SIDE, yaw=8, centre=(0.5, 0.52)), Setting((SIDE, SIDE))
    cast = [render(alone(person(name)), act, setting).image for name in CAST]
    each = [*cast, *(image[:, ::-1] for image in cast)]
    tiles = [each[number % len(each)] for number in range(ROWS * COLUMNS)]
    return np.vstack([np.hstack(tiles[row * COLUMNS : (row + 1) * COLUMNS]) for row in range(ROWS)])


def run(project: Path, command: str) -> None:
    """Run a command, which must end well and take no more memory than it may."""
    cache = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(project.parent / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "--quiet", *command.split(), "--detector", "hog"],
        cwd=project,
        env={**os.environ, **cache},
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) < MEBIBYTES << 10


def test_every_face_becomes_a_file(project: Path) -> None:
    run(project, "extract crowd.png --as crowd --everyone --size 64")
    folders = sorted((project / "data").glob("crowd*"))
    stored = [entry.stored for folder in folders for entry in face_file.entries(folder)]
    assert LEAST <= len(stored) <= ROWS * COLUMNS
    assert all(stored)
    assert len(CAST) <= len(folders) <= 2 * len(CAST)


def test_every_face_is_swapped(project: Path) -> None:
    run(project, "convert crowd.png -o made.png --run ben-onto-ada --everyone")
    (row,) = json.loads((project / "made.png.json").read_text())["every"]
    assert [face["swapped"] for face in row["faces"]] == ["ben"] * len(row["faces"])
    before, after = (images.read(project / name).astype(int) for name in ("crowd.png", "made.png"))
    tiles = np.abs(after - before).reshape(ROWS, SIDE, COLUMNS, SIDE, 3).mean((1, 3, 4))
    assert LEAST <= (tiles > CHANGED).sum() <= len(row["faces"]) <= ROWS * COLUMNS
