"""Token buckets. Pure: time is an argument.

Everything in here is a whole number: time is microseconds, and a token is as many
units as a period has microseconds, so that each microsecond brings `count` units.
Nothing is ever rounded, and a bucket is after a year where it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, inf

from attrs import Factory, field, frozen

from supervision.limits.values import heeded, is_count, is_positive, require

TICKS = 1_000_000
"""Ticks in a second. A float of seconds tells microseconds apart for 285 years."""


def tick_at(now: float) -> int:
    """Return the microsecond that *now*, in seconds, lies in."""
    return floor(now * TICKS)


def seconds_in(ticks: int) -> float:
    """Return so many microseconds in seconds; infinite if no float holds them."""
    try:
        return ticks / TICKS
    except OverflowError:
        return inf


NOTHING: Mapping[str, int] = {}


@frozen
class Pace:
    """`count` in `seconds`, and at most `burst` at once.

    Raises:
        BadSpec: a number is out of range.
    """

    count: int
    seconds: float
    burst: int = field(default=Factory(lambda pace: pace.count, takes_self=True))
    """What may be saved up while nothing is asked for; `count` unless it is given."""

    def __attrs_post_init__(self) -> None:
        for name, got in (("count", self.count), ("burst", self.burst)):
            require(is_count(got), f"pace.{name}", "must be a whole number from 1", got)
        ticks = self.seconds * TICKS
        holds = is_positive(ticks) and ticks >= 1
        must = "must be a number of seconds, at least a microsecond"
        require(holds, "pace.seconds", must, self.seconds)


class Bucket:
    """What is left of one pace. Full when it is made."""

    def __init__(self, pace: Pace) -> None:
        self._set(pace)
        self._level = self._full
        self._tick: int | None = None

    def resize(self, pace: Pace, now: float) -> None:
        """Go on at another pace. What is there stays, as far as it fits."""
        self._refill(now)
        level, span = self._level, self._span
        self._set(pace)
        self._level = level * self._span // span

    def has(self, now: float, tokens: int) -> bool:
        """Tell whether *tokens* could be taken at *now*."""
        self._refill(now)
        return self._level >= tokens * self._span

    def take(self, tokens: int) -> None:
        """Take *tokens*; `has` said that they are there."""
        self._level -= tokens * self._span

    def give_back(self, now: float, tokens: int) -> None:
        """Put back what was taken and not used."""
        self._refill(now)
        self._level += tokens * self._span

    def ticks_until(self, now: float, tokens: int, ahead: int) -> int | None:
        """Return the microseconds until *tokens* are there, if *ahead* go first.

        None when they never will be: they are more than the burst.
        """
        if tokens * self._span > self._full:
            return None
        self._refill(now)
        missing = (tokens + ahead) * self._span - self._level
        return max(0, -(-missing // self._count))

    def _set(self, pace: Pace) -> None:
        self._count = pace.count
        self._span = round(pace.seconds * TICKS)
        self._full = pace.burst * self._span

    def _refill(self, now: float) -> None:
        tick = tick_at(now)
        last = tick if self._tick is None else self._tick
        # The one place where what does not fit is lost.
        self._level = min(self._full, self._level + max(0, tick - last) * self._count)
        self._tick = max(last, tick)


class Buckets:
    """Several paces that hold together: what is taken is taken from all, or from none.

    Requests and tokens of a provider, say. A meter that a cost does not name costs
    nothing.
    """

    def __init__(self, paces: Mapping[str, Pace]) -> None:
        self._buckets = {meter: Bucket(pace) for meter, pace in paces.items()}
        self._closed_until: int | None = None

    def take(self, now: float, costs: Mapping[str, int]) -> bool:
        """Take *costs* at *now*, if all of them are there and it is not closed."""
        if self._closed_ticks(now):
            return False
        wanted = [(self._buckets[meter], cost) for meter, cost in costs.items()]
        if not all(bucket.has(now, cost) for bucket, cost in wanted):
            return False
        for bucket, cost in wanted:
            bucket.take(cost)
        return True

    def wait(
        self, now: float, costs: Mapping[str, int], ahead: Mapping[str, int] = NOTHING
    ) -> float:
        """Return the seconds until *costs* could be taken; infinite if never.

        Exact when nobody is ahead. With *ahead*, the sum of what others take first, it
        is the least that it can be: they may have to wait for another meter meanwhile.
        """
        longest = self._closed_ticks(now)
        for meter, cost in costs.items():
            bucket = self._buckets[meter]
            ticks = bucket.ticks_until(now, cost, ahead.get(meter, 0))
            if ticks is None:
                return inf
            longest = max(longest, ticks)
        return seconds_in(longest)

    def give_back(self, now: float, costs: Mapping[str, int]) -> None:
        """Put back what was taken for a call that did not happen."""
        for meter, cost in costs.items():
            self._buckets[meter].give_back(now, cost)

    def close_for(self, now: float, seconds: float) -> None:
        """Let nothing be taken for so long, as the peer asked. Never shortens another."""
        ticks = max(self._closed_ticks(now), ceil(heeded(seconds) * TICKS))
        self._closed_until = tick_at(now) + ticks

    def resize(self, now: float, paces: Mapping[str, Pace]) -> None:
        """Go on at other paces, of the same meters."""
        if set(paces) != set(self._buckets):
            msg = (
                f"the meters must stay {sorted(self._buckets)} (got {sorted(paces)}): "
                "those who wait have asked for them"
            )
            raise ValueError(msg)
        for meter, pace in paces.items():
            self._buckets[meter].resize(pace, now)

    def _closed_ticks(self, now: float) -> int:
        if self._closed_until is None:
            return 0
        return max(0, self._closed_until - tick_at(now))

    def check(self, costs: Mapping[str, int]) -> None:
        """Refuse costs that are none: an unknown meter, or no whole number from 0."""
        for meter, cost in costs.items():
            if meter not in self._buckets:
                msg = f"no meter {meter!r} here; there are {sorted(self._buckets)}"
                raise ValueError(msg)
            if not is_count(cost, 0):
                msg = f"a cost must be a whole number from 0 (got {meter!r}: {cost!r})"
                raise ValueError(msg)
