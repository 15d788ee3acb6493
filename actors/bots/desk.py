"""Where a bot takes its events. It outlives the bot's incarnations and reloads.

The host makes one desk for each configured bot and connects it to the router. A
`BotActor` attaches to it once it is ready; while none is attached, events wait here.

When a new version of a bot attaches, the old one first finishes what it has begun, for
`HANDOVER_SECONDS` at most. A chat that it is still busy with after that waits until it is
done, so no chat is ever served by both.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import structlog
from attrs import frozen

from actors.bots.bot import Bot
from actors.journal import InboundRow
from actors.messages import InboundState
from actors.router import Settle

HANDOVER_SECONDS = 5.0
"""How long a new incarnation waits for what the old one has in hand."""
MAX_DEATHS = 3
"""An event that so many incarnations had in hand when they ended is quarantined."""

log = structlog.get_logger()


class Intake(Protocol):
    """The incarnation behind a desk, as the desk sees it: a `Runner`."""

    @property
    def events(self) -> frozenset[str]:
        """The names of the events that it has handlers for."""
        ...

    def awaits(self, row: InboundRow) -> bool:
        """Say whether a handler waits for *row*, as the answer to its question."""
        ...

    def take(self, row: InboundRow, settle: Settle, deaths: int = 0) -> None:
        """Take *row* and call *settle* once, however it ends; never waits.

        *deaths* is how many incarnations have ended with it in hand.
        """
        ...

    def is_at(self, row: InboundRow) -> bool:
        """Say whether it has another event of the same chat in hand."""
        ...

    async def calm(self, within: float) -> bool:
        """Wait until it has nothing in hand; the desk gives it nothing meanwhile.

        False: not within *within* seconds.
        """
        ...

    async def drain(self, within: float) -> bool:
        """As `calm`, and for good: it takes nothing any more."""
        ...


@frozen(eq=False)
class _Waiting:
    row: InboundRow
    settle: Settle
    deaths: int


class BotDesk:
    """The desk of one bot: a `Desk` for the router, and a place for incarnations."""

    def __init__(self, name: str, bot: Bot) -> None:
        self._name = name
        self._events = bot.table().events
        # The last one takes events. Those before it are about to leave; should the last
        # one end first, the one before it serves again.
        self._serving: list[Intake] = []
        # Those that get nothing new any more, and may still be busy with what they have.
        self._leaving: list[Intake] = []
        self._handing_over = False
        self._waiting: list[_Waiting] = []
        self._closed = ""

    @property
    def bot(self) -> str:
        """The bot's name in this host."""
        return self._name

    @property
    def attached(self) -> bool:
        """Whether there is an incarnation that takes events."""
        return bool(self._serving)

    @property
    def waiting(self) -> int:
        """How many events wait for an incarnation."""
        return len(self._waiting)

    # --- for the router ----------------------------------------------------------------

    def wants(self, row: InboundRow) -> bool:
        """Say whether a handler may be for *row*. Never for what we said ourselves."""
        if row.event.from_self:
            return False
        return row.event.event in self._events or self.awaits(row)

    def awaits(self, row: InboundRow) -> bool:
        """Say whether a handler waits for *row* in `ctx.ask`: then no other bot gets it."""
        return bool(self._serving) and self._serving[-1].awaits(row)

    def put(self, row: InboundRow, settle: Settle) -> None:
        """Take *row*; it is settled once, however it ends."""
        if self._closed:
            settle(InboundState.FAILED, self._closed)
        elif row.event.from_self:
            settle(InboundState.DONE, "our own message")
        elif self._serving and not self._handing_over and not self._is_taken(row):
            self._serving[-1].take(row, settle)
        else:
            self._waiting.append(_Waiting(row, settle, 0))

    # --- for incarnations --------------------------------------------------------------

    @asynccontextmanager
    async def serving(self, intake: Intake) -> AsyncIterator[None]:
        """Hand events to *intake* inside the block, once its predecessor has let go."""
        try:
            await self._let_go()
            self._serving.append(intake)
            self._events = intake.events
        finally:
            self._hand_on()
        try:
            yield
        finally:
            self._detach(intake)

    @asynccontextmanager
    async def returning(self, intake: Intake) -> AsyncIterator[None]:
        """To be entered around the lanes of an incarnation.

        When the block ends, what they had in hand and did not end is handed on.
        """
        try:
            yield
        finally:
            if intake in self._leaving:
                self._leaving.remove(intake)
            self._hand_on()

    def eased(self) -> None:
        """Hand on what waits, after an incarnation has ended an event: perhaps of its chat."""
        if self._waiting:
            self._hand_on()

    def give_back(self, row: InboundRow, settle: Settle, deaths: int) -> None:
        """Take back what an incarnation did not end, for whoever comes after it."""
        if deaths >= MAX_DEATHS:
            why = f"the bot ended {deaths} times with this in hand"
            settle(InboundState.QUARANTINED, why)
        elif self._closed:
            settle(InboundState.FAILED, self._closed)
        else:
            # In the order in which they came in: what was running is returned last.
            insort(self._waiting, _Waiting(row, settle, deaths), key=_sequence)

    async def release(self, intake: Intake, within: float) -> bool:
        """Hand nothing more to *intake* and wait until it is done with what it has."""
        self._detach(intake)
        return await intake.drain(within)

    # --- for the host ------------------------------------------------------------------

    async def drain(self, within: float) -> bool:
        """Wait until nothing is in hand, when nothing new will come. False: not in time."""
        if not self._serving:
            return not self._waiting
        return await self._serving[-1].drain(within)

    def close(self, why: str) -> None:
        """Fail whatever waits here and whatever still comes, since the bot was removed."""
        self._closed = why
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.settle(InboundState.FAILED, why)

    # --- inside ------------------------------------------------------------------------

    async def _let_go(self) -> None:
        """Stop feeding the incarnation that serves now, and let it finish."""
        if not self._serving:
            return
        self._handing_over = True
        try:
            calm = await self._serving[-1].calm(HANDOVER_SECONDS)
        finally:
            self._handing_over = False
        if not calm:
            waited = HANDOVER_SECONDS
            log.warning("bot.handover_impatient", bot=self._name, waited_seconds=waited)

    def _detach(self, intake: Intake) -> None:
        if intake in self._serving:
            self._serving.remove(intake)
            self._leaving.append(intake)
        if self._serving:
            self._events = self._serving[-1].events
            self._hand_on()

    def _hand_on(self) -> None:
        if not self._serving or self._handing_over:
            return
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if self._is_taken(one.row):
                self._waiting.append(one)
            else:
                self._serving[-1].take(one.row, one.settle, one.deaths)

    def _is_taken(self, row: InboundRow) -> bool:
        """Return whether an earlier incarnation of the bot is still busy in the chat of *row*."""
        if not self._leaving and len(self._serving) == 1:  # nearly always
            return False
        return any(
            before.is_at(row) for before in (*self._leaving, *self._serving[:-1])
        )


def _sequence(one: _Waiting) -> int:
    return one.row.seq
