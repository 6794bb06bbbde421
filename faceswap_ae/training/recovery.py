"""What does training do when the loss diverges, or when memory runs out?

A loss that is not finite, or that stays far above what it was, brings back the last checkpoint at
half the learning rate. Memory that runs out halves the batch.
"""

import logging

from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.training.divergence import DivergenceGuard
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.session import TrainingSession

LEAST_RATE = 1 / 64  # of the recipe's learning rate, below which there is no hope

log = logging.getLogger(__name__)


def shrink_batch(session: TrainingSession, error: Exception) -> None:
    """Halve the batch after memory ran out. Raises UserError where it cannot be halved."""
    count = session.feed.count
    if count == session.devices:
        small = "not even a batch of 1 fits into memory; take a smaller model, or width=.5"
        raise UserError(f"{session.run.folder}: {small}") from error
    session.use_batch(count // 2)
    log.warning("out of memory; going on with batches of %d", session.feed.count)


def roll_back(session: TrainingSession, trouble: str, restored: int) -> int:
    """Go back to the last checkpoint at half the rate; its step.

    `restored` is the step of the last roll-back, or -1.
    """
    folder = session.run.checkpoints
    state = checkpoint.load(folder)
    if state is not None and state.step == restored and len(checkpoint.listed(folder)) > 1:
        # Something went wrong again after the same checkpoint: it may be the cause.
        checkpoint.rewind(folder, state.step - 1)
        state = checkpoint.load(folder)
    if state is None:
        raise Fault(f"{session.run.folder}: {trouble}, and no checkpoint is sound; begin anew")
    factor, step = session.rate_factor / 2, session.step
    if factor < LEAST_RATE:
        recipe = session.job.recipe
        whose = f"model {recipe.model}, trainer {recipe.trainer}"
        raise UserError(
            f"{session.run.folder}: {trouble} at every rate; the run is kept at step {state.step}."
            f" Try another recipe ({whose}), or precision=float32"
        )
    session.restore(state)
    session.rate_factor, session.guard = factor, DivergenceGuard()
    log.warning("step %d: %s; back to step %d at %g of the rate", step, trouble, state.step, factor)
    return state.step
