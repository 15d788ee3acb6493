"""Where a bot takes its events. It outlives the bot's incarnations and reloads.

The host makes one desk for each configured bot and connects it to the router. A
`BotActor` attaches to it once it is ready. While none is attached, events wait here;
when a new one attaches, the old one first finishes what it has begun, so that a chat
is never served by both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from actors.bots.bot import Bot
from actors.journal import InboundRow
from actors.messages import InboundState
from actors.router import Settle

HANDOVER_SECONDS = 5.0
"""How long a new incarnation waits for what the old one has in hand."""

log = structlog.get_logger()


class Intake(Protocol):
    """The incarnation behind a desk. All but `drain` are plain and quick."""

    @property
    def events(self) -> frozenset[str]: ...

    def awaits(self, row: InboundRow) -> bool: ...

    def take(self, row: InboundRow, settle: Settle) -> None: ...

    async def drain(self, within: float) -> bool: ...


class BotDesk:
    """The desk of one bot: a `Desk` for the router, and a place for incarnations."""

    def __init__(self, name: str, bot: Bot) -> None:
        self._name = name
        self._events = bot.table().events
        self._intake: Intake | None = None
        self._waiting: deque[tuple[InboundRow, Settle]] = deque()
        self._closed = ""

    @property
    def bot(self) -> str:
        """The bot's name in this host."""
        return self._name

    @property
    def attached(self) -> bool:
        """Is there an incarnation that takes events?"""
        return self._intake is not None

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
        return self._intake is not None and self._intake.awaits(row)

    def put(self, row: InboundRow, settle: Settle) -> None:
        """Take *row*; it is settled once, however it ends."""
        if self._closed:
            settle(InboundState.FAILED, self._closed)
        elif row.event.from_self:
            settle(InboundState.DONE, "our own message")
        elif self._intake is None:
            self._waiting.append((row, settle))
        else:
            self._intake.take(row, settle)

    # --- for incarnations --------------------------------------------------------------

    @asynccontextmanager
    async def serving(self, intake: Intake) -> AsyncIterator[None]:
        """Hand events to *intake* inside the block, once its predecessor let go."""
        before, self._intake = self._intake, None
        if before is not None and not await before.drain(HANDOVER_SECONDS):
            log.warning(
                "bot.handover_impatient",
                bot=self._name,
                waited_seconds=HANDOVER_SECONDS,
            )
        self._intake, self._events = intake, intake.events
        self._hand_over(intake)
        try:
            yield
        finally:
            # A reload may have put another one here meanwhile: identity, not name.
            if self._intake is intake:
                self._intake = None

    def give_back(self, row: InboundRow, settle: Settle, intake: Intake) -> None:
        """Take back what *intake* never began, for whoever comes after it."""
        if self._intake is intake and not self._closed:
            self._waiting.append((row, settle))
        else:
            self.put(row, settle)

    async def release(self, intake: Intake, within: float) -> bool:
        """Hand nothing more to *intake* and wait until it is done with what it has."""
        if self._intake is intake:
            self._intake = None
        return await intake.drain(within)

    # --- for the host ------------------------------------------------------------------

    async def drain(self, within: float) -> bool:
        """Wait until nothing is in hand, when nothing new will come. False: not in time."""
        if self._intake is None:
            return not self._waiting
        return await self._intake.drain(within)

    def close(self, why: str) -> None:
        """The bot was removed: what waits for it is failed, and whatever still comes."""
        self._closed = why
        while self._waiting:
            _, settle = self._waiting.popleft()
            settle(InboundState.FAILED, why)

    def _hand_over(self, intake: Intake) -> None:
        while self._waiting and self._intake is intake:
            intake.take(*self._waiting.popleft())
