"""What is the state of a run while it trains (the session), and how is it saved and restored?

The state is the networks with all that trains them, the source of batches, and the position: step,
seconds, stage. A checkpoint keeps the weights and the optimisers' slots as arrays; all the rest are
`SessionFacts`, as JSON in its manifest.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np

from faceswap_ae.common.errors import Fault
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.networks import code_alignment
from faceswap_ae.networks.model_interface import FACE, IDENTITIES, ONTO, Identity, Networks
from faceswap_ae.runtime import memory
from faceswap_ae.training.build import identity_statistics
from faceswap_ae.training.data import face_set
from faceswap_ae.training.data.batches import BatchSource
from faceswap_ae.training.data.face_set import FaceSet
from faceswap_ae.training.divergence import DivergenceGuard
from faceswap_ae.training.learner import Learner
from faceswap_ae.training.logger import StepListener, TrainingLogger
from faceswap_ae.training.plateau import HeldOutLoss
from faceswap_ae.training.preview import PreviewNames
from faceswap_ae.training.recipe import Job, stages_of
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs.checkpoint import WEIGHTS, TrainingState
from faceswap_ae.training.runs.lock import RunLock
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.stages import StagePosition, TrainingStage

MOST_CODES = 512  # faces of each identity that the saved alignment of codes is computed from


def trained_so_far(run: Run) -> tuple[int, float]:
    """Return the steps and the seconds of training that a run's newest checkpoint has."""
    saved = checkpoint.listed(run.checkpoints)
    return (saved[0].step, SessionFacts.from_json(saved[0].facts).seconds) if saved else (0, 0.0)


@dataclass(frozen=True)
class SessionFacts:
    """What a checkpoint keeps beside arrays. Old checkpoints may lack some of it."""

    seconds: float = 0.0  # of training, all sessions together
    stage: StagePosition = field(default_factory=StagePosition)  # where the run entered its stage
    rate_factor: float = 1.0  # times the recipe's learning rate
    batch: int | None = None  # faces of each identity in a step
    measured: tuple[HeldOutLoss, ...] = ()
    held: Mapping[str, Sequence[str]] = field(default_factory=dict)  # ids held out, by name
    faces: Mapping[str, str] = field(default_factory=dict)  # fingerprints of the sets, by name
    crop: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the manifest of a checkpoint keeps it."""
        return {
            "seconds": self.seconds,
            "stage": asdict(self.stage),
            "easier": self.rate_factor,
            "batch": self.batch,
            "measured": [[one.step, one.loss] for one in self.measured],
            "held": {name: list(ids) for name, ids in self.held.items()},
            "faces": dict(self.faces),
            "crop": self.crop,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """What a manifest kept. Raises Fault where it is damaged."""
        try:
            return cls._read(JsonFields(dict(facts)))
        except ValueError as error:
            raise Fault(f"facts of a checkpoint are damaged ({error})") from error

    @classmethod
    def _read(cls, told: JsonFields) -> Self:
        stage = told.inner("stage")
        where = stage.whole("number", 0), stage.whole("step", 0), stage.number("seconds", 0.0)
        held, faces = told.inner("held"), told.inner("faces")
        return cls(
            told.number("seconds", 0.0, least=0),
            StagePosition(*where),
            told.number("easier", 1.0, least=0),
            told.whole("batch", least=1) if told.has("batch") else None,
            tuple(map(_measured, told.items("measured") if told.has("measured") else ())),
            {name: list(map(str, held.items(name))) for name in held},
            {name: faces.text(name) for name in faces},
            told.text("crop", ""),
        )


def _measured(pair: object) -> HeldOutLoss:
    match pair:
        case [int(step), float(loss)]:
            return HeldOutLoss(step, loss)
    raise ValueError("measured: has a pair that is no step and loss")


@dataclass
class TrainingSession:
    """The state of a run, from its newest checkpoint on."""

    job: Job
    run: Run
    own: Networks
    sets: tuple[FaceSet, FaceSet]
    listener: StepListener
    lock: RunLock
    devices: int = 1  # that share a batch
    step: int = 0
    seconds: float = 0.0  # of training, all sessions together
    spent: float = 0.0  # of them, in this one
    place: StagePosition = field(default_factory=StagePosition)  # where it entered its stage
    rate_factor: float = 1.0  # times the recipe's learning rate: halved when something went wrong
    whole: bool = True  # False while the stage changes: such a state must not be saved
    guard: DivergenceGuard = field(default_factory=DivergenceGuard)

    def __post_init__(self) -> None:
        recipe, own = self.job.recipe, self.own
        wanted = recipe.batch or self.devices * memory.likely_batch(own.parts.values())
        batch = self.shared(int(wanted))
        self.feed = BatchSource(
            self.sets, recipe.augment, own.size_in, own.size_out, batch, recipe.seed
        )
        known = identity_statistics(self.sets, self.feed, recipe.crop)
        self.learner = Learner(recipe, own, known)
        self._use_augmentation()
        names = PreviewNames(*(one.name for one in self.sets))
        gallery = self.feed.gallery(FACE), self.feed.gallery(ONTO)
        masked = getattr(recipe.training, "masked", False)
        self.logger = TrainingLogger(self.run, names, gallery, self.listener, masked=masked)
        self.held = {identity: self.feed.held_out(identity) for identity in IDENTITIES}

    @property
    def progress(self) -> float:
        """The share of the budget that is used up."""
        return self.job.budget.progress(self.step, self.seconds)

    @property
    def stages(self) -> tuple[TrainingStage, ...]:
        """The stages of the recipe."""
        return stages_of(self.job.recipe)

    @property
    def rate(self) -> float:
        """The learning rate of this step."""
        optimiser = self.learner.stage_recipe.optimiser
        return float(optimiser.at(self.step, self.progress) * self.rate_factor)

    def shared(self, count: int) -> int:
        """The batch nearest below `count` of which all devices get an equal share."""
        return max(count // self.devices, 1) * self.devices

    def count(self, seconds: float) -> None:
        """One more step was made, in so many seconds."""
        self.step += 1
        self.seconds += seconds
        self.spent += seconds

    def use_batch(self, count: int) -> None:
        """From the next step on, so many faces of each identity."""
        self.feed = replace(self.feed, count=self.shared(count))

    def enter_stage(self, number: int) -> None:
        """Go on in another stage with all that was learnt."""
        with self._changing():
            self.learner.change(number)
            self.place = StagePosition(number, self.step, self.seconds)
        self._begin_stage()
        self.guard = DivergenceGuard()

    def alignments(self, most: int = MOST_CODES) -> dict[Identity, code_alignment.Alignment]:
        """How codes are brought to each identity, by at most so many faces of each."""
        faces = {identity: list(self.feed.plain(identity, most)) for identity in IDENTITIES}
        return {to: code_alignment.alignment(self.own, faces, to) for to in IDENTITIES}

    def save(self) -> bool:
        """Write a checkpoint, unless the loss is rising; False where weights are not finite."""
        self.lock.check()
        if not self.guard.calm:
            return True
        state = self.state()
        if not all(np.isfinite(array).all() for array in state.arrays[WEIGHTS].values()):
            return False
        checkpoint.save(self.run.checkpoints, state)
        return True

    def state(self) -> TrainingState:
        """All that a checkpoint keeps."""
        codes = code_alignment.alignments_to_arrays(self.alignments())
        facts = SessionFacts(
            self.seconds,
            self.place,
            self.rate_factor,
            self.feed.count,
            tuple(self.logger.measured),
            {one.name: [one.ids[place] for place in one.held] for one in self.sets},
            {one.name: one.fingerprint for one in self.sets},
            self.job.recipe.crop,
        )
        return TrainingState(self.step, {**self.learner.arrays(), "codes": codes}, facts.to_json())

    def restore(self, state: TrainingState) -> None:
        """Go on from a checkpoint."""
        facts = SessionFacts.from_json(state.facts)
        self.place = facts.stage
        if self.place.number >= len(stages_of(self.job.recipe)):
            raise Fault(f"{self.run.folder}: its checkpoint is of stage {self.place.number + 1}")
        with self._changing():
            # The stage is built anew even if the run is in it: a light pack has no optimiser
            # slots, and those that are here may be spoilt.
            self.learner.enter(self.place.number)
            self.learner.restore(state.arrays, str(self.run.folder))
        face_set.warn_of_changes(self.sets, facts.faces)
        self.step, self.seconds = state.step, facts.seconds
        self.rate_factor = facts.rate_factor
        # The batch stays as it was, whatever memory is free today: what did not fit will not now.
        self.use_batch(facts.batch or self.feed.count)
        self._begin_stage()
        self.logger.measured = list(facts.measured)

    def close(self) -> None:
        """End all threads and close all files."""
        self.feed.close()
        self.logger.close()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """If the block is interrupted, the state is half one thing and half another."""
        self.whole = False
        yield
        self.whole = True

    def _begin_stage(self) -> None:
        self._use_augmentation()
        is_last = self.place.number == len(self.stages) - 1
        self.logger.stage(self.place.step, is_last=is_last)

    def _use_augmentation(self) -> None:
        self.feed = replace(self.feed, augmentation=self.learner.stage_recipe.augment)
