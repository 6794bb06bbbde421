"""What is written down of a training while it runs, and what is a person told?

Losses go into the log and TensorBoard's events as means over the steps between; now and then the
networks are measured on faces never trained on, and their preview is drawn.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from faceswap_ae.common.quantities import format_duration
from faceswap_ae.media import images
from faceswap_ae.networks.code_alignment import Alignment
from faceswap_ae.networks.model_interface import IDENTITIES, Identity, Networks
from faceswap_ae.runtime import memory
from faceswap_ae.training import plateau
from faceswap_ae.training.data.batches import Batch
from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.pixel import softened
from faceswap_ae.training.plateau import HeldOutLoss
from faceswap_ae.training.preview import PreviewNames, draw_preview, unlike_rows
from faceswap_ae.training.runs.metric_log import MetricLog, MetricRow
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.runs.tensorboard import EventWriter

NOTE_EVERY = 2.0  # seconds between rows of the log
LOT = 8  # faces measured at a time: what a training batch leaves room for
SHOWN = 6  # faces in the preview
HELD = "held-out"

StepListener = Callable[["StepReport"], None]


@dataclass(frozen=True)
class StepStatus:
    """Where a training is."""

    step: int
    progress: float  # of the budget
    left: float | None  # seconds, as it looks now
    faces: int  # that a step takes
    stage: str = ""  # stages.format_stage


@dataclass(frozen=True)
class StepReport:
    """What a person is told now and then."""

    moment: StepStatus
    losses: Mapping[str, float]
    faces_per_second: float
    memory: int  # bytes, the most so far
    state: str  # plateau.format_verdict

    @property
    def words(self) -> str:
        """One line."""
        moment, loss = self.moment, sum(self.losses.values())
        stage = f"{moment.stage}, " if moment.stage else ""
        left = "" if moment.left is None else f", {format_duration(moment.left)} left"
        speed = f"{self.faces_per_second:.0f} faces/s{left}, {self.memory / 2**30:.1f} GiB"
        return f"{stage}step {moment.step:,}, loss {loss:.4f}, {speed}; {self.state}"


class TrainingLogger:
    """Keeps the files open, and what was measured since the last row."""

    def __init__(
        self,
        run: Run,
        names: PreviewNames,
        gallery: tuple[Batch, Batch],  # faces of both people for previews
        listener: StepListener,
        *,
        masked: bool = False,
    ) -> None:
        self.gallery = gallery
        self.run, self.names, self.listener, self.masked = run, names, listener, masked
        self._stage_from, self._is_last = -1, True
        self.measured: list[HeldOutLoss] = []
        self._sums: dict[str, float] = defaultdict(float)
        self._steps = 0
        self._since = time.monotonic()
        self._noted = MetricRow(-1, {})  # the last row

    def begin(self, step: int) -> None:
        """A session begins or goes on at a step."""
        self._history = MetricLog(self.run.log, step)
        self._events = EventWriter(self.run.events, step)
        self._since = time.monotonic()

    def stage(self, step: int, *, is_last: bool) -> None:
        """A stage began at a step: what was gained before says nothing of it."""
        self._stage_from, self._is_last = step, is_last
        self._sums.clear()
        self._steps = 0

    @property
    def state(self) -> str:
        """Is it still worth its time?"""
        own = [one for one in self.measured if one.step > self._stage_from]
        return plateau.format_verdict(own, is_last=self._is_last)

    def note(self, moment: StepStatus, terms: Mapping[str, float], rate: float) -> None:
        """A step was made."""
        for name, term in terms.items():
            self._sums[name] += term
        self._steps += 1
        spent = time.monotonic() - self._since
        if spent < NOTE_EVERY and moment.progress < 1:
            return
        means = {name: total / self._steps for name, total in self._sums.items()}
        now, peak = time.time(), memory.peak_bytes()
        self._noted = MetricRow(moment.step, means, {"all": rate}, peak, now, moment.stage)
        self._history.add(self._noted)
        self._events.scalars(moment.step, {**means, "rate": rate}, now)
        speed = moment.faces * self._steps / max(spent, 1e-6)
        self.listener(StepReport(moment, means, speed, peak, self.state))
        self._sums.clear()
        self._steps, self._since = 0, time.monotonic()

    def look(
        self,
        step: int,
        networks: Networks,
        held: Mapping[Identity, Batch],
        align: Alignment | None,
    ) -> None:
        """Measure and draw."""
        found = {
            identity: held_out_loss(networks, held[identity], identity, masked=self.masked)
            for identity in IDENTITIES
        }
        loss = float(np.mean(list(found.values())))
        self.measured.append(HeldOutLoss(step, loss))
        now = time.time()
        named = {f"{HELD}/{name}": value for name, value in found.items()}
        # A step has one row, and the last word counts.
        noted = self._noted if self._noted.step == step else MetricRow(step, {})
        self._history.add(replace(noted, losses={**noted.losses, **named}, time=now))
        self._events.scalars(step, named, now)
        owner, faces = self.gallery
        shown = faces.some(unlike_rows(faces.landmarks, SHOWN))
        picture = draw_preview(networks, shown, owner, align, self.names)
        images.write(self.run.preview, picture)
        self._events.image(step, "preview", picture, now)

    def close(self) -> None:
        """Nothing more is written."""
        if hasattr(self, "_events"):
            self._events.close()


def held_out_loss(
    networks: Networks, held: Batch, identity: Identity, *, masked: bool = False
) -> float:
    """How far reconstructions of held-out faces are from them: mean error and structure alike.

    `masked` where nothing but the face is trained, so that nothing else counts.
    """
    total = 0.0
    for first in range(0, len(held.target), LOT):
        some = held.some(np.arange(first, min(first + LOT, len(held.target))))
        made = networks.reconstruct(some.warped, identity).face
        soft = softened(some.mask) if masked else 1.0
        target, made = some.target * soft, made * soft
        far = pixel.mae(target, made, 0.3 + 0.7 * some.mask)
        total += len(some.target) * (float(far) + float(pixel.dssim(target, made)) / 2)
    return total / len(held.target)
