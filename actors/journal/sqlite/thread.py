"""How the journal's work is run: in a thread of its own, or right here.

A thread for every call (`to_thread`) costs a third more, and would let a call that hangs
be followed by the next one. Here a job that hangs holds up those behind it, which is
what a file with one writer needs.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Protocol, TypeVar, cast

import trio
from outcome import Outcome as Ended
from outcome import Value, capture

R = TypeVar("R")


def _nobody(_: object) -> None:
    """Only who waits wants to know."""


class Run(Protocol):
    """Runs jobs one after the other."""

    async def __call__(
        self, job: Callable[[], R], told: Callable[[R], None] = _nobody
    ) -> R:
        """Return what *job* returns. Who is cancelled does not wait for it any more.

        Args:
            job: What to do.
            told: Called in trio's thread with what it returned, before the task that
                waits is woken. Plain; never raises.
        """
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class _Job:
    __slots__ = ("ended", "task", "told", "work")

    def __init__(
        self,
        work: Callable[[], object],
        told: Callable[[object], None],
        task: trio.lowlevel.Task,
    ) -> None:
        self.work = work
        self.told = told
        self.task: trio.lowlevel.Task | None = task
        self.ended: Ended[object] | None = None

    def deliver(self) -> None:
        if self.task is not None:
            assert self.ended is not None
            if isinstance(self.ended, Value):
                self.told(self.ended.value)
            trio.lowlevel.reschedule(self.task, self.ended)


class OwnThread:
    """One thread, begun with the first job. It does not keep the process alive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def __call__(
        self, job: Callable[[], R], told: Callable[[R], None] = _nobody
    ) -> R:
        if self._thread is None:
            token = trio.lowlevel.current_trio_token()
            self._thread = Thread(
                target=_work, args=(self._jobs, token), name=self._name, daemon=True
            )
            self._thread.start()
        waiting = _Job(
            job, cast("Callable[[object], None]", told), trio.lowlevel.current_task()
        )

        def leave(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            waiting.task = None
            return trio.lowlevel.Abort.SUCCEEDED

        self._jobs.put(waiting)
        # What comes back is what the job returned.
        return cast(R, await trio.lowlevel.wait_task_rescheduled(leave))

    def close(self) -> None:
        self._jobs.put(None)


def _work(jobs: SimpleQueue[_Job | None], token: trio.lowlevel.TrioToken) -> None:
    while (job := jobs.get()) is not None:
        job.ended = capture(job.work)
        try:
            token.run_sync_soon(job.deliver)
        except trio.RunFinishedError:
            return
        del job  # nothing of it may live until the next one comes


class Inline:
    """Runs each job in the calling task, after *latency()* seconds of its clock."""

    def __init__(self, latency: Callable[[], float] = lambda: 0.0) -> None:
        self._latency = latency
        self._turn = trio.Lock()

    async def __call__(
        self, job: Callable[[], R], told: Callable[[R], None] = _nobody
    ) -> R:
        async with self._turn:
            await trio.sleep(self._latency())
            result = job()
            told(result)
            return result

    def close(self) -> None:
        """There is nothing to end."""
