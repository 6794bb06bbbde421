"""How does a run begin, or begin again?

With the faces that it had, with the settings that it was begun with; and nothing is left behind of
one that cannot begin.
"""

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.networks.model_interface import Networks
from faceswap_ae.networks.variables import assign, only, variables
from faceswap_ae.runtime.backend import wake
from faceswap_ae.training import build
from faceswap_ae.training.data import face_set
from faceswap_ae.training.data.face_set import FaceSet
from faceswap_ae.training.known_people import remember
from faceswap_ae.training.loop import Course, Told
from faceswap_ae.training.recipe import FREE, Job
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs import run as runs
from faceswap_ae.training.runs.checkpoint import WEIGHTS
from faceswap_ae.training.runs.manifest import CHECKPOINT, SNAPSHOT, Kind

__all__ = ["Job", "train"]

KINDS: tuple[Kind, ...] = (SNAPSHOT, CHECKPOINT)


def train(job: Job, told: Told = lambda _: None) -> runs.Run:
    """Train a run from where it is until its budget is over. Ctrl-C saves before it ends.

    >>> folders = Path("data/ben"), Path("data/ada"), Path("runs/ben-onto-ada")
    >>> train(Job(*folders, plan.load("quick"), Budget(minutes=30)))
    """
    run = runs.Run(job.run)
    begun = bool(checkpoint.listed(run.checkpoints))
    if job.fork is not None and begun:
        raise UserError(f"{job.run}: is there already; --fork begins a new run, name another")
    if job.fork is None and not begun and run.card.exists() and run.facts.origin:
        was = f"was to begin with the weights of {run.facts.origin} and saved nothing yet"
        raise UserError(f"{job.run}: {was}; give --fork again, or remove it")
    wake()
    from faceswap_ae.training import distribution

    with distribution.together(distribution.found()) as devices:
        own = build.networks(job.plan)
        sets = _sets(job, run, max(own.size_in, own.size_out))
        course = Course(job, run, own, sets, told, devices)
        origin = _borrow(job, own) if job.fork else ""
        face, onto = (one.name for one in sets)
        plan = job.plan
        facts = runs.Facts(face, onto, plan.model, plan.trainer, plan.crop, origin=origin)
        runs.begin(job.run, plan, facts, FREE)
        remember(run, sets)
        try:
            course.resume()
            course.go()
        finally:
            course.close()
    return run


def _sets(job: Job, run: runs.Run, size: int) -> tuple[FaceSet, FaceSet]:
    """Both folders' faces. Those that were held out before stay so, whatever came or went."""
    face, onto = (face_set.load(folder, job.plan.crop, size) for folder in (job.face, job.onto))
    face_set.compare(face, onto)
    saved = checkpoint.listed(run.checkpoints)
    before = saved[0].facts.get("held", {}) if saved else {}
    return face.holding(before.get(face.name, ())), onto.holding(before.get(onto.name, ()))


def _borrow(job: Job, own: Networks) -> str:
    """Begin with the weights of another run's networks; which they are."""
    assert job.fork is not None
    origin = runs.Run(job.fork)
    state = _kept(origin, job.fork_step)
    if state is None:
        raise UserError(f"{origin.folder}: has no checkpoint to begin from; train it first")
    for name in job.borrowed:
        if name not in own.parts:
            raise UserError(unknown("part of the model", name, own.parts))
    parts = {name: own.parts[name] for name in job.borrowed or own.parts}
    arrays = only(parts, state.arrays[WEIGHTS])
    assign(variables(parts), arrays, str(origin.folder))
    return f"{origin.name} at step {state.step}"


def _kept(origin: runs.Run, step: int | None) -> checkpoint.State | None:
    """Its newest checkpoint, or what it kept of a step."""
    if step is None:
        return checkpoint.load(origin.checkpoints, [WEIGHTS])
    kept = [one for kind in KINDS for one in checkpoint.listed(origin.checkpoints, kind)]
    for one in kept:
        if one.step == step:
            return checkpoint.restore(one, [WEIGHTS])
    steps = ", ".join(f"{one.step}" for one in kept) or "nothing"
    raise UserError(f"{origin.folder}: kept nothing of step {step}; there is {steps}")
