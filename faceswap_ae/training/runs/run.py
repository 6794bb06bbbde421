"""What is in a training run's folder, which runs exist, and does a run go on with its own settings?

    runs/ben-ada/recipe.yaml    all settings, also the defaults
                 run.json       whose faces, which model and trainer, which crop
                 people.json    descriptors of both people (known_people.py)
                 checkpoints/   the state from which training goes on (checkpoint.py)
                 log.jsonl      the metrics of the training (metric_log.py)
                 events/        the same for TensorBoard (tensorboard.py)
                 preview.png, and one preview of each stage's end in stages/

A new run's folder appears complete or not at all. The settings that a run was begun with do not
change later, except those that the caller names as free.
"""

import json
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import yaml

from faceswap_ae.common import config
from faceswap_ae.common.atomic import explain_os_error, part_name, replacing_folder, write_text
from faceswap_ae.common.errors import SettingsChanged, UserError, unknown
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.faces.record import DLIB
from faceswap_ae.training.runs.lock import only_trainer

T = TypeVar("T")
VERSION = 1
NAME = re.compile(r"\w[\w.-]{0,79}(?<!\.)")  # valid on every disk and in every shell
SHOWN = 8  # differing settings in a message; more do not fit in a line
ABSENT = "(none)"


@dataclass(frozen=True)
class RunFacts:
    """The people, the model and the trainer of a run. `face` is swapped onto `onto`."""

    face: str
    onto: str
    model: str
    trainer: str
    crop: str
    created: str = ""  # ISO 8601
    origin: str = ""  # the run and step from which its first weights came
    landmarks: str = DLIB  # who found the landmarks of its faces; older runs do not say


@dataclass(frozen=True)
class Run:
    """A run's folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def recipe(self) -> Path:
        return self.folder / "recipe.yaml"

    @property
    def card(self) -> Path:
        """The file with the run's facts; a folder with this file is a run."""
        return self.folder / "run.json"

    @property
    def people(self) -> Path:
        return self.folder / "people.json"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"

    @property
    def events(self) -> Path:
        return self.folder / "events"

    @property
    def preview(self) -> Path:
        return self.folder / "preview.png"

    def ended(self, stage: str, number: int) -> Path:
        """Return the path of the preview of a stage's end."""
        name = re.sub(r"[^\w.-]+", "-", stage)
        return self.folder / "stages" / f"{number + 1}-{name}.png"

    @property
    def facts(self) -> RunFacts:
        """The facts that the run was begun with, read from its card."""
        try:
            found = JsonFields.read(self.card)
            if found.whole("version") > VERSION:
                raise UserError(f"{self.card}: was written by a newer faceswap_ae; update this one")
            by = found.text("landmarks", DLIB)
            told = {one.name: found.text(one.name) for one in fields(RunFacts)[:-1]}
            return RunFacts(**told, landmarks=by)
        except (OSError, ValueError) as error:
            raise UserError(f"{self.card}: cannot be read as a run's facts ({error})") from error

    def settings(self, kind: type[T]) -> T:
        """Load the run's recipe as settings of this type."""
        return config.load(kind, self.recipe)


def new_run_folder(name: str, runs: Path) -> Path:
    """Return the folder for a run of this name; raise UserError if the name is not valid."""
    if not NAME.fullmatch(name):
        told = f"'{name}' cannot be a run's name"
        raise UserError(f"{told}; use up to 80 letters, digits, '-', '_' and '.', as in ben-ada")
    return runs / name


def run_folder(run: str, runs: Path) -> Path:
    """Return the folder of a new or existing run, by its name or by its path."""
    return Path(run) if Path(run).name != run else new_run_folder(run, runs)


def find_run(named: str, runs: Path) -> Run:
    """Return an existing run, by its name or by its path; raise UserError if there is none."""
    is_path = Path(named).name != named
    run = Run(Path(named).absolute() if is_path else new_run_folder(named, runs))
    if run.card.is_file():
        return run
    if is_path:
        raise UserError(f"{named}: is not a run's folder; faceswap-ae runs list shows all")
    raise UserError(f"{run.folder}: {unknown('run', named, [one.name for one in list_runs(runs)])}")


def list_runs(runs: Path) -> list[Run]:
    """Return all runs, sorted by name."""
    inside = sorted(runs.iterdir()) if runs.is_dir() else []
    return [Run(one) for one in inside if not one.name.startswith(".") and Run(one).card.is_file()]


def begin_run(folder: Path, settings: object, facts: RunFacts, free: Collection[str] = ()) -> Run:
    """Return the run of this folder: a new one, or the existing one if its settings are the same.

    Only the settings named in `free`, alone or as a group, may differ; new values are saved.
    """
    run = Run(folder)
    if not run.card.exists():
        return _created(folder, settings, facts)
    differ = _changes(run, settings, facts)
    fixed = {key: change for key, change in differ.items() if not _among(key, free)}
    if fixed:
        told = [f"{key}: {old} -> {new}" for key, (old, new) in fixed.items()]
        more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        raise SettingsChanged(folder, f"{'; '.join(told[:SHOWN])}{more}", run.recipe)
    if differ:
        config.save(settings, run.recipe)
    return run


def remove_run(run: Run) -> None:
    """Delete a run. If the process is killed halfway, the run is gone all the same."""
    if run.folder.is_symlink():
        where = f"is a link to {run.folder.readlink()}"
        raise UserError(f"{run.folder}: {where}; remove the link, or the run where it is, yourself")
    gone = run.folder.with_name(part_name(run.folder))  # atomic.py removes what a kill leaves of it
    with only_trainer(run.folder):
        try:
            run.folder.replace(gone)
            shutil.rmtree(gone)
        except OSError as error:
            raise explain_os_error(error, run.folder) from error


def differences(
    old: Mapping[str, object], new: Mapping[str, object]
) -> dict[str, tuple[object, object]]:
    """Return each setting that differs, by its dotted name: the old and the new value."""
    before, after = _flat(old), _flat(new)
    return {
        key: (before.get(key, ABSENT), after.get(key, ABSENT))
        for key in {**before, **after}
        if repr(before.get(key, ABSENT)) != repr(after.get(key, ABSENT))
    }


def _created(folder: Path, settings: object, facts: RunFacts) -> Run:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with replacing_folder(folder) as part:
        config.save(settings, Run(part).recipe)
        told = {"version": VERSION, **asdict(replace(facts, created=now))}
        write_text(Run(part).card, json.dumps(told, indent=1) + "\n")
    return Run(folder)


def _changes(run: Run, settings: object, facts: RunFacts) -> dict[str, tuple[object, object]]:
    """Return what differs from what a run was begun with."""
    old, new = _lasting(run.facts), _lasting(facts)
    if any(old[key] != new[key] for key in ("model", "trainer")):
        return differences(old, new)  # their settings have other names and cannot be compared
    before, after = run.settings(type(settings)), settings
    return differences({**old, **_values(before)}, {**new, **_values(after)})


def _lasting(facts: RunFacts) -> dict[str, object]:
    """Return the facts that must stay the same."""
    return {key: value for key, value in asdict(facts).items() if key not in ("created", "origin")}


def _values(settings: object) -> dict[str, object]:
    """Return settings as YAML values."""
    return yaml.safe_load(config.dump(settings)) or {}


def _flat(value: object, where: str = "") -> dict[str, object]:
    """Flatten nested values: `{"a": {"b": [1]}}` becomes `{"a.b[0]": 1}`."""
    if isinstance(value, Mapping) and value:
        dot = "." if where else ""
        inner = [_flat(item, f"{where}{dot}{key}") for key, item in value.items()]
    elif isinstance(value, list) and value:
        inner = [_flat(item, f"{where}[{number}]") for number, item in enumerate(value)]
    else:
        return {where: value}
    return {key: item for found in inner for key, item in found.items()}


def _among(key: str, names: Collection[str]) -> bool:
    return any(key == name or key.startswith((f"{name}.", f"{name}[")) for name in names)
