"""Permits that one waits for: the shell around `permits`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from supervision.limits.errors import Overloaded, WaitTooLong
from supervision.limits.permits import Claim, ClaimState, PermitPolicy, Permits
from supervision.limits.values import Urgency


class Bulkhead:
    """Limits how many calls to one peer are under way, so that a slow one blocks no other."""

    def __init__(
        self,
        name: str,
        policy: PermitPolicy,
        *,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        """Make one with all permits free.

        Args:
            name: Of the peer, for errors.
            policy: How many may be under way, and how many may wait.
            clock: Monotonic seconds.
        """
        self.name = name
        self._permits = Permits(policy)
        self._clock = clock
        self._asleep: dict[Claim, trio.lowlevel.Task] = {}

    @property
    def held(self) -> int:
        return self._permits.held

    @property
    def waiting(self) -> int:
        return sum(self._permits.waiting(urgency) for urgency in Urgency)

    @asynccontextmanager
    async def permit(
        self, urgency: Urgency = Urgency.NORMAL, *, within: float
    ) -> AsyncIterator[None]:
        """Hold a permit while the body runs, waiting for one if need be.

        Args:
            urgency: Who goes first where several wait.
            within: Seconds it may wait.

        Raises:
            Overloaded: as many of this urgency as may wait do already.
            WaitTooLong: it has waited *within* seconds in vain.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        claim = self._claim(urgency)
        try:
            if claim.state is ClaimState.HELD:
                await trio.lowlevel.cancel_shielded_checkpoint()
            else:
                await self._wait(claim, within)
            yield
        finally:
            self._wake(self._permits.end(claim))

    def resize(self, policy: PermitPolicy) -> None:
        """Go on with other numbers. Nobody who holds a permit or waits is sent away."""
        self._wake(self._permits.resize(policy))

    def _claim(self, urgency: Urgency) -> Claim:
        claim = self._permits.claim(urgency, self._clock())
        if claim is None:
            waiting = self._permits.waiting(urgency)
            raise Overloaded(self.name, urgency, waiting, self._permits.held)
        return claim

    async def _wait(self, claim: Claim, within: float) -> None:
        def wake_up(_: trio.lowlevel.RaiseCancelT) -> trio.lowlevel.Abort:
            del self._asleep[claim]
            return trio.lowlevel.Abort.SUCCEEDED

        self._asleep[claim] = trio.lowlevel.current_task()
        with trio.move_on_after(max(0.0, within)):
            await trio.lowlevel.wait_task_rescheduled(wake_up)
        if claim.state is not ClaimState.HELD:
            raise WaitTooLong(self.name, within)

    def _wake(self, granted: list[Claim]) -> None:
        for claim in granted:
            # One that was cancelled a moment ago is not asleep: it gives back by itself.
            task = self._asleep.pop(claim, None)
            if task is not None:
                trio.lowlevel.reschedule(task)
