"""How does a run learn, step by step, without losing anything?

    1  both folders' faces, the networks, and what an earlier session left
    2  for each step: pairs of batches, a move of every player
    3  now and then: log, held-out loss, preview, checkpoint
    4  at the end, or when stopped: a checkpoint and a preview

A loss that is no number, or that stays far above what it was, brings back the last checkpoint at
half the rate; memory that runs out halves the batch.
"""

import logging
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae import checkpoint, codes, disk, faceset, game, memory, runs, tensors
from faceswap_ae.budget import Budget
from faceswap_ae.checkpoint import WEIGHTS, State
from faceswap_ae.diary import Diary, Moment, Report
from faceswap_ae.errors import Fault, UserError
from faceswap_ae.faceset import FaceSet
from faceswap_ae.feed import Batch, Feed
from faceswap_ae.game import Game, arrays_of, assign
from faceswap_ae.guard import Guard
from faceswap_ae.networks import FACE, IDENTITIES, Identity, Networks
from faceswap_ae.plan import FREE
from faceswap_ae.preview import Names
from faceswap_ae.stepper import Stepper, is_out_of_memory
from faceswap_ae.stopping import Stop, stoppable
from faceswap_ae.timers import Timers

CODED, LITTLE = 512, 64  # faces of each identity that codes are lined up by: to keep, to look
LEAST_RATE = 1 / 64  # of the plan's rate, below which nothing is to be hoped for

log = logging.getLogger(__name__)

Told = Callable[[Report], None]
Pair = dict[Identity, Batch]


@dataclass(frozen=True)
class Job:
    """What to train, where, and for how long."""

    face: Path  # the folder of the face that is wanted
    onto: Path  # the folder of whom it goes onto
    run: Path
    plan: Any  # plan.Plan with the groups of its model and trainer
    budget: Budget
    fork: Path | None = None  # a run whose weights a new one begins with


def train(job: Job, told: Told = lambda _: None) -> runs.Run:
    """Train a run from where it is until its budget is over. Ctrl-C saves before it ends."""
    run = runs.Run(job.run)
    if job.fork is not None and run.card.exists():
        raise UserError(f"{job.run}: is there already; --fork begins a new run, name another")
    own = game.networks(job.plan)
    sets = _sets(job, run, max(own.size_in, own.size_out))
    training = _Training(job, run, own, sets, told)
    origin = training.borrow(runs.Run(job.fork)) if job.fork else ""
    face, onto = (one.name for one in sets)
    facts = runs.Facts(face, onto, job.plan.model, job.plan.trainer, job.plan.crop, origin=origin)
    runs.begin(job.run, job.plan, facts, FREE)
    try:
        training.resume()
        training.go()
    finally:
        training.close()
    return run


def _sets(job: Job, run: runs.Run, size: int) -> tuple[FaceSet, FaceSet]:
    """Both folders' faces. Those that were held out before stay so, whatever came or went."""
    face, onto = (faceset.load(folder, job.plan.crop, size) for folder in (job.face, job.onto))
    faceset.compare(face, onto)
    saved = checkpoint.listed(run.checkpoints)
    before = saved[0].facts.get("held", {}) if saved else {}
    return face.holding(before.get(face.name, ())), onto.holding(before.get(onto.name, ()))


@dataclass
class _Training:
    """A session of a run."""

    job: Job
    run: runs.Run
    own: Networks
    sets: tuple[FaceSet, FaceSet]
    told: Told
    step: int = 0
    seconds: float = 0.0  # of training, all sessions together
    easier: float = 1.0  # times the plan's rate: halved when something went wrong
    restored: int = -1  # the step that was gone back to
    guard: Guard = field(default_factory=Guard)
    stop: Stop = field(default_factory=Stop)

    def __post_init__(self) -> None:
        plan, own = self.job.plan, self.own
        self.feed = Feed(
            self.sets, plan.augment, own.size_in, own.size_out, self._batch(own), plan.seed
        )
        self.game: Game = game.game(plan, own, game.known(self.sets, self.feed))
        self.stepper = Stepper(self.game.players, plan.optimiser)
        self.diary = Diary(self.run, Names(*(one.name for one in self.sets)), self.told)
        self.held = {identity: self.feed.held_out(identity) for identity in IDENTITIES}

    def _batch(self, own: Networks) -> int:
        return int(self.job.plan.batch or memory.likely_batch(own.parts.values()))

    @property
    def progress(self) -> float:
        """How much of the budget is over."""
        return self.job.budget.progress(self.step, self.seconds)

    def borrow(self, origin: runs.Run) -> str:
        """Begin with the weights of another run's networks; which they are."""
        state = checkpoint.load(origin.checkpoints, [WEIGHTS])
        if state is None:
            raise UserError(f"{origin.folder}: has no checkpoint to begin from; train it first")
        arrays = game.only(self.own.parts, state.arrays[WEIGHTS])
        assign(game.variables(self.own.parts), arrays, str(origin.folder))
        return f"{origin.name} at step {state.step}"

    def resume(self) -> None:
        """Go on from the newest checkpoint; a new run makes sure that two will fit."""
        state = checkpoint.load(self.run.checkpoints)
        if state is not None:
            checkpoint.rewind(self.run.checkpoints, state.step)
            self._restore(state)
            log.info("%s: going on from step %s", self.run.name, f"{state.step:,}")
        self.diary.begin(self.step)
        if state is None:
            size = sum(map(tensors.size, self._state().arrays.values()))
            checkpoint.check_room(self.run.checkpoints, size)
            log.info("a checkpoint takes %s; the newest two are kept", disk.told(size))
            self.save()

    def go(self) -> None:
        """Train until the budget is over."""
        begun = self.step
        with stoppable() as self.stop:
            try:
                while self.progress < 1:
                    stream = self.feed.stream(self.step * self.stepper.pairs)
                    try:
                        self._follow(stream)
                    finally:
                        stream.close()
            finally:
                # Done or stopped, what was learnt is kept.
                if self.step > begun and self.guard.sound and self.save():
                    self.look()

    def _follow(self, stream: Generator[tuple[Batch, Batch]]) -> None:
        """Step after step, until the budget is over or something goes wrong."""
        timers = Timers(self.job.plan)
        while self.progress < 1:
            pairs = [by_identity(next(stream)) for _ in range(self.stepper.pairs)]
            try:
                terms = self.stepper.step(pairs, self._rate())
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._take_less(error)
                return
            self.step += 1
            self.seconds += timers.passed()
            trouble = self.guard.trouble(sum(terms.values()))
            if trouble is None and timers.is_time("save") and not self.save():
                trouble = "a weight is no number"
            if trouble is not None:
                self._roll_back(trouble)
                return
            self._note(terms)
            if timers.is_time("preview"):
                self.look()
            self.stop.heed()

    def _rate(self) -> float:
        return float(self.job.plan.optimiser.at(self.step, self.progress) * self.easier)

    def _note(self, terms: Mapping[str, float]) -> None:
        left = None if self.progress == 0 else self.seconds * (1 / self.progress - 1)
        self.diary.note(
            Moment(self.step, self.progress, left, 2 * self.feed.count * self.stepper.pairs),
            terms,
            self._rate(),
        )

    def look(self) -> None:
        """Measure on the faces never trained on, and draw the preview."""
        align = self._alignments(LITTLE)[FACE] if self.job.plan.align else None
        self.diary.look(self.step, self.game.networks, self.held, align)

    def save(self) -> bool:
        """Write a checkpoint, unless something is going wrong; False where weights are spoilt."""
        if not self.guard.calm:
            return True
        state = self._state()
        if not all(np.isfinite(array).all() for array in state.arrays[WEIGHTS].values()):
            return False
        checkpoint.save(self.run.checkpoints, state)
        return True

    def _state(self) -> State:
        arrays = {
            WEIGHTS: arrays_of(self.game.variables),
            "optimiser": arrays_of(self.stepper.variables),
            "codes": codes.told(self._alignments(CODED)),
        }
        facts = {
            "seconds": self.seconds,
            "easier": self.easier,
            "batch": self.feed.count,
            "measured": self.diary.facts(),
            "held": {one.name: [one.ids[place] for place in one.held] for one in self.sets},
            "faces": {one.name: one.fingerprint for one in self.sets},
            "crop": self.job.plan.crop,
        }
        return State(self.step, arrays, facts)

    def _restore(self, state: State) -> None:
        assign(self.game.variables, state.arrays[WEIGHTS], str(self.run.folder))
        if "optimiser" in state.arrays:  # a light pack has none
            assign(self.stepper.variables, state.arrays["optimiser"], str(self.run.folder))
        self._compare(state.facts.get("faces", {}))
        self.step = state.step
        self.seconds = float(state.facts.get("seconds", 0.0))
        self.easier = float(state.facts.get("easier", 1.0))
        # As it was, whatever memory is free today: what did not fit once will not fit now.
        self.feed = replace(self.feed, count=int(state.facts.get("batch", self.feed.count)))
        self.diary.remember(state.facts.get("measured", []))

    def _compare(self, before: Mapping[str, str]) -> None:
        for one in self.sets:
            if before.get(one.name, one.fingerprint) != one.fingerprint:
                log.info("%s: other faces than before, now %d", one.name, len(one))

    def _alignments(self, most: int) -> dict[Identity, codes.Alignment]:
        faces = {identity: list(self.feed.plain(identity, most)) for identity in IDENTITIES}
        return {to: codes.alignment(self.game.networks, faces, to) for to in IDENTITIES}

    def _roll_back(self, trouble: str) -> None:
        state = checkpoint.load(self.run.checkpoints)
        if state is not None and state.step == self.restored and self._has_older():
            # Wrong again after the same checkpoint: it may be what is wrong.
            checkpoint.rewind(self.run.checkpoints, state.step - 1)
            state = checkpoint.load(self.run.checkpoints)
        if state is None:
            raise Fault(f"{self.run.folder}: {trouble}, and no checkpoint is sound; begin anew")
        easier = self.easier / 2
        if easier < LEAST_RATE:
            raise UserError(
                f"{self.run.folder}: {trouble} at every rate; the run is kept at step {state.step}."
                " Try another recipe, or precision=float32"
            )
        self._restore(state)
        self.easier, self.guard, self.restored = easier, Guard(), state.step
        log.warning(
            "step %d: %s; back to step %d at %g of the rate", self.step, trouble, state.step, easier
        )

    def _has_older(self) -> bool:
        return len(checkpoint.listed(self.run.checkpoints)) > 1

    def _take_less(self, error: Exception) -> None:
        if self.feed.count == 1:
            small = "not even a batch of 1 fits into memory; take a smaller model, or width=.5"
            raise UserError(f"{self.run.folder}: {small}") from error
        self.feed = replace(self.feed, count=self.feed.count // 2)
        log.warning("out of memory; going on with batches of %d", self.feed.count)

    def close(self) -> None:
        """End all threads and files."""
        self.feed.close()
        self.diary.close()


def by_identity(pair: tuple[Batch, Batch]) -> Pair:
    """A pair of batches by whose faces they hold."""
    return dict(zip(IDENTITIES, pair, strict=True))
