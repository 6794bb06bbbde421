"""What do the commands of `faceswap-ae faces` print, and what do they do?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from faceswap_ae.cli import main
from faceswap_ae.cli.faces import COMMANDS, app
from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_folder import DROPPED
from tests.support.face_folders import face, fill, ids, names, paint, plain_picture
from tests.support.processes import HEAVY


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`data/ada` with twelve faces, in the working directory."""
    monkeypatch.chdir(tmp_path)
    fill(Path("data/ada"), range(12))
    return Path("data")


def run(*words: str | Path) -> None:
    whole = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    whole.callback()(main.options)
    whole.add_typer(app, name="faces")
    front, rest = [], [str(word) for word in words]
    if "-q" in rest:
        rest.remove("-q")
        front.append("-q")
    whole([*front, "faces", *rest], standalone_mode=False)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_light_and_shows_an_example(name: str) -> None:
    program = (
        "import sys; from faceswap_ae.cli.faces import app;"
        "app(sys.argv[1:], standalone_mode=False, prog_name='faceswap-ae faces');"
        f"print('HEAVY', [name for name in {HEAVY} if name in sys.modules])"
    )
    words = [name, "--help"] if name else ["--help"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"
    assert f"faceswap-ae faces {name}".strip() in done.stdout.partition("\n\n")[2]


def test_show_counts(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain_picture(data / "ada")
    paint(data / "ada", names(data / "ada")[0])
    run("drop", "ada", "--worst", "2", "--by", "sharpness", "-q")
    run("show", "ada")
    lines = said(capsys).splitlines()
    assert lines[0] == (
        "data/ada: 11 faces of 2 clips (first.mp4, second.mp4), 4 tracks, "
        "1 without face data, 2 dropped"
    )
    assert lines[2].split() == ["sharpness", "0.1", "0.325", "0.55"]
    run("show", "data/ada", "--where", "sharpness<0.3")
    lines = said(capsys).splitlines()
    assert lines[1] == "4 faces with sharpness<0.3"
    assert lines[3].split() == ["sharpness", "0.1", "0.175", "0.25"]


def test_show_as_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain_picture(data / "ada")
    run("show", "ada", "--json", "--by", "sharpness")
    rows = [json.loads(line) for line in said(capsys).splitlines()]
    assert [row.get("frame") for row in rows] == [*range(11, -1, -1), None]
    assert rows[0]["id"] == face(11).id and rows[0]["sharpness"] == 0.55
    assert rows[-1] == {"name": "photo.png"}


@pytest.mark.usefixtures("data")
def test_show_draws_a_page_or_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    run("show", "ada", "-o", "ada.html")
    assert said(capsys) == "12 faces in ada.html; open it in a browser\n"
    assert "faceswap-ae faces drop data/ada" in Path("ada.html").read_text()
    run("show", "ada", "-o", "ada.jpg", "--where", "sharpness<0.3", "--most", "4")
    some = "4 of 6 faces, evenly chosen (--most shows more), in ada.jpg\n"
    assert said(capsys) == some and Path("ada.jpg").exists()
    run("show", "ada", "-o", "ada.html")  # again: it is of our own making
    run("show", "ada", "-o", "ada.jpg")
    for theirs in ("mine.html", "mine.png"):
        Path(theirs).write_text("mine")
        with pytest.raises(UserError, match=f"{theirs}: is there already"):
            run("show", "ada", "-o", theirs)
        assert Path(theirs).read_text() == "mine"
        run("show", "ada", "-o", theirs, "--overwrite")
    with pytest.raises(UserError, match=r"x\.gif: faces are shown as"):
        run("show", "ada", "-o", "x.gif")
    with pytest.raises(UserError, match="has no faces to show"):
        run("show", "ada", "-o", "x.png", "--where", "sharpness>9")


def test_sort(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("sort", "ada", "--by", "sharpness", "--reverse")
    assert said(capsys) == "numbered 12 faces of data/ada by sharpness, reversed\n"
    assert ids(data / "ada") == [face(number).id for number in range(12)]
    run("sort", "ada", "--like", names(data / "ada")[1])
    assert ids(data / "ada")[0] == face(1).id


def test_drop_and_restore(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ada = data / "ada"
    before = names(ada)
    run("drop", "ada", "--where", "sharpness<0.2", "--where", "turned>40")
    told = "dropped 2 faces into data/ada/.dropped, 10 left; faces restore brings them back\n"
    assert said(capsys) == told
    assert ids(ada / DROPPED) == [face(0).id, face(1).id]
    Path("drop.txt").write_text("\n".join(before[4:6]))
    run("drop", "ada", "--list", "drop.txt")
    run("drop", "ada", before[6], "-q")
    run("drop", "ada", "--where", "sharpness>9")
    assert [line.split(" into")[0] for line in said(capsys).splitlines()] == [
        "dropped 2 faces",
        "dropped 0 faces",
    ]
    run("restore", "ada", before[6])
    run("restore", "ada", "--list", "drop.txt")
    run("restore", "ada", "--all")
    assert said(capsys).splitlines() == [
        "restored 1 face to data/ada, 8 there now",
        "restored 2 faces to data/ada, 10 there now",
        "restored 2 faces to data/ada, 12 there now",
    ]
    assert names(ada) == before


def test_keep(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain_picture(data / "ada")
    run("keep", "ada", "--best", "3", "--by", "sharpness", "--where", "sharpness<0.3")
    told = "kept 4 faces, dropped 9 into data/ada/.dropped; faces restore brings them back\n"
    assert said(capsys) == told  # the plain picture has no face metadata, so it stays
    assert ids(data / "ada") == [face(number).id for number in (3, 4, 5)]
    with pytest.raises(UserError, match="no face is like that; nothing was dropped"):
        run("keep", "ada", "--where", "sharpness>9")
    assert len(names(data / "ada")) == 4


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["x.png", "--list", "drop.txt"],
        ["x.png", "--where", "sharpness<0.2"],
        ["--worst", "3"],
        ["--by", "sharpness"],
        ["--worst", "3", "--best", "3", "--by", "sharpness"],
        ["--where", "sharpness~0.2"],
        ["--worst", "3", "--by", "yaw"],
    ],
)
def test_an_unclear_choice_changes_nothing(data: Path, words: list[str]) -> None:
    for command in ("drop", "keep"):
        with pytest.raises(UserError):
            run(command, "ada", *words)
    assert len(names(data / "ada")) == 12


@pytest.mark.parametrize("words", [[], ["x.png", "--all"]])
def test_an_unclear_restoring_changes_nothing(data: Path, words: list[str]) -> None:
    run("drop", "ada", "--worst", "3", "--by", "sharpness")
    with pytest.raises(UserError, match="in one way"):
        run("restore", "ada", *words)
    assert len(names(data / "ada")) == 9


def test_split_and_merge(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("split", "ada")
    assert said(capsys).splitlines() == [
        "data/ada-1: 6 faces, a person",
        "data/ada-2: 6 faces, a person",
    ]
    run("merge", "ada-1", "data/ada-2", "-o", "both")
    run("merge", "ada", "-o", "./data/both", "-q")
    run("drop", "both", names(data / "ada-1")[0], "-q")
    run("merge", "ada", "-o", "both")
    assert said(capsys).splitlines() == [
        "added 12 faces to data/both",
        "added 0 faces to data/both; 11 there already; 1 dropped there before, left out",
    ]


def test_pack_and_unpack(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("pack", "ada")
    size = f"{Path('data/ada.zip').stat().st_size / 1e6:.1f} MB"
    told = f"packed 12 faces into data/ada.zip, {size}; data/ada stays as it is\n"
    assert said(capsys) == told
    run("unpack", "ada")
    run("unpack", "data/ada.zip", "-o", "again")
    assert said(capsys).splitlines() == [
        "added 0 faces to data/ada; 12 there already",
        "added 12 faces to data/again",
    ]
    assert ids(data / "again") == ids(data / "ada")
    (data / "ada").rename(data / "elsewhere")
    run("show", "ada")
    assert "12 faces" in said(capsys)
    with pytest.raises(UserError, match="is packed"):
        run("drop", "ada", "--worst", "1", "--by", "sharpness")
    run("unpack", "ada", "-q")
    assert ids(data / "ada") == ids(data / "elsewhere")


def test_realign(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data / "ada" / names(data / "ada")[0]
    stored = face_file.read(path)
    assert stored
    Path("points.json").write_text(json.dumps((stored.landmarks + 1).tolist()))
    run("realign", path, "points.json")
    assert said(capsys) == (
        f"realigned {path}, 4% of it mirrored; as it was, it is data/ada/.dropped/{path.name}\n"
    )
    again = face_file.read(path)
    assert again and again.face.corrected
