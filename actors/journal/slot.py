"""One answer, for a task that waits for it or was cancelled meanwhile."""

from __future__ import annotations

from typing import Generic, TypeVar, cast

import trio
from outcome import Error, Outcome, Value

T = TypeVar("T")


class Slot(Generic[T]):
    """Filled once, awaited once or never."""

    __slots__ = ("_answer", "_task")

    def __init__(self) -> None:
        self._answer: Outcome[T] | None = None
        self._task: trio.lowlevel.Task | None = None

    def fill(self, answer: T | Exception) -> None:
        """Hand the answer over; an exception is raised by `wait`."""
        ended: Outcome[T] = (
            Error(answer) if isinstance(answer, Exception) else Value(answer)
        )
        task, self._task = self._task, None
        if task is not None:
            trio.lowlevel.reschedule(task, ended)
        else:
            self._answer = ended

    async def wait(self) -> T:
        """Return the answer, or raise it if it is an error."""
        if self._answer is not None:
            return self._answer.unwrap()

        def leave(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            self._task = None
            return trio.lowlevel.Abort.SUCCEEDED

        self._task = trio.lowlevel.current_task()
        # What comes back is what `fill` was given.
        return cast(T, await trio.lowlevel.wait_task_rescheduled(leave))
