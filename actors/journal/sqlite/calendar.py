"""Two clocks: what runs is timed by the System's, what is written down by the calendar's.

The System's clock begins anew with every process; only the other one means the same
after a restart. It may jump, so nothing that runs depends on it.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen


@frozen
class Calendar:
    """Translates between them, by how they stand now."""

    clock: Callable[[], float]
    """Monotonic seconds."""
    wall: Callable[[], float]
    """Seconds since 1970."""

    def date(self, at: float) -> float:
        """Return what to write down for a moment of the clock."""
        return at + self.wall() - self.clock()

    def moment(self, date: float) -> float:
        """Return the moment of the clock that *date* was, or will be."""
        return date - self.wall() + self.clock()

    def past(self, date: float) -> float:
        """The same for something that has happened: never later than now."""
        return min(self.moment(date), self.clock())
