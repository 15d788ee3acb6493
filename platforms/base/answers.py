"""Which answer belongs to which request, on one socket. Nothing here does I/O.

Rules of this file:

1. A request is known before its first byte leaves, so no answer comes too early.
2. A table belongs to one socket. When that is lost, everything pending ends at once
   as *unknown*, and no other socket can resolve it.
3. A deadline ends the wait, not the memory: a late answer is handed to `late`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Generic, TypeVar

import trio
from attrs import frozen

from actors.sender import OutcomeUnknown

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)

REMEMBERED_LATE = 1000
"""How many overdue requests are remembered for their late answers."""


@frozen
class Answer(Generic[A_co]):
    """What `answer_of` found in a frame: the answer to the request called *ref*."""

    ref: str
    value: A_co


class Pending(Generic[A]):
    """One request that was made, or is about to be, and has no answer yet."""

    __slots__ = ("_ended", "_late", "_told", "deadline", "ref")

    def __init__(
        self,
        ref: str,
        deadline: float,
        told: Callable[[A | OutcomeUnknown], None],
        late: Callable[[A], None] | None,
    ) -> None:
        self.ref = ref
        self.deadline = deadline
        self._told = told
        self._late = late
        self._ended = False

    def answer(self, value: A) -> None:
        if not self._ended:
            self._ended = True
            self._told(value)
        elif self._late is not None:
            self._late(value)

    def end(self, error: OutcomeUnknown) -> None:
        if not self._ended:
            self._ended = True
            self._told(error)


class Reply(Generic[A]):
    """An answer that a task waits for."""

    __slots__ = ("_answer", "_here")

    def __init__(self) -> None:
        self._answer: list[A | OutcomeUnknown] = []
        self._here = trio.Event()

    def told(self, answer: A | OutcomeUnknown) -> None:
        self._answer.append(answer)
        self._here.set()

    async def wait(self) -> A:
        """Return the answer.

        Raises:
            OutcomeUnknown: the deadline passed or the socket was lost.
        """
        await self._here.wait()
        [answer] = self._answer
        if isinstance(answer, OutcomeUnknown):
            raise answer
        return answer


class Answers(Generic[A]):
    """The requests of one socket that have no answer yet, and those that had none in time."""

    def __init__(self) -> None:
        self._pending: dict[str, Pending[A]] = {}
        # Overdue ones, oldest first: their answers may still come.
        self._overdue: dict[str, Pending[A]] = {}
        self.lost = ""
        """Why nothing can be asked any more; empty while it can."""

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def next_deadline(self) -> float:
        """When the first request is overdue; `inf` for never. Looks at all of them: O(n)."""
        return min((each.deadline for each in self._pending.values()), default=inf)

    def open(
        self,
        ref: str,
        deadline: float,
        told: Callable[[A | OutcomeUnknown], None],
        late: Callable[[A], None] | None = None,
    ) -> Pending[A]:
        """Enter a request.

        Args:
            ref: What its answer will be called.
            deadline: When it is overdue.
            told: Called once, with the answer or with why there is none.
            late: Called with an answer that comes after that.
        """
        pending = Pending(ref, deadline, told, late)
        if self.lost:
            pending.end(OutcomeUnknown(self.lost))
        else:
            self._pending[ref] = pending
        return pending

    def forget(self, pending: Pending[A]) -> None:
        """Wait for *pending* no longer; an answer that still comes is a late one."""
        if self._take_out(pending):
            pending.end(OutcomeUnknown("nobody waited for the answer"))
            self._remember(pending)

    def withdraw(self, pending: Pending[A]) -> None:
        """Strike *pending* out, which was not asked after all; nobody is told anything."""
        self._take_out(pending)

    def settle(self, answer: Answer[A]) -> bool:
        """Hand over an answer; say whether anybody had asked for it."""
        pending = self._pending.pop(answer.ref, None)
        if pending is None:
            pending = self._overdue.pop(answer.ref, None)
        if pending is None:
            return False
        pending.answer(answer.value)
        return True

    def expire(self, now: float) -> int:
        """End the requests that are overdue at *now*, and return how many they were."""
        overdue = [p for p in self._pending.values() if p.deadline <= now]
        for pending in overdue:
            del self._pending[pending.ref]
            pending.end(OutcomeUnknown("no answer in time"))
            self._remember(pending)
        return len(overdue)

    def lose(self, why: str) -> int:
        """End all requests, for the socket is gone; return how many they were."""
        self.lost = why or "the connection was lost"
        pending, self._pending = self._pending, {}
        self._overdue = {}
        for each in pending.values():
            each.end(OutcomeUnknown(self.lost))
        return len(pending)

    def _take_out(self, pending: Pending[A]) -> bool:
        """Take exactly this one out: by now another request may go by the same name."""
        found = self._pending.get(pending.ref) is pending
        if found:
            del self._pending[pending.ref]
        return found

    def _remember(self, pending: Pending[A]) -> None:
        self._overdue[pending.ref] = pending
        while len(self._overdue) > REMEMBERED_LATE:
            del self._overdue[next(iter(self._overdue))]
