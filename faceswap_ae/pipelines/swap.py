"""How is a swap made from two clips in one pipeline: extract, train, convert, evaluate?

    out.work/data      the faces of both people (extract)
             runs      the trained model (train)
             report.html, metrics.json   how good the swap is (evaluate)
             log.txt   all log messages

Each stage continues where it was stopped, and a stage whose result exists is not repeated. All
files except the result are in this one folder, so the user's own folders are not touched.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap_ae.common.atomic import check_is_no_input
from faceswap_ae.common.errors import SettingsChanged, UserError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.progress import Progress, Status, no_progress, no_status
from faceswap_ae.common.quantities import format_count, format_duration
from faceswap_ae.conversion.report import report_of
from faceswap_ae.evaluation.ground_truth import find_ground_truth
from faceswap_ae.extraction import extractor
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.faces.folders.face_file import pictures
from faceswap_ae.faces.folders.face_folder import is_name
from faceswap_ae.faces.folders.journal import fingerprint
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.inputs import safe_stem
from faceswap_ae.media.ownership import check_may_replace
from faceswap_ae.training import train
from faceswap_ae.training.data.face_set import LEAST
from faceswap_ae.training.recipe import choose_recipe, recipe_name
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.session import trained_so_far
from faceswap_ae.training.stages import Budget, resolve_budget
from faceswap_ae.version import TOOL

if TYPE_CHECKING:
    from faceswap_ae.evaluation.evaluate import SwapPaths
    from faceswap_ae.evaluation.report_stills import Masks

FACE, ONTO = "face", "onto"  # names of folders, if the file names give none
# File names that do not name a person.
PLAIN = {"clip", "video", "movie", "input", "output", "file", "untitled"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swap:
    """The job: put the face of one clip onto the performance in another clip."""

    face: Path
    onto: Path
    out: Path
    _: KW_ONLY
    recipe: str | None = None  # the run's own, or quick for a new one
    changes: tuple[str, ...] = ()
    minutes: float | None = None
    steps: int | None = None
    performance: Path | None = None  # another clip of the person in `onto`: it is converted instead
    truth: Path | None = None  # the folder of the exact answer (true swap), if there is one
    overwrite: bool = False  # a file at `out` that is none of our outputs

    @property
    def work(self) -> Path:
        """The folder of all files except the result."""
        return self.out.with_suffix(".work")

    @property
    def played(self) -> Path:
        """The clip that is converted."""
        return self.performance or self.onto

    @property
    def names(self) -> tuple[str, str]:
        """The names of both people, from the names of the files or their folders."""
        found = [_name(path) for path in (self.face, self.onto)]
        if None in found or found[0] == found[1]:
            return FACE, ONTO
        return str(found[0]), str(found[1])

    @property
    def run(self) -> Run:
        """The training run."""
        return Run(self.work / "runs" / "-onto-".join(self.names))


@dataclass(frozen=True)
class SwapFiles:
    """The files of a finished swap, and its metrics."""

    out: Path
    run: Run
    report: Path
    metrics: dict[str, Any] = field(default_factory=dict)


def swap(wanted: Swap, progress: Progress = no_progress, status: Status = no_status) -> SwapFiles:
    """Extract, train, convert, evaluate. If it is stopped, the same call continues from there."""
    for path in (wanted.face, wanted.onto, wanted.played):
        open_clip(path)  # an error is reported now, not after an hour
    if not wanted.out.suffix:
        raise UserError(f"{wanted.out}: name a file, such as swap.mp4")
    check_is_no_input(wanted.out, (wanted.face, wanted.onto, wanted.played))
    for path in (wanted.out, report_of(wanted.out)):
        check_may_replace(path, overwrite=wanted.overwrite)
    settings = choose_recipe(wanted.recipe, wanted.run, wanted.changes)
    limit = resolve_budget(wanted.steps, wanted.minutes, Budget(settings.steps, settings.minutes))
    with _written_down(wanted.work) as note:
        recipe = recipe_name(wanted.recipe, wanted.run)
        note(f"{wanted.face.name} onto {wanted.played.name}, recipe {recipe}")
        data = wanted.work / "data"
        folders = face, onto = data / wanted.names[0], data / wanted.names[1]
        for path, folder in zip((wanted.face, wanted.onto), folders, strict=True):
            _extract(path, folder, progress)
        _train(wanted, train.Job(face, onto, wanted.run.folder, settings, limit), status)
        covers = _convert(wanted, data, progress)
        done = _evaluated(wanted, folders, covers, progress)
        note(f"{done.out}: {done.metrics['verdict']}")
        return done


def _extract(clip: Path, folder: Path, progress: Progress) -> None:
    found = extractor.extract([clip], folder.name, ExtractOptions(folder.parent), progress)
    count = len(pictures(folder)) if folder.is_dir() else 0
    if count < LEAST:
        why = f"shows {format_count(count, 'usable face')}, and training needs {LEAST} or more"
        raise UserError(f"{clip}: {why}; choose a clip in which one face is large and well lit")
    new = sum(found.written.values())
    log.info("extract %s: %s, %d of them new", folder.name, format_count(count, "face"), new)


def _train(wanted: Swap, job: train.Job, status: Status) -> None:
    try:
        with status("train", wanted.run.preview) as say:
            train.train(job, lambda report: say(report.moment.progress, report.words))
    except SettingsChanged as error:
        begun = f"{wanted.out}: was begun with other settings ({error.changes})"
        raise UserError(f"{begun}; go on with the old ones, or name another output") from error
    steps, seconds = trained_so_far(wanted.run)
    log.info("train: %s in %s", format_count(steps, "step"), format_duration(seconds))


def _convert(wanted: Swap, data: Path, progress: Progress) -> "Masks":
    """Convert, and return a function that renders the masks of any frames."""
    from faceswap_ae.conversion.convert import convert_clip, is_made
    from faceswap_ae.conversion.converter import Converter, ConvertOptions
    from faceswap_ae.conversion.stills import render_masks

    converter = Converter(ConvertOptions((wanted.run,), data, overwrite=wanted.overwrite), progress)
    clip = open_clip(wanted.played)
    if is_made(converter, clip, wanted.out):
        log.info("convert: %s is made already", wanted.out)
    else:
        done = convert_clip(converter, clip, wanted.out)
        log.info("convert: %d of %d frames with a new face", done.swapped, done.frames)
    return partial(render_masks, converter, clip)


def _evaluated(
    wanted: Swap, folders: Sequence[Path], covers: "Masks", progress: Progress
) -> SwapFiles:
    from faceswap_ae.common.atomic import write_text
    from faceswap_ae.evaluation import evaluate, html_report

    clips = evaluate.SwapPaths(wanted.out, wanted.face, wanted.played, wanted.truth)
    page, metrics = wanted.work / "report.html", wanted.work / "metrics.json"
    told = _measured(clips, page, metrics)
    if told is not None:
        log.info("evaluate: %s is measured already", wanted.out)
    else:
        found = evaluate.evaluate_paths(clips, progress, folders)
        told = {**evaluate.evaluation_to_json(found), "fingerprints": _fingerprints(clips)}
        write_text(metrics, json.dumps(told, indent=1) + "\n")
        html_report.write_report(page, found, wanted.run, covers)
    return SwapFiles(wanted.out, wanted.run, page, told)


def _measured(clips: "SwapPaths", page: Path, metrics: Path) -> dict[str, Any] | None:
    """Return the metrics that this version measured on these very clips; None if there are none."""
    from faceswap_ae.evaluation.evaluate import FORMAT

    if not (page.exists() and metrics.exists()):
        return None
    try:
        told = JsonFields.read(metrics).values
    except ValueError:  # damaged: measured anew
        return None
    seen = _fingerprints(clips)
    wanted = {**clips.to_json(), "made_by": TOOL, "version": FORMAT, "fingerprints": seen}
    return told if {name: told.get(name) for name in wanted} == wanted else None


def _fingerprints(clips: "SwapPaths") -> list[str]:
    """What the clips hold, whatever a clock says of when."""
    truth = [] if clips.truth is None else [find_ground_truth(clips.truth).clip]
    return [fingerprint(path) for path in (clips.result, clips.face, clips.onto, *truth)]


def _name(path: Path) -> str | None:
    """Return the name of the person in a file: from the file's name, else from its folder's."""
    for word in (path.stem, path.absolute().parent.name):
        name = safe_stem(word).rstrip("_.-")
        if name.lower() not in PLAIN and is_name(name):
            return name
    return None


@contextmanager
def _written_down(work: Path) -> Iterator[Callable[[str], None]]:
    """Write all log messages also to the log file; yields what writes to it alone.

    How it ended is written to it alone: the terminal gets that as a result, or as an error.
    """
    work.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(work / "log.txt", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("faceswap_ae")
    before = logger.level
    logger.addHandler(handler)
    if not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)

    def note(text: str) -> None:
        handler.handle(log.makeRecord(log.name, logging.INFO, "", 0, text, (), None))

    try:
        yield note
    except BaseException as error:
        note(f"stopped: {str(error) or type(error).__name__}")
        raise
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
        handler.close()
