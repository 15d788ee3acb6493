"""The clock of a simulation: jumps to the next timer as soon as everybody waits.

It works as trio's `MockClock` with autojump. Besides, it notices when the run would never
end: nobody has a timer any more, one instant never passes, or the world does not stop.
"""

from __future__ import annotations

from math import inf

import trio.abc
from attrs import define, field

LOOKS = 20_000_000
"""More looks at the clock within one instant than any honest work needs."""


class StoodStill(Exception):
    """The world would never end by itself."""


@define(eq=False)
class JumpingClock(trio.abc.Clock):
    """Time in seconds from 0 to *limit*, by which the world must have ended."""

    limit: float
    now: float = 0.0
    over: bool = False
    """The world has ended; what trio still does by itself takes real time."""
    _looks: int = field(default=0, init=False)

    def start_clock(self) -> None:
        """Begin: at 0."""

    def current_time(self) -> float:
        """Return the present instant."""
        self._looks += 1
        if self._looks > LOOKS:
            msg = f"something goes on and on at {self.now} s, and no time passes"
            raise StoodStill(msg)
        return self.now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Jump to *deadline*: trio asks only when there is nothing else to do."""
        if self.over:
            return deadline
        if deadline == inf:
            msg = f"everybody waits for somebody else at {self.now} s"
            raise StoodStill(msg)
        if deadline > self.limit:
            msg = f"it has not ended at {self.limit} s"
            raise StoodStill(msg)
        self.jump(max(0.0, deadline - self.now))
        return 0.0

    def jump(self, seconds: float) -> None:
        """Let so much time pass at once."""
        if seconds > 0:
            self.now += seconds
            self._looks = 0
