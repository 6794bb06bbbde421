import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap_ae.common.errors import RecipeError, UserError
from faceswap_ae.training.runs.run import (
    Run,
    begin_run,
    differences,
    find_run,
    list_runs,
    new_run_folder,
    remove_run,
)
from tests.support.run_files import FACTS, Settings, Stage, trained


def test_a_new_run(tmp_path: Path) -> None:
    run = begin_run(new_run_folder("ben-ada", tmp_path / "runs"), Settings(rate=1e-4), FACTS)
    assert run.name == "ben-ada"
    assert run.settings(Settings) == Settings(rate=1e-4)
    assert run.facts == replace(FACTS, created=run.facts.created)
    assert run.facts.created.startswith("20")
    assert {path.name for path in run.folder.iterdir()} == {"recipe.yaml", "run.json"}
    paths = (run.checkpoints, run.log, run.events, run.preview)
    assert all(path.parent == run.folder for path in paths)


def test_the_same_run_again(tmp_path: Path) -> None:
    run = trained(tmp_path / "x")
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    assert begin_run(run.folder, Settings(), FACTS) == run
    assert {path: path.read_bytes() for path in before} == before


def test_other_settings_change_nothing(tmp_path: Path) -> None:
    run = trained(tmp_path / "x")
    before = run.recipe.read_bytes()
    other = Settings(128, 1e-4, 5.0, {"mae": 0.5}, (Stage("warm", 200), Stage("gan")))
    with pytest.raises(UserError) as caught:
        begin_run(run.folder, other, replace(FACTS, face="carl"), free=["minutes", "losses"])
    message = str(caught.value)
    for part in (
        "x: was begun with other settings (",
        "face: ben -> carl; ",
        "size: 64 -> 128; ",
        "rate: 5e-05 -> 0.0001; ",
        "stages[0].steps: 100 -> 200; ",
        "stages[1].name: (none) -> gan; ",
        f"); go on with the old ones (--recipe {run.recipe}), or give the run another name",
    ):
        assert part in message
    assert "minutes" not in message and "mae" not in message and "\n" not in message
    assert run.recipe.read_bytes() == before


def test_another_model_is_named_though_its_settings_have_other_names(tmp_path: Path) -> None:
    run = trained(tmp_path / "x")
    with pytest.raises(UserError, match=r"\(trainer: \w+ -> edgy\); go on with the old ones"):
        begin_run(run.folder, Stage(), replace(FACTS, trainer="edgy"))


def test_many_other_settings_are_counted(tmp_path: Path) -> None:
    run = begin_run(tmp_path / "x", Settings(losses={str(key): 1.0 for key in range(20)}), FACTS)
    with pytest.raises(UserError, match="; and 12 more"):
        begin_run(run.folder, Settings(losses={str(key): 2.0 for key in range(20)}), FACTS)


def test_some_settings_may_change(tmp_path: Path) -> None:
    run = trained(tmp_path / "x")
    longer = Settings(minutes=9.0, stages=(Stage(steps=500),))
    assert begin_run(run.folder, longer, FACTS, free=["minutes", "stages"]) == run
    assert run.settings(Settings) == longer


def test_differences_of_anything() -> None:
    old = {"a": {"b": [1, {"c": None}], "same": float("nan")}, "gone": {}, "kind": 1}
    new = {"a": {"b": [1, {"c": 0.5}, 3], "same": float("nan")}, "kind": True}
    assert differences(old, new) == {
        "a.b[1].c": (None, 0.5),
        "a.b[2]": ("(none)", 3),
        "gone": ({}, "(none)"),
        "kind": (1, True),
    }
    assert differences(old, old) == {}


@pytest.mark.parametrize(
    "name", ["", "a/b", "a\\b", "..", ".a", "-a", "a b", "a:b", "a\n", "con?", "a.", "x" * 81]
)
def test_odd_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be a run's name; use up to 80 letters"):
        new_run_folder(name, tmp_path)


@pytest.mark.parametrize("name", ["ben-ada", "Ben_2.1", "für-ada", "1", "x" * 80])
def test_good_names(name: str, tmp_path: Path) -> None:
    assert new_run_folder(name, tmp_path) == tmp_path / name


def test_finding_a_run(tmp_path: Path) -> None:
    run = trained(tmp_path / "ben-ada")
    (tmp_path / "no-run").mkdir()
    (tmp_path / ".ben.part-1-0").mkdir()
    (tmp_path / ".ben.part-1-0" / "run.json").write_text("{}")
    assert list_runs(tmp_path) == [run] == [find_run("ben-ada", tmp_path)]
    assert find_run(str(run.folder), Path("elsewhere")) == run
    with pytest.raises(UserError, match="unknown run 'ben-ad'; did you mean 'ben-ada'"):
        find_run("ben-ad", tmp_path)
    with pytest.raises(UserError, match="no-run: is not a run's folder"):
        find_run(str(tmp_path / "no-run"), tmp_path)
    with pytest.raises(UserError, match="cannot be a run's name"):
        find_run("..", tmp_path)
    assert list_runs(tmp_path / "nothing") == []


def test_damaged_facts_are_told(tmp_path: Path) -> None:
    run = trained(tmp_path / "x")
    told = json.loads(run.card.read_text())
    run.card.write_text(json.dumps({**told, "from later": 1}))
    assert run.facts.face == "ben"
    for text in ("{", "[]", json.dumps({"version": 1, "face": "ben"})):
        run.card.write_text(text)
        with pytest.raises(UserError, match=r"run\.json: cannot be read as a run's facts"):
            _ = run.facts
    run.card.write_text(json.dumps({**told, "version": 2}))
    with pytest.raises(UserError, match="newer faceswap_ae"):
        _ = run.facts
    run.recipe.write_text("size: big")
    with pytest.raises(RecipeError, match=r"recipe\.yaml: size: 'big' is not a whole number"):
        run.settings(Settings)


def test_removing(tmp_path: Path) -> None:
    run, other = trained(tmp_path / "x"), trained(tmp_path / "x.1")
    remove_run(run)
    assert [path.name for path in tmp_path.iterdir()] == ["x.1"]
    assert list_runs(tmp_path) == [other]


def test_what_a_kill_leaves_of_a_removed_run_goes_with_the_next(tmp_path: Path) -> None:
    run = trained(tmp_path / "x.1")
    program = "from pathlib import Path; from faceswap_ae.common.atomic import part_name; "
    program += "print(part_name(Path('x.1')))"  # of a process that is over by now
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    left = tmp_path / "runs" / done.stdout.strip()
    left.parent.mkdir()
    run.folder.rename(left)
    assert list_runs(left.parent) == []
    begin_run(left.parent / "other", Settings(), FACTS)
    assert [path.name for path in left.parent.iterdir()] == ["other"]


def test_a_linked_run_is_left_alone(tmp_path: Path) -> None:
    run = trained(tmp_path / "elsewhere" / "x")
    link = tmp_path / "runs" / "x"
    link.parent.mkdir()
    link.symlink_to(run.folder)
    with pytest.raises(UserError, match=r"is a link to .*elsewhere"):
        remove_run(Run(link))
    assert link.is_symlink() and list_runs(link.parent) == [Run(link)]
    assert run.facts.face == "ben"
