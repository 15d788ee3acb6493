"""The actor that keeps the outbox's time: it wakes when something goes stale, to shed it."""

from __future__ import annotations

from math import inf
from typing import TypeAlias, assert_never

from attrs import frozen

from actors.buffer.outbox import Outbox
from actors.kernel import Actor, ActorContext, Mailbox, Overflow, Timer
from actors.lanes import bell, wakes


@frozen
class Due:
    """To itself: a deadline has come, or the next one is earlier than it was."""


OutboxMessage: TypeAlias = Due


class OutboxKeeper(Actor[OutboxMessage]):
    """Lives at `/core/outbox`. The outbox itself, and all that is in it, outlives it."""

    mailbox = Mailbox(overflow=Overflow.conflate(wakes))

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._timer: Timer | None = None

    async def start(self, ctx: ActorContext) -> None:
        self._outbox.on_deadline(bell(ctx.find(ctx.path, OutboxKeeper), Due()))
        self._arm(ctx)

    async def handle(self, ctx: ActorContext, message: OutboxMessage) -> None:
        match message:
            case Due():
                if ctx.system.clock() >= self._outbox.due_at:
                    self._outbox.sweep()
                self._arm(ctx)
            case _:
                assert_never(message)

    def _arm(self, ctx: ActorContext) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._outbox.due_at
        if at < inf:
            self._timer = ctx.after(max(0.0, at - ctx.system.clock()), Due())
