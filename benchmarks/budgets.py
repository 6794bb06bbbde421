"""How many steps does a budget of CPU time buy?

A budget is CPU-seconds of the whole process, because the clock tells of other work too. What a step
costs is measured before, so that a training can be told its steps and is the same each time.
"""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from faceswap_ae.common.errors import UserError
from faceswap_ae.networks.model_interface import IDENTITIES
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.training.build import build_networks, identity_statistics
from faceswap_ae.training.data import face_set
from faceswap_ae.training.recipe import stages_of

WARM, TIMED = 3, 12  # steps: that compile, and that are timed


def bought(seconds: float, start: float, each: float) -> int:
    """Steps for a budget, at least one."""
    return max(1, int((seconds - start) / each))


def cost(owner: Path, performer: Path, chosen: Any) -> tuple[float, float]:
    """CPU-seconds until all stages' first steps are compiled, and the mean of each that follows."""
    if chosen.batch is None:
        raise UserError("batch: the recipe leaves it to the memory; a comparison wants a number")
    load_keras()
    from faceswap_ae.training.data.batches import BatchSource
    from faceswap_ae.training.learner import Learner

    before = time.process_time()
    own = build_networks(chosen)
    size = max(own.size_in, own.size_out)
    face, onto = (face_set.load_face_set(one, chosen.crop, size) for one in (owner, performer))
    sets = face, onto
    feed = BatchSource(sets, chosen.augment, own.size_in, own.size_out, chosen.batch, chosen.seed)
    learner = Learner(chosen, own, identity_statistics(sets, feed, chosen.crop))
    stream = (dict(zip(IDENTITIES, pair, strict=True)) for pair in feed.stream())
    stages, each, timed = stages_of(chosen), 0.0, 0.0
    try:
        for number, stage in enumerate(stages):
            learner.enter(number)
            _steps(learner.stepper, stream, WARM)
            spent = _steps(learner.stepper, stream, TIMED)
            each += spent / TIMED * stage.share / sum(one.share for one in stages)
            timed += spent
    finally:
        feed.close()
    return time.process_time() - before - timed, each


def _steps(stepper: Any, stream: Iterator[Any], count: int) -> float:
    """CPU-seconds of so many steps, which change next to nothing."""
    before = time.process_time()
    for _ in range(count):
        stepper.step(list(islice(stream, stepper.pairs)), 1e-6)
    return time.process_time() - before
