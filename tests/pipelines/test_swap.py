import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from faceswap_ae.cli import main
from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.faces.detection.scan_cache import JOURNALS
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.media import images, reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.pipelines.swap import Swap, SwapFiles, swap
from faceswap_ae.synthetic.film import Film, shoot
from faceswap_ae.training.runs import metric_log
from tests.support.trainings import SMALL

pytestmark = pytest.mark.usefixtures("cache")


@pytest.mark.parametrize(
    ("face", "onto", "names"),
    [
        ("ben.mp4", "ada.mov", ("ben", "ada")),
        ("clips/ben/clip.mp4", "clips/ada/clip.mp4", ("ben", "ada")),
        ("a/ben.mp4", "b/ben.mp4", ("face", "onto")),
        ("My film (2).mp4", "ada.mp4", ("My_film_2", "ada")),
    ],
)
def test_people_are_called_as_their_files(face: str, onto: str, names: tuple[str, str]) -> None:
    wanted = Swap(Path(face), Path(onto), Path("swap.mp4"))
    assert wanted.names == names
    assert wanted.run.folder == Path("swap.work/runs") / "-onto-".join(names)


def test_what_is_missing_is_told_before_the_work(plain_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "swap.mp4"
    with pytest.raises(MediaError, match="no such file"):
        swap(Swap(plain_clip, tmp_path / "nothing.mp4", out))
    with pytest.raises(UserError, match="name a file"):
        swap(Swap(plain_clip, plain_clip, tmp_path / "swap"))
    with pytest.raises(UserError, match="did you mean 'quick'"):
        swap(Swap(plain_clip, plain_clip, out, recipe="quik"))
    with pytest.raises(UserError, match=r"nobody\.jpg: no such file"):
        swap(Swap(plain_clip, plain_clip, out, instant=True, like=(Path("nobody.jpg"),)))
    with pytest.raises(UserError, match="--instant: trains nothing"):
        swap(Swap(plain_clip, plain_clip, out, instant=True, steps=3))
    assert not list(tmp_path.iterdir())
    for theirs in (out, tmp_path / "swap.mp4.json"):
        theirs.write_text("mine")
        with pytest.raises(UserError, match=f"{theirs.name}: is there already"):
            swap(Swap(plain_clip, plain_clip, out))
        assert [path.name for path in tmp_path.iterdir()] == [theirs.name]
        theirs.unlink()
    with pytest.raises(UserError, match="is a clip that is read"):
        swap(Swap(plain_clip, plain_clip, plain_clip))


NOT_TRAINED: dict[str, Any] = {"changes": (), "steps": None}


@pytest.fixture(scope="module")
def wanted(solo: Path, play: Path, tmp_path_factory: pytest.TempPathFactory) -> Swap:
    out = tmp_path_factory.mktemp("swap") / "swap.mp4"
    return Swap(solo / "clip.mp4", play / "clip.mp4", out, changes=SMALL, steps=12)


@pytest.fixture(scope="module")
def done_and_kept(wanted: Swap, cache: None) -> tuple[SwapFiles, set[str]]:  # noqa: ARG001 - sets it
    """The swap, and which clips are in the cache after it: other tests scan more."""
    done = swap(wanted)
    return done, {path.name.partition("-")[0] for path in (cache_dir() / JOURNALS).iterdir()}


@pytest.fixture(scope="module")
def done(done_and_kept: tuple[SwapFiles, set[str]]) -> SwapFiles:
    return done_and_kept[0]


def test_two_clips_become_a_swap_and_a_report(done: SwapFiles, wanted: Swap) -> None:
    assert open_clip(done.out).count == open_clip(wanted.onto).count
    assert done.run is not None
    assert done.run.name == "solo-onto-play"
    assert {path.name for path in wanted.work.iterdir()} == {
        *("data", "runs", "log.txt", "report.html", "metrics.json")
    }
    told = (wanted.work / "log.txt").read_text()
    assert "going on" not in told
    said = ["extract solo: ", "extract play: ", "train: 12 steps in ", "convert: 64 of 64 frames"]
    assert [one for one in said if one not in told] == []
    assert told.splitlines()[-1].endswith(f"{wanted.out}: {done.metrics['verdict']}")
    assert done.metrics
    page = done.report.read_text(encoding="utf-8")
    assert ">mask<" in page and ">change<" not in page


@pytest.mark.slow
def test_a_photo_is_swapped_without_training(
    solo: Path, play: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, cache: None
) -> None:
    del cache
    photo = tmp_path / "ben.png"
    images.write(photo, next(iter(reader.frames(open_clip(solo / "clip.mp4")))).image)
    wanted = Swap(photo, play / "clip.mp4", tmp_path / "swap.mp4", changes=SMALL, steps=12)
    done = swap(wanted)
    assert "this is a swap without training" in caplog.text
    assert done.run is None and not (wanted.work / "runs").exists()
    assert open_clip(done.out).count == 64 and done.report.exists()
    before = done.out.stat().st_mtime_ns
    again = swap(replace(wanted, instant=True, **NOT_TRAINED))
    assert again.metrics["verdict"] == done.metrics["verdict"]
    assert again.out.stat().st_mtime_ns == before
    ada = tmp_path / "ada.png"
    images.write(ada, next(iter(reader.frames(open_clip(play / "clip.mp4")))).image)
    with pytest.raises(UserError, match="nobody there is like the photos given"):
        swap(replace(wanted, out=tmp_path / "other.mp4", instant=True, like=(ada,), **NOT_TRAINED))
    swap(replace(wanted, out=tmp_path / "other.mp4", instant=True, like=(photo,), **NOT_TRAINED))
    with pytest.raises(UserError, match="holds the faces of whom an earlier call chose"):
        swap(replace(wanted, instant=True, like=(photo,), **NOT_TRAINED))


def test_a_clip_without_a_face_is_named_and_nothing_is_trained(
    plain_clip: Path, play: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "swap.mp4"
    words = ["swap", "--face", str(plain_clip), "--onto", str(play / "clip.mp4"), "-o", str(out)]
    assert main.main(words) == 2
    (line,) = [one for one in capsys.readouterr().err.splitlines() if plain_clip.name in one]
    assert line.startswith(f"faceswap-ae: {plain_clip}: shows 0 usable faces")
    assert not (tmp_path / "swap.work" / "runs").exists()
    assert line.removeprefix("faceswap-ae: ") in (tmp_path / "swap.work" / "log.txt").read_text()


def test_other_settings_want_another_output(
    done: SwapFiles, wanted: Swap, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError) as caught:
        swap(replace(wanted, changes=(*SMALL, "batch=3")))
    assert str(caught.value).startswith(f"{done.out}: was begun with other settings (batch: ")
    assert str(caught.value).endswith("; go on with the old ones, or name another output")
    assert "other settings" not in capsys.readouterr().err


def test_another_recipe_of_ones_own_goes_on_unnamed(
    done: SwapFiles, wanted: Swap, tmp_path: Path
) -> None:
    own = tmp_path / "mine.yaml"
    assert done.run is not None
    own.write_text(done.run.recipe.read_text())
    assert swap(replace(wanted, recipe=str(own), changes=())).metrics == done.metrics
    before = done.out.stat().st_mtime_ns
    assert swap(replace(wanted, recipe=None, changes=())).out.stat().st_mtime_ns == before


def test_clips_that_were_extracted_are_not_looked_at_again(
    done_and_kept: tuple[SwapFiles, set[str]], wanted: Swap
) -> None:
    done, kept = done_and_kept
    assert fingerprint(done.out) in kept  # the result is scanned for its evaluation
    assert not kept & {fingerprint(clip) for clip in (wanted.face, wanted.onto)}


def test_nothing_is_done_twice(done: SwapFiles, wanted: Swap) -> None:
    before = done.out.stat().st_mtime_ns
    journal = Journal(wanted.work / "data" / "play").path
    looked = journal.stat().st_mtime_ns
    measured = done.report.stat().st_mtime_ns
    again = swap(wanted)
    assert done.report.stat().st_mtime_ns == measured
    assert again.metrics == json.loads(json.dumps(done.metrics))
    assert done.out.stat().st_mtime_ns == before
    assert journal.stat().st_mtime_ns == looked
    assert done.run is not None
    assert metric_log.read(done.run.log)[-1].step == 12
    assert "is made already" in (wanted.work / "log.txt").read_text()


@pytest.mark.slow
def test_the_command_goes_on_and_measures_by_the_truth(
    done: SwapFiles, wanted: Swap, tmp_path: Path
) -> None:
    film = Film("ada", seconds=Fraction(64, 8), fps=Fraction(8), size=(256, 192), seed=5)
    shoot(replace(film, as_if="ben"), tmp_path, lambda _: None, lossless=True)
    before = done.out.stat().st_mtime_ns
    clips = ("--face", str(wanted.face), "--onto", str(wanted.onto), "-o", str(wanted.out))
    assert main.main(["swap", *clips, *SMALL, "--steps", "12", "--truth", str(tmp_path), "-q"]) == 0
    assert done.out.stat().st_mtime_ns == before
    told = json.loads((wanted.work / "metrics.json").read_bytes())
    assert told["truth"] == str(tmp_path) and told["onto"] == str(wanted.onto)
    assert told["figures"]["psnr"]["value"] > 5


@pytest.mark.slow
def test_what_changed_is_measured_anew(done: SwapFiles, wanted: Swap) -> None:
    """The last of this file: it changes the output that the others share."""
    swap(wanted)
    before, facts = done.report.stat().st_mtime_ns, done.out.stat()
    done.out.touch()
    swap(wanted)
    assert done.report.stat().st_mtime_ns == before
    with done.out.open("ab") as file:
        file.write(b"\x00\x00\x00\x08free")  # a box that means nothing
    os.utime(done.out, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as by a clock set back
    swap(wanted)
    assert done.report.stat().st_mtime_ns > before
