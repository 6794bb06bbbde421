"""Is it time for what comes round now and then?"""

import time
from dataclasses import dataclass, field
from typing import Any, Literal


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
