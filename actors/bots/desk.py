"""Where a bot takes its events. It outlives the bot's incarnations and reloads.

The host makes one desk for each configured bot and connects it to the router. A
`BotActor` attaches to it once it is ready. While none is attached, events wait here;
when a new one attaches, the old one first finishes what it has begun. That is not waited
for without an end; but a chat that it is still at waits, so none is ever served by both.
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
"""An event that was in hand at the end of so many incarnations is not tried again."""

log = structlog.get_logger()


class Intake(Protocol):
    """The incarnation behind a desk. All but `calm` and `drain` are plain."""

    @property
    def events(self) -> frozenset[str]: ...

    def awaits(self, row: InboundRow) -> bool: ...

    def take(self, row: InboundRow, settle: Settle, deaths: int = 0) -> None: ...

    def is_at(self, row: InboundRow) -> bool:
        """Has it another event of the same chat in hand?"""
        ...

    async def calm(self, within: float) -> bool: ...

    async def drain(self, within: float) -> bool: ...


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
        # The last one takes events. One before it is leaving, or takes over again if
        # the last one goes first.
        self._serving: list[Intake] = []
        # Those that get nothing new, and may not have ended what they have.
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
        """Is there an incarnation that takes events?"""
        return bool(self._serving)

    @property
    def waiting(self) -> int:
        """How many events wait for an incarnation."""
        return len(self._waiting)

    # --- for the router ----------------------------------------------------------------

    def wants(self, row: InboundRow) -> bool:
        """Might a handler look at *row*? Never for what we said ourselves."""
        if row.event.from_self:
            return False
        return row.event.event in self._events or self.awaits(row)

    def awaits(self, row: InboundRow) -> bool:
        """Does a handler wait for exactly this, in `ctx.ask`? Then it is for nobody else."""
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
        """Around the lanes of an incarnation: what they did not end is handed on after."""
        try:
            yield
        finally:
            if intake in self._leaving:
                self._leaving.remove(intake)
            self._hand_on()

    def eased(self) -> None:
        """An incarnation has ended an event: one that waits for its chat may go on."""
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
        """The bot was removed: what waits for it is failed, and whatever still comes."""
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
        """Is an incarnation before the one that serves still at the chat of *row*?"""
        if not self._leaving and len(self._serving) == 1:  # as it is nearly always
            return False
        return any(
            before.is_at(row) for before in (*self._leaving, *self._serving[:-1])
        )


def _sequence(one: _Waiting) -> int:
    return one.row.seq
