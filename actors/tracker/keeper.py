"""The actor that keeps the tracker's time: it wakes at the next deadline, and only then."""

from __future__ import annotations

from math import inf
from typing import TypeAlias, assert_never

from attrs import frozen

from actors.kernel import Actor, ActorContext, Mailbox, Overflow, Query, Timer
from actors.lanes import bell, wakes
from actors.tracker.tracker import Tracker
from actors.tracker.values import TrackerCounts


@frozen
class Due:
    """To itself: a deadline has come, or the next one is earlier than it was."""


@frozen
class CountDeliveries(Query[TrackerCounts]):
    """How many deliveries wait for their answer, and how did the others end?"""


TrackerMessage: TypeAlias = Due | CountDeliveries


class TrackerKeeper(Actor[TrackerMessage]):
    """Lives at `/core/tracker`. The index itself outlives it."""

    mailbox = Mailbox(overflow=Overflow.conflate(wakes))

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._timer: Timer | None = None

    async def start(self, ctx: ActorContext) -> None:
        address = ctx.find(ctx.path, TrackerKeeper)
        self._tracker.on_deadline(bell(address, Due()))
        self._arm(ctx)

    async def handle(self, ctx: ActorContext, message: TrackerMessage) -> None:
        match message:
            case Due():
                if ctx.system.clock() >= self._tracker.index.next_deadline:
                    self._tracker.expire()
                self._arm(ctx)
            case CountDeliveries():
                ctx.answer(message, self._tracker.index.counts())
            case _:
                assert_never(message)

    def _arm(self, ctx: ActorContext) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._tracker.index.next_deadline
        if at < inf:
            self._timer = ctx.after(max(0.0, at - ctx.system.clock()), Due())
