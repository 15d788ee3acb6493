"""One row on its way through a line."""

from __future__ import annotations

from typing import Final

from actors.journal import OutboundRow
from actors.lanes import Ended
from actors.sender.line import Leave, Line, Sent
from actors.sender.terms import Terms

SEND_SECONDS: Final = 60.0
"""A line has its own deadline for an answer; this one is for lines that forget it."""


class Delivery:
    """What a worker has in hand, or what was begun without one."""

    __slots__ = ("at_once", "leave", "line", "lost", "row", "terms", "within")
    parked = False

    def __init__(self, row: OutboundRow, terms: Terms) -> None:
        self.row = row
        self.terms = terms
        self.line: Line | None = None
        """Through which it leaves; `None` while no byte has left."""
        self.leave: Leave | None = None
        """To be called if its line was told to begin it, and nobody waits any more."""
        self.at_once: Sent | Exception | None = None
        """What its line told or raised in the call that was to begin it; a worker ends it
        with that."""
        self.lost = False
        self.within = SEND_SECONDS

    @property
    def trace(self) -> str:
        return self.row.out.trace

    def why(self, ended: Ended) -> str:
        """Say why nobody knows what became of it."""
        if self.lost:
            return "the line was lost before the answer came"
        if ended is Ended.TIMED_OUT:
            return f"no answer within {self.within:g} s"
        return "the sender ended before the answer came"
