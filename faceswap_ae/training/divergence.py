"""Has a training diverged?

A single loss that is not finite is enough. A loss far above the usual one must stay there for a
while.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

TIMES = 3.0  # times the usual loss: a loss above this is too high
PATIENCE = 50  # steps in a row with such a loss
MEMORY = 0.98  # decay of the usual loss, which is a moving average


@dataclass
class DivergenceGuard:
    """Compares each loss with the usual one."""

    usual: float | None = None
    above: int = 0  # steps in a row with a loss that is too high
    sound: bool = True  # the last loss was finite

    @property
    def calm(self) -> bool:
        """Whether the last loss was finite and not too high."""
        return self.sound and self.above == 0

    def trouble(self, terms: Mapping[str, float]) -> str | None:
        """Take in the terms of a step's loss, by name; return what is wrong, or None."""
        loss = sum(terms.values())
        self.sound = math.isfinite(loss)
        if not self.sound:
            wrong = [name for name, term in terms.items() if not math.isfinite(term)]
            return f"the loss {wrong[0]} is {terms[wrong[0]]}" if wrong else f"the loss is {loss}"
        if self.usual is not None and abs(loss) > TIMES * abs(self.usual):
            self.above += 1
            if self.above >= PATIENCE:
                return f"the loss rose from {self.usual:.3g} to {loss:.3g}"
            return None
        self.above = 0
        self.usual = loss if self.usual is None else MEMORY * self.usual + (1 - MEMORY) * loss
        return None
