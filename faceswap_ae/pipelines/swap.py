"""How is a swap made from two clips in one pipeline: extract, train, convert, evaluate?

    out.work/data      the faces of both people (extract)
             runs      the trained model (train)
             report.html, metrics.json   how good the swap is (evaluate)
             log.txt   all log messages

Each stage continues where it was stopped, and a stage whose result exists is not repeated. All
files except the result are in this one folder, so the user's own folders are not touched.

The first result is made at once, of the pictures of the face, without training (instant). A trained
one replaces it. It stays the result where it was asked for, or where there is too little to train.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceswap_ae.common.atomic import check_is_no_input
from faceswap_ae.common.errors import SettingsChanged, UserError
from faceswap_ae.common.progress import Progress, Status, no_progress, no_status
from faceswap_ae.common.quantities import format_count, format_duration
from faceswap_ae.conversion.report import report_of
from faceswap_ae.faces.folders.face_folder import is_name
from faceswap_ae.marks.seal import MarkOptions, check_marks
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.inputs import safe_stem
from faceswap_ae.media.ownership import check_may_replace
from faceswap_ae.pipelines.swap_faces import check_photos, fill_folder, keep_choice
from faceswap_ae.pipelines.swap_report import SwapReport
from faceswap_ae.training import train
from faceswap_ae.training.data.face_set import LEAST
from faceswap_ae.training.recipe import FullRecipe, choose_recipe, recipe_name
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.session import trained_so_far
from faceswap_ae.training.stages import Budget, resolve_budget

if TYPE_CHECKING:
    from faceswap_ae.evaluation.report_stills import Masks

FACE, ONTO = "face", "onto"  # names of folders, if the file names give none
# File names that do not name a person.
PLAIN = {"clip", "video", "movie", "input", "output", "file", "untitled"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swap:
    """The job: put the face of one clip onto the performance in another clip."""

    face: Path  # a clip, a photo, or a folder of them
    onto: Path
    out: Path
    _: KW_ONLY
    recipe: str | None = None  # the run's own, or quick for a new one
    changes: tuple[str, ...] = ()
    minutes: float | None = None
    steps: int | None = None
    performance: Path | None = None  # another clip of the person in `onto`: it is converted instead
    truth: Path | None = None  # the folder of the exact answer (true swap), if there is one
    marks: MarkOptions = field(default_factory=MarkOptions)
    overwrite: bool = False  # a file at `out` that is none of our outputs
    instant: bool = False  # no training: the pictures of the face are used
    like: tuple[Path, ...] = ()  # photos of the person in `face`, if it shows several

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
    """The files of a finished swap, and its metrics. An instant swap has no run."""

    out: Path
    run: Run | None
    report: Path
    metrics: dict[str, Any] = field(default_factory=dict)


def swap(wanted: Swap, progress: Progress = no_progress, status: Status = no_status) -> SwapFiles:
    """Extract, train, convert, evaluate. If it is stopped, the same call continues from there."""
    plan = _checked(wanted)
    with _written_down(wanted.work) as note:
        data = wanted.work / "data"
        folders = data / wanted.names[0], data / wanted.names[1]
        keep_choice(wanted.work, folders[0], wanted.like)
        if plan is None:
            note(f"{wanted.face.name} onto {wanted.played.name}, without training")
            fill_folder(wanted.face, folders[0], progress, wanted.like)
            covers = _convert(wanted, data, progress, folders[0])
            done = _finish(wanted, folders, covers, progress)
        else:
            note(f"{wanted.face.name} onto {wanted.played.name}, recipe {plan.name}")
            done = _trained(wanted, folders, plan, progress, status)
        note(f"{done.out}: {done.metrics['verdict']}")
        return done


@dataclass(frozen=True)
class _Plan:
    """How a swap is trained."""

    name: str  # of the recipe
    settings: FullRecipe
    limit: Budget


def _checked(wanted: Swap) -> _Plan | None:
    """Raise UserError, now and not after an hour, if something cannot be read or written.

    Return how to train; None for a swap without training.
    """
    folder = [wanted.face] if wanted.face.is_dir() else []  # of clips and photos
    for path in (wanted.face, wanted.onto, wanted.played):
        if path not in folder:
            open_clip(path)
    check_photos(wanted.like)
    if not wanted.out.suffix:
        raise UserError(f"{wanted.out}: name a file, such as swap.mp4")
    check_is_no_input(wanted.out, (wanted.face, wanted.onto, wanted.played))
    for path in (wanted.out, report_of(wanted.out)):
        check_may_replace(path, overwrite=wanted.overwrite)
    check_marks(wanted.marks, wanted.out, overwrite=wanted.overwrite)
    if wanted.instant:
        if wanted.recipe or wanted.changes or wanted.minutes or wanted.steps:
            raise UserError(
                "--instant: trains nothing; leave out recipe, changes, minutes and steps"
            )
        return None
    settings = choose_recipe(wanted.recipe, wanted.run, wanted.changes)
    limit = resolve_budget(wanted.steps, wanted.minutes, Budget(settings.steps, settings.minutes))
    return _Plan(recipe_name(wanted.recipe, wanted.run), settings, limit)


def _trained(
    wanted: Swap,
    folders: tuple[Path, Path],
    plan: _Plan,
    progress: Progress,
    status: Status,
) -> SwapFiles:
    """A swap by training; first the instant one, and only that if there is too little to train."""
    face, data = folders[0], folders[0].parent
    clips, likes = (wanted.face, wanted.onto), (wanted.like, ())
    counts = [
        fill_folder(clip, folder, progress, like)
        for clip, folder, like in zip(clips, folders, likes, strict=True)
    ]
    if min(counts) < LEAST:
        few = min(zip(counts, clips, strict=True))
        told = f"{few[1]}: shows {format_count(few[0], 'usable face')}"
        log.warning("%s, and training needs %d: this is a swap without training", told, LEAST)
        return _finish(wanted, folders, _convert(wanted, data, progress, face), progress)
    if not wanted.out.exists() and not wanted.run.card.exists():
        _convert(wanted, data, progress, face)
        log.info("%s: a first look, without training", wanted.out)
    _train(wanted, train.Job(*folders, wanted.run.folder, plan.settings, plan.limit), status)
    covers = _convert(wanted, data, progress)
    return _finish(wanted, folders, covers, progress, wanted.run)


def _train(wanted: Swap, job: train.Job, status: Status) -> None:
    try:
        with status("train", wanted.run.preview) as say:
            train.train(job, lambda report: say(report.moment.progress, report.words))
    except SettingsChanged as error:
        begun = f"{wanted.out}: was begun with other settings ({error.changes})"
        raise UserError(f"{begun}; go on with the old ones, or name another output") from error
    steps, seconds = trained_so_far(wanted.run)
    log.info("train: %s in %s", format_count(steps, "step"), format_duration(seconds))


def _convert(wanted: Swap, data: Path, progress: Progress, source: Path | None = None) -> "Masks":
    """Convert by the run, or by the pictures in a folder; return what renders masks of frames."""
    from faceswap_ae.conversion.compositor import CompositeOptions
    from faceswap_ae.conversion.convert import convert_clip, is_made
    from faceswap_ae.conversion.converter import Converter, ConvertOptions
    from faceswap_ae.conversion.stills import render_masks

    runs, colour = ((wanted.run,), "tint") if source is None else ((), "light")
    options = ConvertOptions(
        runs,
        data,
        marks=wanted.marks,
        overwrite=wanted.overwrite,
        source=source,
        onto=wanted.names[1],
        style=CompositeOptions(colour=colour),
    )
    converter = Converter(options, progress)
    clip = open_clip(wanted.played)
    if is_made(converter, clip, wanted.out):
        log.info("convert: %s is made already", wanted.out)
    else:
        done = convert_clip(converter, clip, wanted.out)
        log.info("convert: %d of %d frames with a new face", done.swapped, done.frames)
    return partial(render_masks, converter, clip)


def _finish(
    wanted: Swap,
    folders: tuple[Path, Path],
    covers: "Masks",
    progress: Progress,
    run: Run | None = None,
) -> SwapFiles:
    """Measure the result, and write the report."""
    from faceswap_ae.evaluation.evaluate import SwapPaths

    face = folders[0] if wanted.face.is_dir() else wanted.face
    clips = SwapPaths(wanted.out, face, wanted.played, wanted.truth)
    report = SwapReport(clips, wanted.work, folders, run)
    return SwapFiles(wanted.out, run, report.page, report.measured(covers, progress))


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
