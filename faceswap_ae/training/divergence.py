"""Has a training gone wrong?

One number that is none is enough; a loss far above what it was has to stay there for a while.
"""

import math
from dataclasses import dataclass

TIMES = 3.0  # the usual loss
PATIENCE = 50  # steps in a row
MEMORY = 0.98  # of the usual loss that stays from step to step


@dataclass
class DivergenceGuard:
    """Knows what losses are usual."""

    usual: float | None = None
    above: int = 0  # steps in a row
    sound: bool = True  # the last loss was a number

    @property
    def calm(self) -> bool:
        """Is there nothing that may become trouble?"""
        return self.sound and self.above == 0

    def trouble(self, loss: float) -> str | None:
        """What is wrong at a step, if anything."""
        self.sound = math.isfinite(loss)
        if not self.sound:
            return f"the loss is {loss}"
        if self.usual is not None and abs(loss) > TIMES * abs(self.usual):
            self.above += 1
            if self.above >= PATIENCE:
                return f"the loss rose from {self.usual:.3g} to {loss:.3g}"
            return None
        self.above = 0
        self.usual = loss if self.usual is None else MEMORY * self.usual + (1 - MEMORY) * loss
        return None
