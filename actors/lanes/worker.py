"""One task that does one job after the other, in one cancel scope."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

import trio

from actors.kernel import Span, current_turn
from actors.lanes.job import Ended, Work

if TYPE_CHECKING:
    from actors.lanes.crew import Crew

J = TypeVar("J", bound=Work)


class Worker(Generic[J]):
    """Takes the next job when it has ended one; rests when there is none.

    The scope is made once and spent only by a timeout: a scope for each job would cost
    as much as everything else together.
    """

    __slots__ = (
        "_crew",
        "_span",
        "deadline",
        "extra",
        "fenced",
        "job",
        "scope",
        "spent",
        "task",
    )

    def __init__(self, crew: Crew[J]) -> None:
        self._crew = crew
        self.job: J | None = None
        self.deadline = inf
        self.extra = False
        """Whether it does a job that was parked, and is not one of those who take jobs."""
        self.fenced = False
        """Whether it was left behind: nothing that it still does counts."""
        self.scope = trio.CancelScope()
        self.spent = False
        """That scope was cancelled. To ask the scope itself is four calls for each job."""
        self.task: trio.lowlevel.Task | None = None
        self._span = Span("", inf, crew.owner)

    async def run(self) -> None:
        """Work until the crew has no use for this worker any more."""
        self.task = trio.lowlevel.current_task()
        # Whoever put the first job may be somebody else's task; its turn is not ours.
        current_turn.set(self._span)
        try:
            while await self._shift():
                self.scope = trio.CancelScope()
                self.spent = False
        finally:
            # Only a cancellation from outside leaves a job in hand.
            if self.job is not None and not self.fenced:
                self._crew.end(self, Ended.INTERRUPTED, None)
            self._crew.gone(self)

    async def _shift(self) -> bool:
        """Work in one scope until a timeout spends it. False: go home."""
        error: BaseException | None = None
        try:
            with self.scope:
                return await self._work()
        except trio.Cancelled as kept:
            # One that nobody sent: the body raised a `Cancelled` from somewhere else.
            if self.job is None or trio.current_effective_deadline() == -inf:
                raise
            error = kept
        except KeyboardInterrupt:
            raise
        except BaseExceptionGroup as group:
            # The body had a nursery of its own in which something raised. What is no
            # plain exception in it is not ours to keep.
            if self.job is None or group.split(Exception)[1] is not None:
                raise
            error = group
        except BaseException as raised:
            if self.job is None:
                raise
            error = raised
        if self.job is not None and not self.fenced:
            self._crew.end(self, Ended.TIMED_OUT if self.spent else Ended.RAISED, error)
        return not self.fenced

    async def _work(self) -> bool:
        crew = self._crew
        envelope = self._span.in_hand
        while True:
            job = crew.next_for(self)
            if job is None:
                if not await crew.rest(self):
                    return False
                continue
            if envelope is not None:
                envelope.trace = job.trace
            await crew.body(job)
            if self.fenced:
                return False
            crew.end(self, Ended.DONE, None)
            if self.spent:  # it ended in the moment its time was up
                return True
