"""Tell bots how our connections are: `platform.up`, `.down`, `.needs_operator`.

They are events like any other: journalled, routed, handled in order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.journal import Journal
from actors.kernel import Actor, ActorContext, Address, Mailbox, Overflow
from actors.messages import Inbound
from actors.monitor import Board, ConnectionChanged, Phase


def announcement(change: ConnectionChanged) -> str | None:
    """Return the name of the event that *change* is, or None. Pure.

    A listener without an account is up when its port is: nobody is connected by that.
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

    async def start(self, ctx: ActorContext) -> None:
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
        await self._journal.append(
            message.platform, message.account, told, trace=identity
        )
