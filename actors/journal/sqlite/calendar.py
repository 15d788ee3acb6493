"""Two clocks: what runs is timed by the System's, what is written down by the calendar's.

The System's clock begins anew with every process; only the other one means the same
after a restart. It may jump, so nothing that runs depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

AGES: Final = 1e12
"""Seconds: longer than anything is remembered that is not remembered for ever."""


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

    def lapsed(self, date: float) -> float:
        """The same where too long ago is the safe side: a promise of a peer that ends.

        Has the clock been set back behind *date*, nobody can say how long ago it was.
        """
        moment, now = self.moment(date), self.clock()
        return moment if moment <= now else now - AGES
