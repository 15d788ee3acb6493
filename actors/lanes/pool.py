"""Lanes served by a crew: one item per key at a time, keys side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import trio

from actors.lanes.crew import Crew
from actors.lanes.errors import LanesClosed, LanesFull, TooManyParked
from actors.lanes.fair import FairQueue, Places
from actors.lanes.job import Ended, Job
from actors.lanes.worker import Worker

K = TypeVar("K")
T = TypeVar("T")

SHARE = 16
"""One worker of so many is each group's own, and as many are kept for each step of urgency."""


class Lanes(Generic[K, T]):
    """First in, first out per key; a bounded number of keys at work at the same time.

    Keys take turns as in `FairQueue`: groups first, then by urgency. Bodies that hang
    keep neither another group nor what is urgent from a worker. A parked item has left
    its lane: it neither counts as work nor holds its key, also when it goes on.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        body: Callable[[Job[K, T]], Awaitable[None]],
        ended: Callable[[Job[K, T], Ended], None],
        *,
        workers: int = 64,
        capacity: int = 10_000,
        parked: int = 1_000,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        """Use `open_lanes`, which owns the nursery and closes."""
        self._held = held
        self._ended = ended
        self._nursery = nursery
        self._capacity = capacity
        self._max_parked = parked
        own = workers // SHARE
        places = Places(own=own, shared=workers - own, group=workers, kept=own)
        self._queue: FairQueue[str, K, Job[K, T]] = FairQueue(places)
        self._parked: dict[Job[K, T], Worker[Job[K, T]]] = {}
        self._taking = True
        self._quiet: trio.Event | None = None
        self._crew: Crew[Job[K, T]] = Crew(
            nursery, take=self._take, body=body, ended=self._end, size=workers
        )

    def __len__(self) -> int:
        """Count the items that wait for their turn."""
        return len(self._queue)

    @property
    def running(self) -> int:
        return self._crew.running

    @property
    def parked(self) -> int:
        return len(self._parked)

    def busy(self, key: K, group: str = "") -> bool:
        """Return whether an item of *key* waits or runs. Parked ones have left their key."""
        return self._queue.busy(group, key)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs. Parked items wait for people; they do not count."""
        return not self._crew.running and not len(self._queue)

    def put(
        self,
        key: K,
        item: T,
        *,
        within: float = 60.0,
        trace: str = "",
        group: str = "",
        level: int = 1,
    ) -> None:
        """Put *item* behind the others of *key*. Never waits.

        Args:
            key: Items of one key run one at a time, in the order they were put.
            item: What the body finds in `Job.item`.
            within: Seconds the body may take, counted from its start.
            trace: Current while the body runs.
            group: Whose key it is; groups take turns.
            level: How urgent it is, from 0 on.

        Raises:
            LanesFull: there is no room.
            LanesClosed: they are draining or closed.
        """
        if not self._taking:
            raise LanesClosed
        if len(self._queue) >= self._capacity:
            raise LanesFull(self._capacity)
        job = Job(self, key, item, within, trace, group=group)
        rests = self._crew.free and not self._held()
        if rests and self._queue.straight(group, key, level):
            self._crew.give(job)
        elif self._queue.push(group, key, job, level):
            self._crew.size = self._queue.places
            self._crew.call()

    async def drain(self, within: float) -> bool:
        """Take nothing new and wait until all is done. False: *within* seconds were not enough."""
        self._taking = False
        return await self.calm(within)

    async def calm(self, within: float) -> bool:
        """Wait until all is done, for somebody who brings nothing new meanwhile."""
        with trio.move_on_after(within):
            while not self.idle:
                if self._quiet is None:
                    self._quiet = trio.Event()
                await self._quiet.wait()
        return self.idle

    def close(self) -> None:
        """End everything: what runs or is parked is interrupted, what waits never starts."""
        self._taking = False
        given = self._crew.take_back()
        waiting = [job for _, _, job in self._queue.clear()]
        for job in given:
            self._queue.done(job.group, job.key)
        for job in given + waiting:
            self._ended(job, Ended.UNSTARTED)
        self._nursery.cancel_scope.cancel(reason="lanes closed")

    def go_on(self) -> None:
        """Nothing holds them any more: begin what waits."""
        for _ in range(min(len(self._queue), self._crew.size)):
            self._crew.call()

    def park(self, job: Job[K, T]) -> None:
        """Used by `Job.park`."""
        worker = self._crew.worker_of(job)
        if worker is None or job.parked:
            return
        if len(self._parked) >= self._max_parked:
            raise TooManyParked(self._max_parked)
        job.within = self._crew.step_out(worker)
        job.parked = True
        self._parked[job] = worker
        if not job.free:
            job.free = True
            self._queue.done(job.group, job.key)
        if self._queue.ready:
            self._crew.call()
        self._hush()

    def resume(self, job: Job[K, T]) -> None:
        """Used by `Job.resume`."""
        worker = self._parked.pop(job, None)
        if worker is None:
            return
        job.parked = False
        self._crew.step_in(worker, job.within)

    def _take(self) -> Job[K, T] | None:
        if self._held():
            return None
        taken = self._queue.take()
        return None if taken is None else taken[2]

    def _end(self, job: Job[K, T], ended: Ended, error: BaseException | None) -> None:
        job.error = error
        if job.parked:
            del self._parked[job]
            job.parked = False
        elif not job.free:
            self._queue.done(job.group, job.key)
        try:
            self._ended(job, ended)
        finally:
            self._hush()

    def _hush(self) -> None:
        if self._quiet is not None and self.idle:
            self._quiet.set()
            self._quiet = None


@asynccontextmanager
async def open_lanes(
    body: Callable[[Job[K, T]], Awaitable[None]],
    ended: Callable[[Job[K, T], Ended], None],
    *,
    workers: int = 64,
    capacity: int = 10_000,
    parked: int = 1_000,
    held: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Lanes[K, T]]:
    """Open lanes for as long as the block lasts: `lanes = await ctx.enter(open_lanes(...))`.

    Args:
        body: Handles one item. It may raise, and it may park its job.
        ended: Told once for each item that was put, however it ended. Plain, quick.
        workers: How many keys of one group may be at work at the same time; of several,
            a few more, since some are each one's own.
        capacity: How many items may wait.
        parked: How many items may be parked.
        held: Is nothing to be begun now? `go_on` is to be called when that is over.
    """
    async with trio.open_nursery() as nursery:
        lanes = Lanes(
            nursery,
            body,
            ended,
            workers=workers,
            capacity=capacity,
            parked=parked,
            held=held,
        )
        try:
            yield lanes
        finally:
            lanes.close()
