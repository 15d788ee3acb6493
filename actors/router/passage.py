"""One event on its way through the bots, and what each of them made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from actors.journal import InboundRow
from actors.messages import Inbound, InboundState
from actors.schedule import asked_for_once

if TYPE_CHECKING:
    from actors.router.desks import BotEvents, Desk

_S = InboundState
# Read for every event; an attribute of an enumeration costs as much as a call.
_PARKED, _DONE = _S.PARKED, _S.DONE
IN_VAIN = "no handler"
"""The reason with which a bot settles what it has no handler for; other bots' count more."""
MAX_DEATHS = 3
"""How many lives of a bot may end with an event in hand; then it does not get it again."""


def unwanted(event: Inbound, why: str = "") -> tuple[InboundState, str]:
    """Return state and reason of an event that nobody handles.

    A run that somebody was promised (a later) fails: it is a dead letter, which may be
    handled again once its handler is back. Anything else is done; *why* tells the reason.
    """
    if not asked_for_once(event):
        return _DONE, why
    bot, handler = event.facts.get("bot"), event.facts.get("handler")
    return _S.FAILED, f"the bot {bot} or its handler {handler} is not there any more"


class Slip:
    """What one bot owes for one event. Calling it settles; the first final call wins."""

    __slots__ = ("bot", "deaths", "desk", "ended", "parked", "passage")

    def __init__(self, passage: Passage, bot: BotEvents, desk: Desk | None) -> None:
        self.passage = passage
        self.bot = bot
        self.desk = desk
        """The desk that has it; `None` while the bot is away."""
        self.deaths = 0
        self.parked = False
        self.ended = False

    def __call__(self, state: InboundState, why: str = "") -> None:
        if self.ended:
            return
        if state is _PARKED:
            if not self.parked:
                self.parked = True
                self.passage.park(self)
            return
        self.ended = True
        self.passage.settle(self, state, why)


class Watcher(Protocol):
    """Who is told what the bots make of an event."""

    def slip_parked(self, passage: Passage, slip: Slip) -> None: ...

    def slip_ended(self, passage: Passage, slip: Slip) -> None: ...


class Passage:
    """One row and its slips. It ends when every bot has settled; the worst outcome counts."""

    __slots__ = (
        "_watcher",
        "bots",
        "noted",
        "open",
        "parked",
        "row",
        "state",
        "uncounted",
        "why",
    )

    def __init__(self, row: InboundRow, watcher: Watcher, bots: int = 0) -> None:
        self.row = row
        self.bots = bots
        self.open = bots
        """How many bots have not settled yet."""
        self.parked = False
        self.noted = False
        """Whether the journal knows that it is parked."""
        self.uncounted = False
        """It waits for people, or for a bot that lags: no part of the router's window."""
        self.state: InboundState | None = None
        """The worst so far; `None` while nobody had a handler for it."""
        self.why = ""
        self._watcher = watcher

    def park(self, slip: Slip) -> None:
        self._watcher.slip_parked(self, slip)
        self.parked = True

    def settle(self, slip: Slip, state: InboundState, why: str) -> None:
        self.open -= 1
        if state is not _DONE and why:
            told = f"{slip.bot.name}: {why}"
            self.why = f"{self.why}; {told}" if self.why else told
        if state is _DONE and why == IN_VAIN:
            pass
        elif self.state is None or _RANK[state] >= _RANK[self.state]:
            self.state = state
        self._watcher.slip_ended(self, slip)

    def outcome(self) -> InboundState:
        """Return what the row becomes; a parked one can only be done or failed."""
        if self.state is None:
            return _DONE
        if self.parked and self.state in (_S.EXPIRED, _S.QUARANTINED):
            return _S.FAILED
        return self.state


# An event that one bot has done is done, though it was too old for another one.
_RANK = {_S.EXPIRED: 0, _S.DONE: 1, _S.FAILED: 2, _S.QUARANTINED: 3}
