"""How long is trained, and how far is that?"""

from dataclasses import dataclass

from faceswap_ae.errors import UserError

DEFAULT_MINUTES = 30.0


@dataclass(frozen=True)
class Budget:
    """Steps or minutes of training, breaks not counted; whichever ends first."""

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("--steps", self.steps), ("--minutes", self.minutes)):
            if value is not None and value <= 0:
                raise UserError(f"{name} {value}: give more than 0")

    def progress(self, step: int, seconds: float) -> float:
        """How much of it is over, in [0, 1]."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(step / self.steps)
        if self.minutes is not None:
            shares.append(seconds / (60 * self.minutes))
        return min(1.0, max(shares))


def budget(steps: int | None, minutes: float | None, plan: "Budget") -> Budget:
    """What the user says goes before what the recipe says; something has to end it."""
    if steps is None and minutes is None:
        steps, minutes = plan.steps, plan.minutes
    if steps is None and minutes is None:
        minutes = DEFAULT_MINUTES
    return Budget(steps, minutes)
