"""How does a run train, step by step (the training loop)?

    1  go on from the newest checkpoint, if there is one
    2  for each step: pairs of batches, and one move of every player
    3  now and then: log, held-out loss, preview, checkpoint
    4  when a stage of the recipe is over: checkpoint, preview, and the next stage
    5  at the end, or when stopped: a checkpoint and a preview

What the loop changes is in session.py; what happens when something goes wrong in recovery.py.
"""

import logging
import shutil
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import is_out_of_memory
from faceswap_ae.common.interrupts import StopRequest, stoppable
from faceswap_ae.common.quantities import format_bytes
from faceswap_ae.networks.model_interface import FACE, IDENTITIES
from faceswap_ae.training.data.batches import Batch
from faceswap_ae.training.logger import StepStatus
from faceswap_ae.training.recipe import FullRecipe
from faceswap_ae.training.recovery import roll_back, shrink_batch
from faceswap_ae.training.runs import checkpoint, manifest, tensor_file
from faceswap_ae.training.session import TrainingSession
from faceswap_ae.training.stages import StagePosition, format_stage, is_stage_over

FEW_CODES = 64  # faces of each identity that the preview's alignment of codes is computed from
SPOILT = "a weight is no number"

log = logging.getLogger(__name__)


@dataclass
class Timers:
    """Is it time for what happens now and then?"""

    recipe: FullRecipe
    last: dict[str, float] = field(default_factory=dict)

    def passed(self) -> float:
        """Seconds since the last call."""
        now = time.monotonic()
        before = self.last.get("step", now)
        self.last["step"] = now
        return now - before

    def is_time(self, what: Literal["preview", "save"]) -> bool:
        """Have the recipe's seconds between two of them passed?"""
        now = time.monotonic()
        recipe = self.recipe
        every = {"preview": recipe.preview_seconds, "save": 60 * recipe.save_minutes}[what]
        if now - self.last.setdefault(what, now) < every:
            return False
        self.last[what] = now
        return True


@dataclass
class TrainingLoop:
    """Trains a session until its budget is over."""

    session: TrainingSession
    restored: int = -1  # the step of the last roll-back
    stop: StopRequest = field(default_factory=StopRequest)

    def resume(self) -> None:
        """Go on from the newest checkpoint; a new run makes sure that two will fit on the disk."""
        session, folder = self.session, self.session.run.checkpoints
        several = len(session.stages) > 1
        state = checkpoint.load(folder)
        if state is not None:
            checkpoint.rewind(folder, state.step)
            session.restore(state)
            told = f"going on from step {state.step:,}"
            if session.progress >= 1:
                told = f"its training is over at step {state.step:,}; more minutes or steps go on"
            log.info("%s: %s", session.run.name, told)
            if several and session.place.number == len(session.stages) - 1:
                last = "it is in its last stage (%s), which all that is left goes to"
                log.info(last, session.stages[-1].name)
        session.logger.begin(session.step)
        if state is None:
            size = sum(map(tensor_file.size, session.state().arrays.values()))
            checkpoint.check_room(folder, size)
            more = ", to begin with" if several else ""
            log.info("a checkpoint takes %s%s; the newest two are kept", format_bytes(size), more)
            session.save()
        elif session.progress >= 1 and not self._is_shown():
            self.look()

    def _is_shown(self) -> bool:
        """Was the preview drawn after the newest checkpoint? A kill may have come between them."""
        run = self.session.run
        saved = manifest.list_manifests(run.checkpoints, manifest.CHECKPOINT)
        if not run.preview.exists() or not saved:
            return False
        return run.preview.stat().st_mtime_ns >= saved[0].stat().st_mtime_ns

    def run(self) -> None:
        """Train until the budget is over, or the session's share of it."""
        session = self.session
        begun = session.step
        with stoppable() as self.stop:
            try:
                while not self._is_done():
                    stream = session.feed.stream(session.step * session.learner.stepper.pairs)
                    try:
                        self._follow(stream)
                    finally:
                        stream.close()
            finally:
                # Done or stopped, what was learnt is kept.
                sound = session.guard.sound and session.whole
                if session.step > begun and sound and session.save():
                    self.look()
        if session.progress < 1:
            over = "this session is over at step %s; the same command goes on with the run"
            log.info(over, f"{session.step:,}")

    def look(self) -> None:
        """Measure on the faces never trained on, and draw the preview."""
        session = self.session
        share = session.job.recipe.align
        align = session.alignments(FEW_CODES)[FACE].part(share) if share else None
        session.logger.look(session.step, session.own, session.held, align)

    def _is_done(self) -> bool:
        most = self.session.job.recipe.session_minutes
        over = most is not None and self.session.spent >= 60 * most
        return self.session.progress >= 1 or over

    def _follow(self, stream: Generator[tuple[Batch, Batch]]) -> None:
        """Step after step, until the stage or the budget is over, or something goes wrong."""
        session, timers = self.session, Timers(self.session.job.recipe)
        stepper = session.learner.stepper
        while not self._is_done():
            pairs = [dict(zip(IDENTITIES, next(stream), strict=True)) for _ in range(stepper.pairs)]
            try:
                terms = stepper.step(pairs, session.rate)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                shrink_batch(session, error)
                return
            session.count(timers.passed())
            trouble = session.guard.trouble(terms)
            if trouble is None and timers.is_time("save") and not session.save():
                trouble = SPOILT
            if trouble is not None:
                self.restored = roll_back(session, trouble, self.restored)
                return
            self._note(terms)
            if timers.is_time("preview"):
                self.look()
            self.stop.heed()
            if self._stage_is_over():
                del stepper  # two of them would take twice the memory
                self._next_stage()
                return

    def _note(self, terms: Mapping[str, float]) -> None:
        session = self.session
        done = session.progress
        left = None if done == 0 else session.seconds * (1 / done - 1)
        faces = 2 * session.feed.count * session.learner.stepper.pairs
        stage = format_stage(session.stages, session.place.number)
        status = StepStatus(session.step, done, left, faces, stage)
        session.logger.note(status, terms, session.rate)

    def _stage_is_over(self) -> bool:
        session = self.session
        now = StagePosition(session.place.number, session.step, session.seconds)
        return session.guard.calm and is_stage_over(
            session.stages, session.place, session.job.budget, now, session.logger.measured
        )

    def _next_stage(self) -> None:
        """Keep what was learnt, show it, and go on in the next stage."""
        session = self.session
        if not session.save():
            self.restored = roll_back(session, SPOILT, self.restored)
            return
        self.look()
        before, number = session.place.number, session.place.number + 1
        with replacing(session.run.ended(session.stages[before].name, before)) as part:
            shutil.copyfile(session.run.preview, part)
        if session.stages[number].keep:
            checkpoint.snapshot(session.run.checkpoints, session.state())
        session.enter_stage(number)
        session.save()
        stage = format_stage(session.stages, number)
        log.info("step %s: %s begins", f"{session.step:,}", stage)
