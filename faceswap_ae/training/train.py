"""How does a run begin, or begin again?

With the faces that it had, with the settings that it was begun with; and nothing is left behind of
one that cannot begin.
"""

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.faces.record import check_kind
from faceswap_ae.networks.model_interface import Networks
from faceswap_ae.networks.variables import assign_arrays, named_variables, select_parts
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.runtime.devices import warn_of_no_gpu
from faceswap_ae.training.build import build_networks
from faceswap_ae.training.data import face_set
from faceswap_ae.training.data.face_set import FaceSet
from faceswap_ae.training.known_people import save_known_people
from faceswap_ae.training.logger import StepListener
from faceswap_ae.training.loop import TrainingLoop
from faceswap_ae.training.recipe import FREE, Job
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs.checkpoint import WEIGHTS
from faceswap_ae.training.runs.lock import RunLock, only_trainer
from faceswap_ae.training.runs.manifest import CHECKPOINT, SNAPSHOT, Kind
from faceswap_ae.training.runs.run import Run, RunFacts, begin_run
from faceswap_ae.training.session import SessionFacts, TrainingSession

__all__ = ["Job", "train"]

KINDS: tuple[Kind, ...] = (SNAPSHOT, CHECKPOINT)


def train(job: Job, listener: StepListener = lambda _: None) -> Run:
    """Train a run from where it is until its budget is over. Ctrl-C saves before it ends."""
    run = Run(job.run)
    begun = bool(checkpoint.listed(run.checkpoints))
    if job.fork is not None and begun:
        raise UserError(f"{job.run}: is there already; --fork begins a new run, name another")
    if job.fork is None and not begun and run.card.exists() and run.facts.origin:
        was = f"was to begin with the weights of {run.facts.origin} and saved nothing yet"
        raise UserError(f"{job.run}: {was}; give --fork again, or remove it")
    trainer = plugins.load("trainers", job.recipe.trainer)
    with only_trainer(job.run) as lock, plugins.blaming(trainer):
        return _train(job, run, listener, lock)


def _train(job: Job, run: Run, listener: StepListener, lock: RunLock) -> Run:
    load_keras()
    from faceswap_ae.training import distribution

    with distribution.share_devices(distribution.find_gpus()) as devices:
        recipe = job.recipe
        own = build_networks(recipe)
        sets = _sets(job, run, max(own.size_in, own.size_out))
        session = TrainingSession(job, run, own, sets, listener, lock, devices)
        origin = _borrow(job, own) if job.fork else ""
        face, onto = (one.name for one in sets)
        facts = RunFacts(
            *(face, onto, recipe.model, recipe.trainer, recipe.crop),
            origin=origin,
            landmarks=sets[0].landmarker,
        )
        begin_run(job.run, recipe, facts, FREE)
        save_known_people(run, sets)
        loop = TrainingLoop(session)
        try:
            loop.resume()
            if session.progress < 1:
                warn_of_no_gpu()
            loop.run()
        finally:
            session.close()
    return run


def _sets(job: Job, run: Run, size: int) -> tuple[FaceSet, FaceSet]:
    """Both folders' faces. Those that were held out before stay so, whatever came or went."""
    face, onto = (
        face_set.load_face_set(folder, job.recipe.crop, size) for folder in (job.face, job.onto)
    )
    face_set.warn_of_difference(face, onto)
    _check_landmarks(run, (face, onto))
    saved = checkpoint.listed(run.checkpoints)
    before = SessionFacts.from_json(saved[0].facts).held if saved else {}
    return face.holding(before.get(face.name, ())), onto.holding(before.get(onto.name, ()))


def _check_landmarks(run: Run, sets: tuple[FaceSet, FaceSet]) -> None:
    """Raise UserError if a set's landmarks are not of the run's kind, or of the other set's."""
    kind = run.facts.landmarks if run.card.is_file() else sets[0].landmarker
    for one in sets:
        check_kind(one.name, one.landmarker, kind, "this run's faces")


def _borrow(job: Job, own: Networks) -> str:
    """Begin with the weights of another run's networks; which they are."""
    assert job.fork is not None
    origin = Run(job.fork)
    state = _kept(origin, job.fork_step)
    if state is None:
        raise UserError(f"{origin.folder}: has no checkpoint to begin from; train it first")
    for name in job.borrowed:
        if name not in own.parts:
            raise UserError(unknown("part of the model", name, own.parts))
    parts = {name: own.parts[name] for name in job.borrowed or own.parts}
    arrays = select_parts(parts, state.arrays[WEIGHTS])
    assign_arrays(named_variables(parts), arrays, str(origin.folder))
    return f"{origin.name} at step {state.step}"


def _kept(origin: Run, step: int | None) -> checkpoint.TrainingState | None:
    """Its newest checkpoint, or what it kept of a step."""
    if step is None:
        return checkpoint.load(origin.checkpoints, [WEIGHTS])
    kept = [one for kind in KINDS for one in checkpoint.listed(origin.checkpoints, kind)]
    for one in kept:
        if one.step == step:
            return checkpoint.restore(one, [WEIGHTS])
    steps = ", ".join(f"{one.step}" for one in kept) or "nothing"
    raise UserError(f"{origin.folder}: kept nothing of step {step}; there is {steps}")
