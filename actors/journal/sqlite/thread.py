"""How the journal's work is run: in a thread of its own, or right here.

trio's own `to_thread` uses any thread for each call. That costs a third more, and while one
call hangs the next would begin in another thread. Here a job that hangs holds up those
behind it, which is what a file with one writer needs.

What a job returned comes back through a pipe that one task reads, and not through trio's
`run_sync_soon`: that is made for signal handlers and many threads at once, and is half of
what a hop costs.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Final, Protocol, TypeVar, cast

import trio
from outcome import Outcome as Ended
from outcome import Value, capture

R = TypeVar("R")
BELL_BYTES: Final = 64
"""How many bytes are read from the pipe at once: more than there are jobs under way."""


def _nobody(_: object) -> None:
    """Ignore the result of a job; whoever waits for it gets it anyway."""


class Run(Protocol):
    """Runs jobs one after the other."""

    async def __call__(
        self, job: Callable[[], R], told: Callable[[R], None] = _nobody
    ) -> R:
        """Return what *job* returns. The job goes on even if the caller is cancelled.

        Args:
            job: What to do.
            told: Called in trio's thread with what it returned, before the task that
                waits is woken. Plain; never raises.
        """
        ...

    @property
    def ready(self) -> bool:
        """Return whether `start` may be called now."""
        ...

    def start(self, job: Callable[[], R], ended: Callable[[Ended[R]], None]) -> None:
        """Begin *job*; nobody waits for it, *ended* is called instead.

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
        self._done: deque[_Job] = deque()
        self._begun = False

    async def __call__(
        self, job: Callable[[], R], told: Callable[[R], None] = _nobody
    ) -> R:
        if not self._begun:
            self._begin()
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
        return self._begun

    def start(self, job: Callable[[], R], ended: Callable[[Ended[R]], None]) -> None:
        # A job is told how itself has ended, and nothing else.
        self._jobs.put(_Job(job, cast("Callable[[Ended[object]], None]", ended)))

    def close(self) -> None:
        self._jobs.put(None)

    def _begin(self) -> None:
        """Begin the thread, or raise; the next call tries again."""
        here, there = os.pipe()
        os.set_blocking(here, False)
        ours = (self._jobs, self._done, there)
        try:
            Thread(target=_work, args=ours, name=self._name, daemon=True).start()
        except RuntimeError:  # the system has no thread for us
            os.close(here)
            os.close(there)
            raise
        self._begun = True
        trio.lowlevel.spawn_system_task(_deliver, self._done, here)


def _work(jobs: SimpleQueue[_Job | None], done: deque[_Job], bell: int) -> None:
    """Do one job after the other; each that is done is announced by a byte."""
    _let_others_finish()
    # Nobody reads any more: trio has ended, and with it whoever waited.
    with suppress(BrokenPipeError):
        while (job := jobs.get()) is not None:
            job.do()
            done.append(job)
            del job  # nothing of it may live until the next one comes
            os.write(bell, b".")
    os.close(bell)


async def _deliver(done: deque[_Job], bell: int) -> None:
    """Call `deliver` of each job that is done, until the thread has ended."""
    try:
        while True:
            await trio.lowlevel.wait_readable(bell)
            if not os.read(bell, BELL_BYTES):
                return
            while done:
                done.popleft().deliver()
    finally:
        os.close(bell)


def _let_others_finish() -> None:
    """Do not interrupt whoever wakes this thread.

    They hold the GIL when they do, so it would only run as far as to wait for it, and
    they would be waked in turn: two switches for each job that nobody has use for.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # where a sandbox forbids it, it is only slower
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


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
