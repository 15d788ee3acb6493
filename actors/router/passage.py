"""One event on its way through the bots, and what each of them made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.journal import InboundRow
from actors.messages import InboundState

if TYPE_CHECKING:
    from actors.router.desks import Desk

_S = InboundState
MAX_DEATHS = 3
"""A bot that ended so often with an event in hand does not get it again."""


class Slip:
    """What one bot owes for one event. Calling it settles; the first final call wins."""

    __slots__ = ("bot", "deaths", "desk", "ended", "parked", "passage")

    def __init__(self, passage: Passage, bot: str, desk: Desk | None) -> None:
        self.passage = passage
        self.bot = bot
        self.desk = desk
        """Who has it; `None` while the bot is away."""
        self.deaths = 0
        self.parked = False
        self.ended = False

    def __call__(self, state: InboundState, why: str = "") -> None:
        if self.ended:
            return
        if state is _S.PARKED:
            if not self.parked:
                self.parked = True
                self.passage.park(self)
            return
        self.ended = True
        self.passage.settle(self, state, why)


class Passage:
    """One row and its slips. It ends when every bot has settled; the worst outcome counts."""

    __slots__ = ("_ended", "_park", "open", "parked", "row", "state", "why")

    def __init__(
        self,
        row: InboundRow,
        ended: Callable[[Passage, Slip], None],
        park: Callable[[Passage, Slip], None],
    ) -> None:
        self.row = row
        self.open = 0
        """How many bots have not settled yet."""
        self.parked = False
        self.state = _S.EXPIRED
        self.why = ""
        self._ended = ended
        self._park = park

    def park(self, slip: Slip) -> None:
        self._park(self, slip)
        self.parked = True

    def settle(self, slip: Slip, state: InboundState, why: str) -> None:
        self.open -= 1
        if state is not _S.DONE and why:
            told = f"{slip.bot}: {why}"
            self.why = f"{self.why}; {told}" if self.why else told
        if _RANK[state] >= _RANK[self.state]:
            self.state = state
        self._ended(self, slip)

    def outcome(self) -> InboundState:
        """Return what the row becomes; a parked one can only be done or failed."""
        if self.parked and self.state in (_S.EXPIRED, _S.QUARANTINED):
            return _S.FAILED
        return self.state


# An event that one bot has done is done, though it was too old for another one.
_RANK = {_S.EXPIRED: 0, _S.DONE: 1, _S.FAILED: 2, _S.QUARANTINED: 3}
