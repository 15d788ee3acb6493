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
    """One row that is being sent, by a worker or by the line itself (`Line.begin`)."""

    __slots__ = ("at_once", "leave", "line", "lost", "row", "terms", "within")
    parked = False

    def __init__(self, row: OutboundRow, terms: Terms) -> None:
        self.row = row
        self.terms = terms
        self.line: Line | None = None
        """The line through which it leaves; `None` while no byte has left."""
        self.leave: Leave | None = None
        """What ends the waiting, if its line has begun it."""
        self.at_once: Sent | Exception | None = None
        """What its line told or raised in the very call that was to begin it; a worker
        ends it with that."""
        self.lost = False
        """Its line was lost before the answer came."""
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
