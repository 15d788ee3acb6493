"""Two clocks: one times what runs (the System's), the other dates what is written down.

The System's clock begins anew with every process; only the wall clock means the same after
a restart. That one may jump, so nothing that runs depends on it.
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
        """Return the moment of *date*, which is past: never later than now."""
        return min(self.moment(date), self.clock())

    def lapsed(self, date: float) -> float:
        """Return the moment of *date*, or one long ago if the clock says that *date* is to come.

        For promises of a peer that end some time after *date*: if the clock was set back,
        nobody can say how long ago it was, and it is safe to take them for over.
        """
        moment, now = self.moment(date), self.clock()
        return moment if moment <= now else now - AGES
