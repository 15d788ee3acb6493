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

    @property
    def ready(self) -> bool:
        """May `start` be called?"""
        ...

    def start(self, job: Callable[[], R], ended: Callable[[Ended[R]], None]) -> None:
        """Begin *job*, without anybody who waits.

        Args:
            job: What to do.
            ended: Called in trio's thread with how that ended. Plain; never raises.
        """
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class _Job:
    __slots__ = ("_ended", "_told", "_work")

    def __init__(
        self, work: Callable[[], object], told: Callable[[Ended[object]], None]
    ) -> None:
        self._work = work
        self._told = told
        self._ended: Ended[object] | None = None

    def do(self) -> None:
        self._ended = capture(self._work)

    def deliver(self) -> None:
        assert self._ended is not None
        self._told(self._ended)


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
        waiting: trio.lowlevel.Task | None = trio.lowlevel.current_task()

        def leave(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            nonlocal waiting
            waiting = None
            return trio.lowlevel.Abort.SUCCEEDED

        def wake(ended: Ended[R]) -> None:
            if waiting is not None:
                if isinstance(ended, Value):
                    told(ended.value)
                trio.lowlevel.reschedule(waiting, ended)

        self.start(job, wake)
        # What comes back is what the job returned.
        return cast(R, await trio.lowlevel.wait_task_rescheduled(leave))

    @property
    def ready(self) -> bool:
        return self._thread is not None

    def start(self, job: Callable[[], R], ended: Callable[[Ended[R]], None]) -> None:
        # A job is told how itself has ended, and nothing else.
        self._jobs.put(_Job(job, cast("Callable[[Ended[object]], None]", ended)))

    def close(self) -> None:
        self._jobs.put(None)


def _work(jobs: SimpleQueue[_Job | None], token: trio.lowlevel.TrioToken) -> None:
    while (job := jobs.get()) is not None:
        job.do()
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

    @property
    def ready(self) -> bool:
        return False  # whoever waits is the task that it runs in

    def start(self, job: Callable[[], R], ended: Callable[[Ended[R]], None]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """There is nothing to end."""
