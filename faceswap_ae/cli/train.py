"""How does `faceswap-ae train` train a run that puts one person's face onto another's?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.errors import UserError


def run(
    context: typer.Context,
    face: Annotated[str, typer.Option(help="Whose face is wanted: a folder in data/, or a path.")],
    onto: Annotated[str, typer.Option(help="Onto whose performance it goes.")],
    changes: Annotated[
        list[str] | None, typer.Argument(help="key=value, over what the recipe says.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--run", help="The run: runs/NAME, or a path. FACE-onto-ONTO if unsaid."),
    ] = None,
    recipe: Annotated[str, typer.Option(help="A recipe's name, or a .yaml file.")] = "quick",
    minutes: Annotated[float | None, typer.Option(help="Of training, breaks not counted.")] = None,
    steps: Annotated[int | None, typer.Option(help="Instead of minutes, or beside them.")] = None,
    fork: Annotated[
        str | None,
        typer.Option(help="Begin a new run with another's weights: NAME, or NAME@STEP it kept."),
    ] = None,
    parts: Annotated[
        list[str] | None, typer.Option("--part", help="Of --fork: this part alone; repeatable.")
    ] = None,
    vggface: Annotated[
        Path | None, typer.Option(help="Your own file of VGGFace weights, for perceptual losses.")
    ] = None,
    device: Annotated[str | None, typer.Option("--gpu", help="Which GPU: 0, 1, or cpu.")] = None,
) -> None:
    """Train a run, or go on with it: what was learnt is kept whatever stops it.

    A recipe's stages follow each other by themselves; a run that was stopped goes on in its own.
    Look at runs/NAME/preview.png while it runs; tensorboard --logdir runs shows the curves.

    \b
    faceswap-ae train --face ben --onto ada
    faceswap-ae train --face ben --onto ada --run first-try --minutes 30
    faceswap-ae train --face ben --onto ada --run big --recipe original batch=32
    faceswap-ae train --face ben --onto ada --run again --fork first-try
    faceswap-ae train --face ben --onto ada --run sharp --recipe gan64 --minutes 600
    """
    import cv2

    from faceswap_ae.faces.folders import face_folder
    from faceswap_ae.runtime import devices
    from faceswap_ae.training.recipe import load_recipe
    from faceswap_ae.training.runs.run import find_run, run_folder
    from faceswap_ae.training.stages import Budget, resolve_budget

    session: Session = context.obj
    devices.choose_device(device)  # before anything loads Keras
    from faceswap_ae.training.train import Job, train

    if parts and not fork:
        raise UserError("--part: is of --fork, which is not given")
    # Quoted for YAML, else a path with a colon or a hash would be read as something else.
    own_file = [] if vggface is None else [f"perceptual_file={json.dumps(str(vggface.absolute()))}"]
    settings = load_recipe(recipe, [*(changes or ()), *own_file])
    limit = resolve_budget(steps, minutes, Budget(settings.steps, settings.minutes))
    cv2.setNumThreads(1)  # the feed's own threads are enough; OpenCV's get in their way
    faces, goal = (face_folder.find_folder(one, session.data) for one in (face, onto))
    place = run_folder(
        name or "-onto-".join(one.name.removesuffix(".zip") for one in (faces, goal)), session.runs
    )
    named, _, kept = (fork or "").partition("@")
    if kept and not kept.isdigit():
        raise UserError(f"--fork {fork}: give NAME or NAME@STEP")
    origin = find_run(named, session.runs).folder if named else None
    step = int(kept) if kept else None
    job = Job(faces, goal, place, settings, limit, origin, step, tuple(parts or ()))
    with session.status("train") as say:
        done = train(job, lambda report: say(report.moment.progress, report.words))
    if not session.quiet:
        typer.echo(f"{done.folder}: trained so far; see {done.preview}")
