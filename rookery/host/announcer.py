"""Tell bots how our connections are: `platform.up`, `.down`, `.needs_operator`.

These are events like any other: journalled, routed, handled in order. And like any other
they wait while the journal has no room for more of that platform; those of other platforms
do not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import structlog
import trio

from actors.journal import Journal
from actors.kernel import Actor, ActorContext, Address, Mailbox, Overflow
from actors.messages import Inbound
from actors.monitor import Board, ConnectionChanged, Phase

WAITING = 1_000
"""How many announcements of one platform wait for room in the journal. A listener may
lose all of its accounts at once."""

log = structlog.get_logger()

_Told: TypeAlias = tuple[str, Inbound]
"""An account, and what is told of it."""


def announcement(change: ConnectionChanged) -> str | None:
    """Return the name of the event that *change* is, or None. Pure.

    A change without an account is one of a listener. That its port is open connects
    nobody, so it is no event; that it needs an operator is.
    """
    before, after = change.before, change.after
    if after.phase is Phase.NEEDS_OPERATOR:
        return "platform.needs_operator"
    was, now = before is not None and before.online, after.online
    if was == now or not change.account:
        return None
    return "platform.up" if now else "platform.down"


class Announcer(Actor[ConnectionChanged]):
    """Lives at `/core/announcer`."""

    mailbox = Mailbox(capacity=1_000, overflow=Overflow.DROP_OLDEST)

    def __init__(self, board: Board, journal: Journal) -> None:
        self._board = board
        self._journal = journal
        self._lines: dict[str, trio.MemorySendChannel[_Told]] = {}

    async def start(self, ctx: ActorContext) -> None:
        self._nursery = await ctx.enter(trio.open_nursery())
        await ctx.enter(self._listening(ctx.find(ctx.path, Announcer)))

    @asynccontextmanager
    async def _listening(self, own: Address[ConnectionChanged]) -> AsyncIterator[None]:
        unsubscribe = self._board.subscribe(own.tell)
        try:
            yield
        finally:
            unsubscribe()

    async def handle(self, ctx: ActorContext, message: ConnectionChanged) -> None:
        event = announcement(message)
        if event is None:
            return
        identity = ctx.system.new_id()
        told = Inbound(identity, event=event, facts={"why": message.after.why})
        try:
            self._line(message.platform).send_nowait((message.account, told))
        except trio.WouldBlock:
            log.warning(
                "announcement.dropped",
                event_name=event,
                platform=message.platform,
                account=message.account,
                why=f"{WAITING} announcements of this platform wait already",
            )

    def _line(self, platform: str) -> trio.MemorySendChannel[_Told]:
        """Return the way to the task that journals what is told of *platform*."""
        line = self._lines.get(platform)
        if line is None:
            line, waiting = trio.open_memory_channel[_Told](WAITING)
            self._lines[platform] = line
            self._nursery.start_soon(self._journal_each, platform, waiting)
        return line

    async def _journal_each(
        self, platform: str, waiting: trio.MemoryReceiveChannel[_Told]
    ) -> None:
        async for account, told in waiting:
            await self._journal.append(platform, account, told, trace=told.id)
