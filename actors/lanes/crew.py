"""A crew: workers, as many as there is work for, up to a number.

Each job has a deadline, and nothing that a job does, raises or fails to do gets out of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from itertools import chain
from math import inf
from typing import Generic, TypeVar

import structlog
import trio

from actors.kernel import Turn, current_turn
from actors.lanes.hourglass import Hourglass
from actors.lanes.job import Ended, Work
from actors.lanes.worker import Worker

J = TypeVar("J", bound=Work)

log = structlog.get_logger()

FENCE_SECONDS = 2.0
"""How long a body may go on after its deadline before it is left behind."""


class Crew(Generic[J]):
    """Workers that take jobs wherever they come from, and do them side by side.

    What a body raises, or that it hangs, is the outcome of its job only. Whoever has
    made a job available says so with `call`.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        *,
        take: Callable[[], J | None],
        body: Callable[[J], Awaitable[None]],
        ended: Callable[[J, Ended, BaseException | None], None],
        size: int,
    ) -> None:
        """Make a crew without workers; they come when they are called.

        Args:
            nursery: Where they live; it belongs to the incarnation they work for.
            take: Gives the next job, or `None` when there is none now.
            body: Does a job. It may raise.
            ended: Told once for each job that was taken. Plain, quick.
            size: How many jobs may be taken at the same time.
        """
        self.owner: Turn | None = current_turn.get()
        """Whose workers these are; a worker may be started from another actor's task."""
        # What the log knows of whoever calls a worker is nothing of that worker's.
        self._context = copy_context()
        self.body = body
        self.running = 0
        """Jobs in hand that count: neither parked nor left behind."""
        self._take = take
        self._ended = ended
        self._nursery = nursery
        self.size = size
        """How many may take jobs. Those who go on with a parked one come on top."""
        self._idle: list[Worker[J]] = []
        # A dict, not a set: in which order workers are ended must not be chance.
        self._all: dict[Worker[J], None] = {}
        # Jobs that were begun in a plain call, each with its deadline.
        self._unmanned: dict[J, float] = {}
        # Jobs for those who were woken to do them, in the order in which they came.
        self._given: deque[J] = deque()
        self._active = 0
        """Workers that take jobs: all but the parked, the extra and the fenced."""
        self._missed = False
        self._dismissed = False
        # The bound method: it is read twice for every job.
        self._clock = trio.lowlevel.current_clock().current_time
        self._glass = Hourglass(self._overdue)
        nursery.start_soon(self._glass.run, name="lanes.hourglass")

    def call(self) -> None:
        """Wake a worker, or hire one, because there is one more job to take."""
        if self._idle:
            self._wake()
        elif self._active < self.size:
            self._active += 1
            worker = Worker(self)
            self._all[worker] = None
            self._context.run(
                partial(self._nursery.start_soon, worker.run, name="lanes.worker")
            )
        else:
            self._missed = True  # all are at work; who finds nothing must look again

    @property
    def free(self) -> bool:
        """Whether a job may be given to a worker that rests; see `give`."""
        return bool(self._idle) and self._active <= self.size

    def give(self, job: J) -> None:
        """Have *job* done by a worker that rests, without a way through what it is taken from."""
        self.running += 1
        self._given.append(job)
        self._wake()

    def take_back(self) -> list[J]:
        """Return the jobs that were given and that nobody has begun."""
        jobs = list(self._given)
        self._given.clear()
        self.running -= len(jobs)
        return jobs

    def _wake(self) -> None:
        worker = self._idle.pop()
        assert worker.task is not None
        trio.lowlevel.reschedule(worker.task)

    def dismiss(self) -> None:
        """Take nothing new: idle workers go home now, the others when they are done."""
        self._dismissed = True
        for worker in self._idle:
            assert worker.task is not None
            trio.lowlevel.reschedule(worker.task)
        self._idle.clear()
        self._part()

    def _part(self) -> None:
        """End the watch over deadlines once the last worker has gone home."""
        if not (self._all or self._unmanned):
            self._glass.smash()

    def cancel(self, condemned: Callable[[J], bool], reason: str) -> None:
        """End the jobs that *condemned* picks, as if their time were up."""
        for worker in self._all:
            if worker.job is not None and not worker.fenced and condemned(worker.job):
                self._spend(worker, self._clock(), reason)
        for job in [job for job in self._unmanned if condemned(job)]:
            self.end_begun(job, Ended.TIMED_OUT, None)

    def worker_of(self, job: J) -> Worker[J] | None:
        """Return who has *job* in hand."""
        task = trio.lowlevel.current_task()
        for worker in self._all:
            if worker.task is task:
                return worker if worker.job is job else None
        return None

    def step_out(self, worker: Worker[J]) -> float:
        """Do not count this worker; return what was left of its time."""
        left = worker.deadline - self._clock()
        worker.deadline = inf
        self.running -= 1
        self._active -= 1
        return left

    def step_in(self, worker: Worker[J], left: float) -> None:
        """Give this worker *left* seconds to go on, beside those who take jobs."""
        self.running += 1
        worker.extra = True
        worker.deadline = self._clock() + left
        self._glass.set(worker.deadline)

    # --- jobs without a worker ---------------------------------------------------------

    def begun(self, job: J) -> None:
        """Count a job that was begun in a plain call, and needs nobody to wait for it."""
        self._unmanned[job] = deadline = self._clock() + job.within
        if deadline < self._glass.next_at:
            self._glass.set(deadline)
        self.running += 1

    def has_begun(self, job: J) -> bool:
        """Return whether *job* was begun by `begun`, and has not ended."""
        return job in self._unmanned

    def end_begun(self, job: J, ended: Ended, error: BaseException | None) -> None:
        """Report such a job, once; nothing happens if it has ended before."""
        if self._unmanned.pop(job, None) is not None:
            self.running -= 1
            self._report(job, ended, error)
            if self._dismissed:
                self._part()

    def interrupt(self) -> None:
        """End all of these: what the crew works for is over."""
        for job in list(self._unmanned):
            self.end_begun(job, Ended.INTERRUPTED, None)

    # --- for workers -------------------------------------------------------------------

    def next_for(self, worker: Worker[J]) -> J | None:
        """Return the next job of *worker*; `None`: it is to rest."""
        if self._dismissed or self._active > self.size:
            return None
        job: J | None
        if self._given:
            job = self._given.popleft()
        else:
            job = self._take()
            if job is None:
                return None
            self.running += 1
        worker.job = job
        worker.deadline = deadline = self._clock() + job.within
        if deadline < self._glass.next_at:
            self._glass.set(deadline)
        return job

    async def rest(self, worker: Worker[J]) -> bool:
        """Sleep until there is something to do. False: go home."""
        if self._dismissed or self._active > self.size:
            return False
        if self._missed:
            self._missed = False
            return True
        self._idle.append(worker)

        def leave(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            self._idle.remove(worker)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(leave)
        return not self._dismissed

    def end(self, worker: Worker[J], ended: Ended, error: BaseException | None) -> None:
        """Report the worker's job. A parked one counts again, as the worker does."""
        job = worker.job
        assert job is not None
        worker.job = None
        worker.deadline = inf
        if job.parked or worker.extra:
            self._active += 1
            worker.extra = False
        if not job.parked:
            self.running -= 1
        self._report(job, ended, error)

    def _report(self, job: J, ended: Ended, error: BaseException | None) -> None:
        try:
            self._ended(job, ended, error)
        except Exception:
            log.exception("lane.report_failed", trace=job.trace, ended=ended.value)

    def gone(self, worker: Worker[J]) -> None:
        self._all.pop(worker, None)
        if not worker.fenced:
            self._active -= 1
        if self._dismissed:
            self._part()

    # --- time --------------------------------------------------------------------------

    def _overdue(self, now: float) -> float:
        """End jobs whose deadline has passed; return the next deadline."""
        for worker in [worker for worker in self._all if worker.deadline <= now]:
            self._spend(worker, now, "its time is up")
        for job in [job for job, at in self._unmanned.items() if at <= now]:
            self.end_begun(job, Ended.TIMED_OUT, None)
        deadlines = chain(
            (worker.deadline for worker in self._all), self._unmanned.values()
        )
        return min(deadlines, default=inf)

    def _spend(self, worker: Worker[J], now: float, reason: str) -> None:
        if not worker.spent:
            worker.spent = True
            worker.scope.cancel(reason=reason)
            worker.deadline = now + FENCE_SECONDS
            self._glass.set(worker.deadline)
        elif worker.deadline <= now:
            # It does not let go. Its place is given to another worker; when it ends at
            # last, it finds itself fenced and goes home.
            assert worker.job is not None
            log.error("lane.job_left_behind", trace=worker.job.trace)
            self.end(worker, Ended.TIMED_OUT, None)
            worker.fenced = True
            self._active -= 1
            self.call()
