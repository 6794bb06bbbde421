"""How many training steps fit into a budget of CPU time?

A budget is in CPU-seconds of the whole process, because wall-clock time also includes other work of
the machine. The cost of a step is measured before the training. So the training gets a fixed number
of steps, and it is the same each time.
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

WARM, TIMED = 3, 12  # steps for compiling, then steps that are timed


def bought(seconds: float, start: float, each: float) -> int:
    """The number of steps that fit into a budget of `seconds`; at least one."""
    return max(1, int((seconds - start) / each))


def cost(owner: Path, performer: Path, chosen: Any) -> tuple[float, float]:
    """CPU-seconds until the first steps of all stages are compiled, and the mean of a later step.

    The mean is weighted by the stages' shares of the training.
    """
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
    """CPU-seconds of `count` steps, whose learning rate is so small that they change little."""
    before = time.process_time()
    for _ in range(count):
        stepper.step(list(islice(stream, stepper.pairs)), 1e-6)
    return time.process_time() - before
