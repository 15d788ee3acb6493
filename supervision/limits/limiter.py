"""A rate limiter that one waits for: the shell around `bucket`.

First come, first served, whatever the cost, so that a large request is not overtaken by
small ones for ever. Only the first in line looks at the buckets. It takes from them in its
own task, so a call that is cancelled while it waits has taken nothing.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from math import inf

import trio

from supervision.limits.bucket import TICKS, Buckets, Pace
from supervision.limits.errors import WaitTooLong

SLACK = 2 / TICKS
"""Seconds that rounding may cost: a wait of exactly *within* must not seem too long."""


class RateLimiter:
    """So many requests, and so many of whatever they cost, in so much time."""

    def __init__(
        self,
        name: str,
        paces: Mapping[str, Pace],
        *,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        """Make one with full buckets.

        Args:
            name: Of what is limited, for errors.
            paces: By meter: `{"requests": Pace(60, 60.0), "tokens": Pace(90_000, 60.0)}`.
            clock: Monotonic seconds.
        """
        self.name = name
        self._buckets = Buckets(paces)
        self._clock = clock
        # Ordered, and cheap at both ends and in the middle: who gives up leaves.
        self._line: OrderedDict[object, trio.Event] = OrderedDict()
        self._ahead: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        return len(self._line)

    async def take(self, costs: Mapping[str, int], *, within: float) -> None:
        """Take *costs* of all meters at once, waiting for them if need be.

        Args:
            costs: By meter; a meter that is not named costs nothing.
            within: Seconds it may wait. A wait that is known to be longer is refused
                at once.

        Raises:
            WaitTooLong: `retry_after` says when; nothing was taken.
            ValueError: a cost is no whole number, or its meter is unknown.
        """
        self._buckets.check(costs)
        await trio.lowlevel.checkpoint_if_cancelled()
        now = self._clock()
        if not self._line and self._buckets.take(now, costs):
            await trio.lowlevel.cancel_shielded_checkpoint()
            return
        self._expect(self._buckets.wait(now, costs, self._ahead), within, within)
        await self._wait(costs, within, now + within)

    def give_back(self, costs: Mapping[str, int]) -> None:
        """Put back what was taken for a call that did not happen."""
        self._buckets.give_back(self._clock(), costs)
        self._ring()

    def close_for(self, seconds: float) -> None:
        """Let nobody through for so long, as the peer asked (`Retry-After`)."""
        self._buckets.close_for(self._clock(), seconds)
        self._ring()

    def resize(self, paces: Mapping[str, Pace]) -> None:
        """Go on at other paces, of the same meters; those who wait wait accordingly."""
        self._buckets.resize(self._clock(), paces)
        self._ring()

    async def _wait(
        self, costs: Mapping[str, int], within: float, deadline: float
    ) -> None:
        me = object()
        bell = self._line[me] = trio.Event()
        self._ahead.update(costs)
        try:
            while True:
                now = self._clock()
                left = deadline - now
                first = next(iter(self._line)) is me
                if first and self._buckets.take(now, costs):
                    return
                wait = self._buckets.wait(now, costs) if first else left
                self._expect(wait, left, within)
                with trio.move_on_after(wait):
                    await bell.wait()
                if not first and not bell.is_set():
                    raise WaitTooLong(self.name, within)
                bell = self._line[me] = trio.Event()
        finally:
            del self._line[me]
            self._ahead.subtract(costs)
            self._ring()

    def _expect(self, wait: float, left: float, within: float) -> None:
        if wait > left + SLACK or wait == inf:
            raise WaitTooLong(self.name, within, wait)

    def _ring(self) -> None:
        """Let the first in line look again."""
        if self._line:
            next(iter(self._line.values())).set()
