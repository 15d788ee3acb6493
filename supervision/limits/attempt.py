"""One attempt at a peer, through all of its limits in the one order that works.

    permit   first: while a call waits for its permit it has taken nothing of the rate yet
    rate     then; it is given back if the breaker refuses the call
    breaker  last, so that it counts only calls that were really made
    call     under a deadline of its own

Whether the caller may call at all (admission, a budget) is checked before all this. Trying
again, and the pause before that, are outside, too: a pause inside would hold a permit, and
the breaker would see one verdict for many attempts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import trio
from attrs import field, frozen

from supervision.limits.bulkhead import Bulkhead
from supervision.limits.circuit import Call, CircuitBreaker
from supervision.limits.errors import CircuitOpen
from supervision.limits.limiter import RateLimiter
from supervision.limits.values import Urgency


@frozen
class Limits:
    """The limits of one peer. Each peer has its own, so that none can hurt another."""

    bulkhead: Bulkhead
    limiter: RateLimiter
    breaker: CircuitBreaker
    clock: Callable[[], float] = field(default=trio.current_time, kw_only=True)
    """Monotonic seconds."""

    @asynccontextmanager
    async def attempt(
        self,
        costs: Mapping[str, int],
        *,
        urgency: Urgency = Urgency.NORMAL,
        admitted_within: float,
        within: float,
    ) -> AsyncIterator[None]:
        """Let the body of the `with` make one attempt. Whoever tries again pauses outside.

        A failure that says when the peer wants to hear from us again closes the rate
        until then.

        Args:
            costs: Of this attempt, by meter of the limiter.
            urgency: Who goes first where several wait for a permit.
            admitted_within: Seconds it may wait for a permit and the rate together.
            within: Seconds the attempt may take from then on.

        Raises:
            LimitRefused: The body did not run. `retry_after` says when it might.
            AttemptTimeout: The body was cancelled at its deadline.
        """
        deadline = self.clock() + admitted_within
        async with self.bulkhead.permit(urgency, within=admitted_within):
            await self.limiter.take(costs, within=deadline - self.clock())
            call: Call | None = None
            try:
                with self.breaker.call(within=within) as call:
                    yield
            except CircuitOpen:
                if call is None:
                    self.limiter.give_back(costs)
                raise
            finally:
                if call is not None and call.judgement.retry_after is not None:
                    self.limiter.close_for(call.judgement.retry_after)
