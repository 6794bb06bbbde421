"""How does a run learn, step by step, without losing anything?

    1  both folders' faces, the networks, and what an earlier session left
    2  for each step: pairs of batches, a move of every player
    3  now and then: log, held-out loss, preview, checkpoint
    4  at the end, or when stopped: a checkpoint and a preview

A loss that is no number, or that stays far above what it was, brings back the last checkpoint at
half the rate; memory that runs out halves the batch.
"""

import logging
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from faceswap_ae import checkpoint, codes, disk, faceset, game, memory, runs, tensors
from faceswap_ae.budget import Budget
from faceswap_ae.checkpoint import State
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
    own = game.networks(job.plan)
    sets = _sets(job, max(own.size_in, own.size_out))
    run = _begun(job, sets)
    training = _Training(job, run, sets, told)
    try:
        training.resume()
        training.go()
    finally:
        training.close()
    return run


def _sets(job: Job, size: int) -> tuple[FaceSet, FaceSet]:
    face, onto = (faceset.load(folder, job.plan.crop, size) for folder in (job.face, job.onto))
    faceset.compare(face, onto)
    return face, onto


def _begun(job: Job, sets: tuple[FaceSet, FaceSet]) -> runs.Run:
    face, onto = (one.name for one in sets)
    facts = runs.Facts(face, onto, job.plan.model, job.plan.trainer, job.plan.crop)
    if job.fork is not None and not runs.Run(job.run).card.exists():
        return runs.fork(runs.Run(job.fork), job.run, job.plan, facts)
    return runs.begin(job.run, job.plan, facts, FREE)


@dataclass
class _Training:
    """A session of a run."""

    job: Job
    run: runs.Run
    sets: tuple[FaceSet, FaceSet]
    told: Told
    step: int = 0
    seconds: float = 0.0  # of training, all sessions together
    easier: float = 1.0  # times the plan's rate: halved when something went wrong
    guard: Guard = field(default_factory=Guard)

    def __post_init__(self) -> None:
        plan = self.job.plan
        own = game.networks(plan)
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

    def resume(self) -> None:
        """Go on from the newest checkpoint; a new run makes sure that two will fit."""
        state = checkpoint.load(self.run.checkpoints)
        if state is not None:
            checkpoint.rewind(self.run.checkpoints, state.step)
            self._restore(state)
        self.diary.begin(self.step)
        if state is None:
            size = sum(map(tensors.size, self._state().arrays.values()))
            checkpoint.check_room(self.run.checkpoints, size)
            log.info("a checkpoint takes %s; the newest two are kept", disk.told(size))
            self.save()

    def go(self) -> None:
        """Train until the budget is over."""
        saved = self.step
        try:
            while self.progress < 1:
                stream = self.feed.stream(self.step * self.stepper.pairs)
                try:
                    self._follow(stream)
                finally:
                    stream.close()
        finally:
            # Done or stopped, what was learnt is kept; with a loss that is no number it is not.
            if self.step > saved and self.guard.sound:
                self.save()
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
            if trouble is not None:
                self._roll_back(trouble)
                return
            self._note(terms)
            if timers.is_time("preview"):
                self.look()
            if timers.is_time("save"):
                self.save()

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
        align = self._alignments(LITTLE)[FACE]
        self.diary.look(self.step, self.game.networks, self.held, align)

    def save(self) -> None:
        """Write a checkpoint."""
        checkpoint.save(self.run.checkpoints, self._state())

    def _state(self) -> State:
        arrays = {
            "weights": arrays_of(self.game.variables),
            "optimiser": arrays_of(self.stepper.variables),
            "codes": codes.told(self._alignments(CODED)),
        }
        facts = {
            "seconds": self.seconds,
            "easier": self.easier,
            "batch": self.feed.count,
            "measured": self.diary.facts(),
            "faces": {one.name: one.fingerprint for one in self.sets},
            "crop": self.job.plan.crop,
        }
        return State(self.step, arrays, facts)

    def _restore(self, state: State) -> None:
        assign(self.game.variables, state.arrays["weights"], str(self.run.folder))
        if "optimiser" in state.arrays:  # a fork brings weights only
            assign(self.stepper.variables, state.arrays["optimiser"], str(self.run.folder))
        self._compare(state.facts.get("faces", {}))
        self.step = state.step
        self.seconds = float(state.facts.get("seconds", 0.0))
        self.easier = float(state.facts.get("easier", 1.0))
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
        if state is None:
            raise Fault(f"{self.run.folder}: {trouble}, and no checkpoint is sound; begin anew")
        easier = self.easier / 2
        if easier < LEAST_RATE:
            raise UserError(
                f"{self.run.folder}: {trouble} at every rate; the run is kept at step {state.step}."
                " Try another recipe, or precision=float32"
            )
        self._restore(state)
        self.easier, self.guard = easier, Guard()
        log.warning(
            "step %d: %s; back to step %d at %g of the rate", self.step, trouble, state.step, easier
        )

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


@dataclass
class Timers:
    """What comes round now and then."""

    plan: Any
    last: dict[str, float] = field(default_factory=dict)

    def passed(self) -> float:
        """Seconds since the last call."""
        now = time.monotonic()
        before = self.last.get("step", now)
        self.last["step"] = now
        return now - before

    def is_time(self, what: Literal["preview", "save"]) -> bool:
        """Has the plan's time for it come?"""
        now = time.monotonic()
        every = {"preview": self.plan.preview_seconds, "save": 60 * self.plan.save_minutes}[what]
        if now - self.last.setdefault(what, now) < every:
            return False
        self.last[what] = now
        return True


def by_identity(pair: tuple[Batch, Batch]) -> Pair:
    """A pair of batches by whose faces they hold."""
    return dict(zip(IDENTITIES, pair, strict=True))
