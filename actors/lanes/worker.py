"""One task that works through lanes, one item after the other, in one cancel scope."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

import trio

from actors.kernel.turn import Span, current
from actors.lanes.job import Ended, Job

if TYPE_CHECKING:
    from actors.lanes.pool import Lanes

K = TypeVar("K")
T = TypeVar("T")


class Worker(Generic[K, T]):
    """Takes the next item when it has ended one; sleeps when there is none.

    The scope is made once and spent only by a timeout: a scope for each item would
    cost as much as everything else together.
    """

    __slots__ = ("_lanes", "_span", "deadline", "fenced", "job", "scope", "task")

    def __init__(self, lanes: Lanes[K, T]) -> None:
        self._lanes = lanes
        self.job: Job[K, T] | None = None
        self.deadline = inf
        self.fenced = False
        """Left behind: what it still does is nobody's business any more."""
        self.scope: trio.CancelScope | None = None
        self.task: trio.lowlevel.Task | None = None
        self._span = Span("", inf, lanes.owner)

    async def run(self) -> None:
        """Work until the lanes say that there is one worker too many."""
        self.task = trio.lowlevel.current_task()
        current.set(self._span)
        try:
            while await self._shift():
                pass
        finally:
            # Only a cancellation from outside leaves a job in hand.
            if self.job is not None and not self.fenced:
                self._lanes.end(self, Ended.INTERRUPTED, None)
            self._lanes.gone(self)

    async def _shift(self) -> bool:
        """Work in one scope until a timeout spends it. False: go home."""
        error: BaseException | None = None
        scope = trio.CancelScope()
        try:
            with scope:
                self.scope = scope
                while True:
                    job = self._lanes.next_for(self)
                    if job is None:
                        if not await self._lanes.rest(self):
                            return False
                        continue
                    await self._one(job)
                    if self.fenced:
                        return False
                    if scope.cancel_called:  # it ended in the moment its time was up
                        return True
        except trio.Cancelled as cancelled:
            # One that nobody of us sent: the body raised a `Cancelled` it had kept.
            if self.job is None or trio.current_effective_deadline() == -inf:
                raise
            error = cancelled
        except BaseExceptionGroup as group:
            # The body had a nursery of its own in which something raised, too.
            crash, rest = group.split((Exception, trio.Cancelled))
            if (
                crash is None
                or self.job is None
                or trio.current_effective_deadline() == -inf
            ):
                raise
            if rest is not None:
                raise rest from None
            error = crash
        if self.fenced:
            return False
        if self.job is not None:
            ended = Ended.TIMED_OUT if scope.cancel_called else Ended.RAISED
            self._lanes.end(self, ended, error)
        return True

    async def _one(self, job: Job[K, T]) -> None:
        hand = self._span.in_hand
        if hand is not None:
            hand.trace = job.trace
        try:
            await self._lanes.body(job)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this item's outcome
            if not self.fenced:
                timed_out = self.scope is not None and self.scope.cancel_called
                ended = Ended.TIMED_OUT if timed_out else Ended.RAISED
                self._lanes.end(self, ended, error)
            return
        if not self.fenced:
            self._lanes.end(self, Ended.DONE, None)
