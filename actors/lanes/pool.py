"""Lanes served by workers: one item per key at a time, keys side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Generic, TypeVar

import structlog
import trio

from actors.kernel.turn import Turn, current
from actors.lanes.errors import LanesClosed, LanesFull, TooManyParked
from actors.lanes.hourglass import Hourglass
from actors.lanes.job import Ended, Job
from actors.lanes.queue import KeyedQueue
from actors.lanes.worker import Worker

K = TypeVar("K")
T = TypeVar("T")

log = structlog.get_logger()

FENCE_SECONDS = 2.0
"""How long a body may go on after its deadline before it is left behind."""


class Lanes(Generic[K, T]):
    """First in, first out per key; at most *workers* keys at work at the same time.

    What a body raises, or that it hangs, is the outcome of its item only. A parked item
    has left its lane: it neither counts as a worker nor holds its key.
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
    ) -> None:
        self.body = body
        self.owner: Turn | None = current.get()
        """Whose workers these are; a worker may be started from somebody else's task."""
        self._ended = ended
        self._nursery = nursery
        self._max_workers = workers
        self._capacity = capacity
        self._max_parked = parked
        self._queue: KeyedQueue[K, Job[K, T]] = KeyedQueue()
        self._idle: list[Worker[K, T]] = []
        self._crew: set[Worker[K, T]] = set()
        self._active = 0
        """Workers that take items: all of the crew but the parked and the fenced."""
        self._running = 0
        self._parked = 0
        self._taking = True
        self._quiet: trio.Event | None = None
        self._glass = Hourglass(self._overdue)
        nursery.start_soon(self._glass.run, name="lanes.hourglass")

    # --- from outside ------------------------------------------------------------------

    def __len__(self) -> int:
        """Count the items that wait for their turn."""
        return len(self._queue)

    @property
    def running(self) -> int:
        return self._running

    @property
    def parked(self) -> int:
        return self._parked

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs. Parked items wait for people; they do not count."""
        return not self._running and not len(self._queue)

    def put(self, key: K, item: T, *, within: float = 60.0, trace: str = "") -> None:
        """Put *item* behind the others of *key*. Never waits.

        Args:
            key: Items of one key run one at a time, in the order they were put.
            item: What the body finds in `Job.item`.
            within: Seconds the body may take, counted from its start.
            trace: Current while the body runs.

        Raises:
            LanesFull: there is no room.
            LanesClosed: they are draining or closed.
        """
        if not self._taking:
            raise LanesClosed
        if len(self._queue) >= self._capacity:
            raise LanesFull(self._capacity)
        if self._queue.push(key, Job(self, key, item, within, trace)):
            self._call_one()

    async def drain(self, within: float) -> bool:
        """Take nothing new and wait until all is done. False: *within* seconds were not enough."""
        self._taking = False
        with trio.move_on_after(within):
            while not self.idle:
                self._quiet = self._quiet or trio.Event()
                await self._quiet.wait()
        return self.idle

    def close(self) -> None:
        """End everything: what runs or is parked is interrupted, what waits never starts."""
        self._taking = False
        while (taken := self._queue.take()) is not None:
            key, job = taken
            self._queue.done(key)
            self._report(job, Ended.UNSTARTED)
        self._nursery.cancel_scope.cancel(reason="lanes closed")

    # --- for jobs ----------------------------------------------------------------------

    def park(self, job: Job[K, T]) -> None:
        worker = job.worker
        if worker is None or job.parked:
            return
        if self._parked >= self._max_parked:
            raise TooManyParked(self._max_parked)
        job.parked = True
        job.within = worker.deadline - trio.current_time()
        worker.deadline = inf
        self._parked += 1
        self._running -= 1
        self._active -= 1
        self._queue.done(job.key)
        if self._queue.ready:
            self._call_one()
        self._hush()

    def resume(self, job: Job[K, T]) -> None:
        worker = job.worker
        if worker is None or not job.parked:
            return
        job.parked = False
        self._parked -= 1
        self._running += 1
        self._active += 1
        job.free = True
        worker.deadline = trio.current_time() + job.within
        self._glass.set(worker.deadline)

    # --- for workers -------------------------------------------------------------------

    def next_for(self, worker: Worker[K, T]) -> Job[K, T] | None:
        if self._active > self._max_workers:  # somebody came back from parking
            return None
        taken = self._queue.take()
        if taken is None:
            return None
        job = taken[1]
        job.worker = worker
        worker.job = job
        worker.deadline = deadline = trio.current_time() + job.within
        self._glass.set(deadline)
        self._running += 1
        return job

    async def rest(self, worker: Worker[K, T]) -> bool:
        """Sleep until there is something to do. False: there are workers enough."""
        if self._active > self._max_workers:
            return False
        self._idle.append(worker)

        def leave(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            self._idle.remove(worker)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(leave)
        return True

    def end(
        self, worker: Worker[K, T], ended: Ended, error: BaseException | None
    ) -> None:
        """Settle the worker's item, whatever state it is in."""
        job = worker.job
        assert job is not None
        worker.job = None
        worker.deadline = inf
        job.worker = None
        job.error = error
        if job.parked:
            job.parked = False
            self._parked -= 1
            self._active += 1
        else:
            self._running -= 1
            if not job.free:
                self._queue.done(job.key)
        self._report(job, ended)
        self._hush()

    def gone(self, worker: Worker[K, T]) -> None:
        self._crew.discard(worker)
        if not worker.fenced:
            self._active -= 1

    # --- inside ------------------------------------------------------------------------

    def _call_one(self) -> None:
        if self._idle:
            worker = self._idle.pop()
            assert worker.task is not None
            trio.lowlevel.reschedule(worker.task)
        elif self._active < self._max_workers:
            self._active += 1
            worker = Worker(self)
            self._crew.add(worker)
            self._nursery.start_soon(worker.run, name="lanes.worker")

    def _report(self, job: Job[K, T], ended: Ended) -> None:
        try:
            self._ended(job, ended)
        except Exception:
            log.exception("lane.report_failed", key=str(job.key), ended=ended.value)

    def _hush(self) -> None:
        if self._quiet is not None and self.idle:
            self._quiet.set()
            self._quiet = None

    def _overdue(self, now: float) -> float:
        """End what is over time; return the next deadline."""
        earliest = inf
        for worker in [w for w in self._crew if w.deadline <= now]:
            self._time_out(worker, now)
        for worker in self._crew:
            earliest = min(earliest, worker.deadline)
        return earliest

    def _time_out(self, worker: Worker[K, T], now: float) -> None:
        assert worker.scope is not None
        if not worker.scope.cancel_called:
            worker.deadline = now + FENCE_SECONDS
            worker.scope.cancel(reason="its deadline has passed")
            return
        # It does not let go. Its place is given to another worker; when it ends, it
        # finds itself fenced and goes home.
        job = worker.job
        assert job is not None
        log.error("lane.item_left_behind", key=str(job.key), trace=job.trace)
        self.end(worker, Ended.TIMED_OUT, None)
        worker.fenced = True
        self._active -= 1
        if self._queue.ready:
            self._call_one()


@asynccontextmanager
async def open_lanes(
    body: Callable[[Job[K, T]], Awaitable[None]],
    ended: Callable[[Job[K, T], Ended], None],
    *,
    workers: int = 64,
    capacity: int = 10_000,
    parked: int = 1_000,
) -> AsyncIterator[Lanes[K, T]]:
    """Open lanes for as long as the block lasts: `lanes = await ctx.enter(open_lanes(...))`.

    Args:
        body: Handles one item. It may raise, and it may park its job.
        ended: Told once for each item that was put, however it ended. Plain, quick.
        workers: How many keys may be at work at the same time.
        capacity: How many items may wait.
        parked: How many items may be parked.
    """
    async with trio.open_nursery() as nursery:
        lanes = Lanes(
            nursery, body, ended, workers=workers, capacity=capacity, parked=parked
        )
        try:
            yield lanes
        finally:
            lanes.close()
