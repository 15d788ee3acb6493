"""Time in one place: exact alarms on a heap, and a coarse wheel for the deadlines of waits.

An ask needs a deadline, and nearly every ask is answered long before it. A `fail_after`
for each would cost more than the ask itself. Here the deadlines of one stretch of 50 ms
lie in one bucket, with one alarm for all of them, and an answer only takes its own out.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from actors.kernel.envelope import Place, ReplySlot

BUCKET_SECONDS = 0.05
SWEEP = 1023
"""When so many buckets are there, it is time to look which of them wait for nothing."""


class Alarm:
    """One call at one instant. `cancel` is O(1); the heap forgets it later."""

    __slots__ = ("_alarms", "at", "call")

    def __init__(self, alarms: Alarms, at: float, call: Callable[[], None]) -> None:
        self._alarms = alarms
        self.at = at
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        if self.call is not None:
            self.call = None
            self._alarms.forget_one()


class Alarms:
    """Every timer of a system; one task sleeps until the next."""

    __slots__ = ("_cancelled", "_clock", "_heap", "_order", "_scope", "_task")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Alarm]] = []
        self._order = count()
        self._cancelled = 0
        self._scope: trio.CancelScope | None = None
        self._task: trio.lowlevel.Task | None = None

    def at(self, instant: float, call: Callable[[], None]) -> Alarm:
        """Have *call* called at *instant*. It must neither wait nor raise."""
        alarm = Alarm(self, instant, call)
        heapq.heappush(self._heap, (instant, next(self._order), alarm))
        if self._scope is not None and instant < self._scope.deadline:
            self._scope.deadline = instant
        elif self._task is not None:
            task, self._task = self._task, None
            trio.lowlevel.reschedule(task)
        return alarm

    def forget_one(self) -> None:
        """An alarm was cancelled; sweep when most of the heap is such."""
        self._cancelled += 1
        if self._cancelled > 64 and self._cancelled > len(self._heap) >> 1:
            self._heap = [entry for entry in self._heap if entry[2].call is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    async def run(self) -> None:
        """Fire what is due, for ever. The only task here."""
        while True:
            self._fire_due()
            if self._heap:
                with trio.CancelScope(deadline=self._heap[0][0]) as self._scope:
                    await trio.sleep_forever()
                self._scope = None
            else:
                self._task = trio.lowlevel.current_task()
                await trio.lowlevel.wait_task_rescheduled(self._forget)

    def _forget(self, _: object) -> trio.lowlevel.Abort:
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED

    def _fire_due(self) -> None:
        now = self._clock()
        while self._heap and (self._heap[0][0] <= now or self._heap[0][2].call is None):
            _, _, alarm = heapq.heappop(self._heap)
            if alarm.call is None:
                self._cancelled -= 1
            else:
                call, alarm.call = alarm.call, None
                call()


class Wheel:
    """Deadlines of asks and sends, in buckets of 50 ms. One expires at most a bucket late."""

    __slots__ = ("_alarms", "_buckets", "_turns")

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._buckets: dict[int, dict[ReplySlot | Place, None]] = {}
        self._turns: dict[int, Alarm] = {}

    def add(self, slot: ReplySlot | Place, deadline: float) -> None:
        try:
            # No clock was ever below 0: what is already over has a bucket, too.
            index = int(max(deadline, 0.0) / BUCKET_SECONDS) + 1
        except OverflowError:  # for ever
            return
        slot.bucket = index
        bucket = self._buckets.get(index)
        if bucket is None:
            if len(self._buckets) & SWEEP == SWEEP:
                self._forget_empty()
            bucket = self._buckets[index] = {}
            at = index * BUCKET_SECONDS
            self._turns[index] = self._alarms.at(at, lambda: self._turn(index))
        bucket[slot] = None

    def _forget_empty(self) -> None:
        """Of questions that may wait for days, most were answered long ago."""
        for index in [index for index, bucket in self._buckets.items() if not bucket]:
            del self._buckets[index]
            self._turns.pop(index).cancel()

    def discard(self, slot: ReplySlot | Place) -> None:
        bucket = self._buckets.get(slot.bucket)
        if bucket is not None:
            bucket.pop(slot, None)

    def _turn(self, index: int) -> None:
        # A dict, not a set: asks of one bucket expire in the order they were made,
        # and a replay from a seed sees the same order.
        del self._turns[index]
        for slot in tuple(self._buckets.pop(index)):
            slot.expire()
