"""The router: pulls accepted events from the journal and hands them to the desks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, assert_never

import trio
from attrs import frozen

from actors.journal import Claim, Journal
from actors.kernel import Actor, ActorContext, Mailbox, Overflow, Query
from actors.lanes import bell, wakes
from actors.router.desks import Desks

WINDOW = 9_000
"""Rows in hand, host-wide. The rest waits in the journal, which has a thousand of them in
memory: 10,000 together. The journal gives 8,000 out to whoever comes first and 64 more to
each platform, so fifteen platforms have to hang before one is in another's way."""
BATCH = 64


@frozen
class Wake:
    """Tells the router that there is something to pull."""


@frozen
class DrainRouter(Query[int]):
    """Pull nothing more and wait until the bots have settled what they have in hand.

    The answer is how many events they still had after *within* seconds. Events are
    accepted all the time; they stay in the journal.
    """

    within: float


RouterMessage: TypeAlias = Wake | DrainRouter


class Router(Actor[RouterMessage]):
    """Lives at `/core/router`. A new incarnation frees what its predecessor had claimed."""

    mailbox = Mailbox(overflow=Overflow.conflate(wakes))

    def __init__(self, journal: Journal, desks: Desks, window: int = WINDOW) -> None:
        self._journal = journal
        self._desks = desks
        self._window = window
        self._claim = Claim("", 0)
        self._paused = False
        self._ring: Callable[[], None] = lambda: None

    async def start(self, ctx: ActorContext) -> None:
        self._claim = Claim(ctx.path, ctx.incarnation)
        self._desks.when_eased(None)
        self._desks.take_over(self._claim)
        await self._journal.release(self._claim)
        self._ring = bell(ctx.find(ctx.path, Router), Wake())
        self._journal.on_inbound(self._ring)
        self._ring()

    async def handle(self, ctx: ActorContext, message: RouterMessage) -> None:
        match message:
            case Wake():
                await self._pull()
            case DrainRouter(within):
                ctx.answer(message, await self._drain(within))
            case _:
                assert_never(message)

    async def _pull(self) -> None:
        if self._paused:
            return
        desks = self._desks
        room = min(BATCH, self._window - desks.in_hand)
        if room <= 0:
            desks.when_eased(self._go_on)
            return
        rows = await self._journal.claim_inbound(self._claim, room)
        for row in rows:
            desks.route(row)
        if len(rows) == room:
            self._ring()  # there may be more; others have their turn first

    def _go_on(self) -> None:
        self._desks.when_eased(None)
        self._ring()

    async def _drain(self, within: float) -> int:
        self._paused = True
        desks = self._desks
        with trio.move_on_after(within):
            while desks.working:
                eased = trio.Event()
                desks.when_eased(eased.set)
                await eased.wait()
        desks.when_eased(None)
        return desks.working
