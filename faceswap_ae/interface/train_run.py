"""`train`: how do two face folders become a trained run?"""

import json
import os
from pathlib import Path

from faceswap_ae.common.errors import UserError
from faceswap_ae.interface.arguments import (
    AnyPath,
    Changes,
    Device,
    Texts,
    as_changes,
    as_paths,
    as_texts,
)
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.process import choose_device_once, one_opencv_thread
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display
from faceswap_ae.interface.results import TrainResult


@public
def train(
    face: AnyPath,
    onto: AnyPath,
    changes: Changes = (),
    *,
    run: AnyPath | None = None,
    recipe: AnyPath | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    fork: AnyPath | None = None,
    part: Texts = (),
    vggface: AnyPath | None = None,
    gpu: Device | None = None,
    data: AnyPath = "data",
    runs: AnyPath = "runs",
    progress: bool | ProgressFunction = True,
) -> TrainResult:
    """Train a run, or go on with it: what was learnt is kept whatever stops it.

    A recipe's stages follow each other by themselves; a run that was stopped goes on in its own.
    A notebook shows the preview while it trains; it is in runs/NAME/preview.png too.

    >>> small = {"width": 0.25, "size": 32, "latent": 32, "batch": 4}
    >>> train("ben", "ada", small, steps=2)
    runs/ben-onto-ada: trained for 2 steps; see runs/ben-onto-ada/preview.png

    Args:
        face: Whose face is wanted: a folder in data/, or a path.
        onto: Onto whose performance it goes.
        changes: key=value, over what the recipe says.
        run: The run: runs/NAME, or a path. FACE-onto-ONTO if unsaid.
        recipe: A name, or a .yaml file. The run's own, or quick for a new one, if unsaid.
        minutes: Of training, breaks not counted.
        steps: Instead of minutes, or beside them.
        fork: Begin a new run with another's weights: NAME, or NAME@STEP it kept.
        part: Of the fork: this part alone, or several.
        vggface: Your own file of VGGFace weights, for perceptual losses.
        gpu: Which GPU: 0, 1, or cpu.
        data: Where the face folders are.
        runs: Where training runs are.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    from faceswap_ae.faces.folders.face_folder import find_folders
    from faceswap_ae.training.runs.run import Run, run_folder

    parts = as_texts(part)
    if parts and not fork:
        raise UserError("--part: is of --fork, which is not given")
    # All that needs no network comes first: TensorFlow takes seconds to load.
    faces, goal = find_folders([os.fspath(one) for one in (face, onto)], *as_paths(data))
    people = "-onto-".join(one.name.removesuffix(".zip") for one in (faces, goal))
    folder = run_folder(people if run is None else os.fspath(run), *as_paths(runs))
    origin, step = _fork(fork, *as_paths(runs))
    choose_device_once(gpu)
    from faceswap_ae.training.recipe import Job, choose_recipe
    from faceswap_ae.training.session import trained_so_far
    from faceswap_ae.training.stages import Budget, resolve_budget
    from faceswap_ae.training.train import train as train_job

    # Quoted for YAML, else a path with a colon or a hash would be read as something else.
    own = [] if vggface is None else [f"perceptual_file={json.dumps(os.path.abspath(vggface))}"]  # noqa: PTH100
    named = None if recipe is None else os.fspath(recipe)
    settings = choose_recipe(named, Run(folder), [*as_changes(changes), *own])
    limit = resolve_budget(steps, minutes, Budget(settings.steps, settings.minutes))
    job = Job(faces, goal, folder, settings, limit, origin, step, parts)
    display = choose_display(progress)
    with one_opencv_thread(), display.status("train", Run(folder).preview) as say:
        done = train_job(job, lambda report: say(report.moment.progress, report.words))
    return TrainResult(done.folder, done.preview, *trained_so_far(done))


def _fork(fork: AnyPath | None, runs: Path) -> tuple[Path | None, int | None]:
    """The run whose weights a new one begins with, and at which step."""
    from faceswap_ae.training.runs.run import find_run

    named, _, step = ("" if fork is None else os.fspath(fork)).partition("@")
    if step and not step.isdigit():
        raise UserError(f"--fork {fork}: give NAME or NAME@STEP")
    return find_run(named, runs).folder if named else None, int(step) if step else None
