"""How does a run learn, step by step, without losing anything?

    1  both folders' faces, the networks, and what an earlier session left
    2  for each step: pairs of batches, a move of every player
    3  now and then: log, held-out loss, preview, checkpoint
    4  when a stage of the recipe is over: checkpoint, preview, and the next one
    5  at the end, or when stopped: a checkpoint and a preview

A loss that is no number, or that stays far above what it was, brings back the last checkpoint at
half the rate; memory that runs out halves the batch.
"""

import logging
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.common.interrupts import StopRequest, stoppable
from faceswap_ae.common.quantities import format_bytes
from faceswap_ae.networks import code_alignment
from faceswap_ae.networks.model_interface import FACE, IDENTITIES, Identity, Networks
from faceswap_ae.runtime import memory
from faceswap_ae.training import schedule
from faceswap_ae.training.build import identity_statistics
from faceswap_ae.training.data import face_set
from faceswap_ae.training.data.batches import Batch, BatchSource
from faceswap_ae.training.data.face_set import FaceSet
from faceswap_ae.training.divergence import DivergenceGuard
from faceswap_ae.training.learner import Learner
from faceswap_ae.training.logger import StepReport, StepStatus, TrainingLogger
from faceswap_ae.training.preview import PreviewNames
from faceswap_ae.training.recipe import Job, stages_of
from faceswap_ae.training.runs import checkpoint, tensor_file
from faceswap_ae.training.runs.checkpoint import WEIGHTS, TrainingState
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.schedule import StagePosition
from faceswap_ae.training.stepper import is_out_of_memory

CODED, LITTLE = 512, 64  # faces of each identity that codes are lined up by: to keep, to look
LEAST_RATE = 1 / 64  # of the plan's rate, below which nothing is to be hoped for

log = logging.getLogger(__name__)

Told = Callable[[StepReport], None]


@dataclass
class TrainingLoop:
    """A run in a session, from where it is."""

    job: Job
    run: Run
    own: Networks
    sets: tuple[FaceSet, FaceSet]
    told: Told
    devices: int = 1  # that share a batch
    step: int = 0
    seconds: float = 0.0  # of training, all sessions together
    spent: float = 0.0  # of them, in this one
    place: StagePosition = field(default_factory=StagePosition)  # where it entered its stage
    easier: float = 1.0  # times the plan's rate: halved when something went wrong
    restored: int = -1  # the step that was gone back to
    whole: bool = True  # False while what was learnt changes hands
    guard: DivergenceGuard = field(default_factory=DivergenceGuard)
    stop: StopRequest = field(default_factory=StopRequest)

    def __post_init__(self) -> None:
        plan, own = self.job.plan, self.own
        self.feed = BatchSource(
            self.sets, plan.augment, own.size_in, own.size_out, self._batch(own), plan.seed
        )
        self.learner = Learner(plan, own, identity_statistics(self.sets, self.feed, plan.crop))
        self._feed_stage()
        names = PreviewNames(*(one.name for one in self.sets))
        self.diary = TrainingLogger(
            self.run, names, self.told, masked=getattr(plan.training, "masked", False)
        )
        self.held = {identity: self.feed.held_out(identity) for identity in IDENTITIES}

    def _batch(self, own: Networks) -> int:
        wanted = self.job.plan.batch or self.devices * memory.likely_batch(own.parts.values())
        return self._shared(int(wanted))

    def _shared(self, count: int) -> int:
        """A batch that all devices have an equal share of."""
        return max(count // self.devices, 1) * self.devices

    @property
    def progress(self) -> float:
        """How much of the budget is over."""
        return self.job.budget.progress(self.step, self.seconds)

    @property
    def stages(self) -> tuple[schedule.TrainingStage, ...]:
        return stages_of(self.job.plan)

    def resume(self) -> None:
        """Go on from the newest checkpoint; a new run makes sure that two will fit."""
        state = checkpoint.load(self.run.checkpoints)
        if state is not None:
            checkpoint.rewind(self.run.checkpoints, state.step)
            self._restore(state)
            log.info("%s: going on from step %s", self.run.name, f"{state.step:,}")
            if len(self.stages) > 1 and self.place.number == len(self.stages) - 1:
                last = "it is in its last stage (%s), which all that is left goes to"
                log.info(last, self.stages[-1].name)
        self.diary.begin(self.step)
        if state is None:
            size = sum(map(tensor_file.size, self._state().arrays.values()))
            checkpoint.check_room(self.run.checkpoints, size)
            more = ", to begin with" if len(self.stages) > 1 else ""
            log.info("a checkpoint takes %s%s; the newest two are kept", format_bytes(size), more)
            self.save()

    def go(self) -> None:
        """Train until the budget is over, or the session's share of it."""
        begun = self.step
        with stoppable() as self.stop:
            try:
                while not self._is_done():
                    stream = self.feed.stream(self.step * self.learner.stepper.pairs)
                    try:
                        self._follow(stream)
                    finally:
                        stream.close()
            finally:
                # Done or stopped, what was learnt is kept.
                if self.step > begun and self.guard.sound and self.whole and self.save():
                    self.look()
        if self.progress < 1:
            over = "this session is over at step %s; the same command goes on with the run"
            log.info(over, f"{self.step:,}")

    def _is_done(self) -> bool:
        most = self.job.plan.session_minutes
        return self.progress >= 1 or (most is not None and self.spent >= 60 * most)

    def _follow(self, stream: Generator[tuple[Batch, Batch]]) -> None:
        """Step after step, until the stage or the budget is over, or something goes wrong."""
        timers = Timers(self.job.plan)
        stepper = self.learner.stepper
        while not self._is_done():
            pairs = [dict(zip(IDENTITIES, next(stream), strict=True)) for _ in range(stepper.pairs)]
            try:
                terms = stepper.step(pairs, self._rate())
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._take_less(error)
                return
            self._count(timers.passed())
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
            if self._stage_is_over():
                del stepper  # two of them would be twice the memory
                self._next_stage()
                return

    def _count(self, seconds: float) -> None:
        self.step += 1
        self.seconds += seconds
        self.spent += seconds

    def _stage_is_over(self) -> bool:
        now = StagePosition(self.place.number, self.step, self.seconds)
        return self.guard.calm and schedule.is_stage_over(
            self.stages, self.place, self.job.budget, now, self.diary.measured
        )

    def _next_stage(self) -> None:
        """Keep what was learnt, show it, and go on in the next stage."""
        if not self.save():
            self._roll_back("a weight is no number")
            return
        self.look()
        before, number = self.place.number, self.place.number + 1
        with replacing(self.run.ended(self.stages[before].name, before)) as part:
            shutil.copyfile(self.run.preview, part)
        if self.stages[number].keep:
            checkpoint.snapshot(self.run.checkpoints, self._state())
        with self._unsaved():
            self.learner.change(number)
            self.place = StagePosition(number, self.step, self.seconds)
        self._begin_stage()
        self.guard = DivergenceGuard()
        self.save()
        log.info("step %s: %s begins", f"{self.step:,}", schedule.format_stage(self.stages, number))

    @contextmanager
    def _unsaved(self) -> Iterator[None]:
        """Whatever stops the block: what there is then is nothing to be kept."""
        self.whole = False
        yield
        self.whole = True

    def _begin_stage(self) -> None:
        self._feed_stage()
        is_last = self.place.number == len(self.stages) - 1
        self.diary.stage(self.place.step, is_last=is_last)

    def _feed_stage(self) -> None:
        self.feed = replace(self.feed, augmentation=self.learner.plan.augment)

    def _rate(self) -> float:
        return float(self.learner.plan.optimiser.at(self.step, self.progress) * self.easier)

    def _note(self, terms: Mapping[str, float]) -> None:
        left = None if self.progress == 0 else self.seconds * (1 / self.progress - 1)
        faces = 2 * self.feed.count * self.learner.stepper.pairs
        stage = schedule.format_stage(self.stages, self.place.number)
        moment = StepStatus(self.step, self.progress, left, faces, stage)
        self.diary.note(moment, terms, self._rate())

    def look(self) -> None:
        """Measure on the faces never trained on, and draw the preview."""
        share = self.job.plan.align
        align = self._alignments(LITTLE)[FACE].part(share) if share else None
        self.diary.look(self.step, self.own, self.held, align)

    def save(self) -> bool:
        """Write a checkpoint, unless something is going wrong; False where weights are spoilt."""
        if not self.guard.calm:
            return True
        state = self._state()
        if not all(np.isfinite(array).all() for array in state.arrays[WEIGHTS].values()):
            return False
        checkpoint.save(self.run.checkpoints, state)
        return True

    def _state(self) -> TrainingState:
        arrays = {
            **self.learner.arrays(),
            "codes": code_alignment.alignments_to_arrays(self._alignments(CODED)),
        }
        facts = {
            "seconds": self.seconds,
            "stage": asdict(self.place),
            "easier": self.easier,
            "batch": self.feed.count,
            "measured": self.diary.facts(),
            "held": {one.name: [one.ids[place] for place in one.held] for one in self.sets},
            "faces": {one.name: one.fingerprint for one in self.sets},
            "crop": self.job.plan.crop,
        }
        return TrainingState(self.step, arrays, facts)

    def _restore(self, state: TrainingState) -> None:
        self.place = StagePosition(**state.facts.get("stage", {}))
        with self._unsaved():
            # Anew even if it is in it: a light pack has no moments, and these may be spoilt.
            self.learner.enter(self.place.number)
            self.learner.restore(state.arrays, str(self.run.folder))
        face_set.warn_of_changes(self.sets, state.facts.get("faces", {}))
        self.step = state.step
        self.seconds = float(state.facts.get("seconds", 0.0))
        self.easier = float(state.facts.get("easier", 1.0))
        # As it was, whatever memory is free today: what did not fit once will not fit now.
        self.feed = replace(
            self.feed, count=self._shared(int(state.facts.get("batch", self.feed.count)))
        )
        self._begin_stage()
        self.diary.remember(state.facts.get("measured", []))

    def _alignments(self, most: int) -> dict[Identity, code_alignment.Alignment]:
        faces = {identity: list(self.feed.plain(identity, most)) for identity in IDENTITIES}
        return {to: code_alignment.alignment(self.own, faces, to) for to in IDENTITIES}

    def _roll_back(self, trouble: str) -> None:
        state = checkpoint.load(self.run.checkpoints)
        several = len(checkpoint.listed(self.run.checkpoints)) > 1
        if state is not None and state.step == self.restored and several:
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
        self.easier, self.guard, self.restored = easier, DivergenceGuard(), state.step
        log.warning(
            "step %d: %s; back to step %d at %g of the rate", self.step, trouble, state.step, easier
        )

    def _take_less(self, error: Exception) -> None:
        if self.feed.count == self.devices:
            small = "not even a batch of 1 fits into memory; take a smaller model, or width=.5"
            raise UserError(f"{self.run.folder}: {small}") from error
        self.feed = replace(self.feed, count=self._shared(self.feed.count // 2))
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
