"""Those who wait until the backlog of their platform has room, first come first served."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import trio
from outcome import Error, Outcome, Value

from actors.journal.backlog import InboxAccount

T = TypeVar("T")


class Waiter(Generic[T]):
    """A task that waits until the event it brought is accepted; it may be cancelled."""

    __slots__ = ("_answer", "_task", "accept", "line", "owner", "size")

    def __init__(
        self, owner: InboxAccount, size: int, accept: Callable[[Waiter[T]], None]
    ) -> None:
        self.owner = owner
        self.size = size
        """Bytes it needs room for; 0 needs only its turn."""
        self.accept = accept
        """Called when there is room; it has to call `answer` or `fail`, now or later."""
        self.line: deque[Waiter[T]] | None = None
        self._task: trio.lowlevel.Task | None = None
        self._answer: Outcome[T] | None = None

    async def answered(self, left: Callable[[Waiter[T]], None]) -> T:
        """Return the answer, which may be here already; *left* is called at a cancellation."""
        if self._answer is not None:
            return self._answer.unwrap()

        def leave(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            self._task = None
            left(self)
            return trio.lowlevel.Abort.SUCCEEDED

        self._task = trio.lowlevel.current_task()
        # The value is what was given to `answer`.
        return cast(T, await trio.lowlevel.wait_task_rescheduled(leave))

    def answer(self, value: T) -> None:
        """Wake the task with *value*, if it still waits."""
        self._end(Value(value))

    def fail(self, error: Exception) -> None:
        """Wake the task with an error, if it still waits."""
        self._end(Error(error))

    def _end(self, answer: Outcome[T]) -> None:
        task, self._task = self._task, None
        if task is not None:
            trio.lowlevel.reschedule(task, answer)
        else:
            self._answer = answer


class Crowds(Generic[T]):
    """The lines before all backlogs, one for each platform.

    Whoever makes room accepts for those in line, in the same call (`admit`): so nobody who
    comes later can slip in between.

    Args:
        fits: Says whether there is room for so many bytes in that account's backlog.
    """

    def __init__(self, fits: Callable[[InboxAccount, int], bool]) -> None:
        self._fits = fits
        self._lines: dict[str, deque[Waiter[T]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __contains__(self, platform: str) -> bool:
        return platform in self._lines

    def waiting(self, platform: str) -> int:
        """Count those who wait for room in the backlog of *platform*."""
        return len(self._lines.get(platform, ()))

    async def wait(self, waiter: Waiter[T]) -> T:
        """Stand in line until there is room, then until there is an answer."""
        line = self._lines.setdefault(waiter.owner.platform, deque())
        line.append(waiter)
        waiter.line = line
        return await waiter.answered(self._left)

    def admit(self) -> None:
        """Accept for those in front, as far as there is room."""
        for platform, line in list(self._lines.items()):
            while line:
                waiter = line[0]
                if waiter.size and not self._fits(waiter.owner, waiter.size):
                    break
                line.popleft()
                waiter.line = None
                waiter.accept(waiter)
            if not line and self._lines.get(platform) is line:
                del self._lines[platform]

    def _left(self, waiter: Waiter[T]) -> None:
        if waiter.line is None:  # its event is being written; that goes on without it
            return
        waiter.line.remove(waiter)
        # What was not journalled must not be skipped by the cursor of a later event: it
        # stays where it is until a new session has asked for it.
        waiter.owner.tear()
        self.admit()
