"""When a breaker opens, for how long, and what closes it again: declared, and checked."""

from __future__ import annotations

from attrs import field, frozen

from supervision.backoff import Backoff
from supervision.limits.values import is_count, is_positive, require
from supervision.values import EQUAL, FOREVER


def _open_for() -> Backoff:
    # Half of each pause for sure: a breaker that opens for no time is none.
    return Backoff(first=5.0, cap=300.0, jitter=EQUAL, give_up=FOREVER)


@frozen(kw_only=True)
class BreakerPolicy:
    """When a breaker opens, for how long, and what closes it again.

    Raises:
        BadSpec: a number is out of range, or nothing could ever open it.
    """

    consecutive: int | None = 5
    """How many failures in a row open it; `None`: no number of them does."""
    failure_rate: float | None = 0.5
    """Which part of the calls in the window must fail to open it; `None`: none does."""
    slow_after: float | None = None
    """After how many seconds a call counts as slow; `None`: none ever does."""
    slow_rate: float = 0.8
    """Which part of the calls in the window must be slow to open it."""
    window: float = 60.0
    """Seconds over which rates are taken."""
    min_calls: int = 20
    """How many calls the window must hold before a rate opens it."""
    probes: int = 1
    """How many calls may be under way while it is half open."""
    successes: int = 1
    """How many of them must succeed before it closes. One failure opens it again."""
    open_for: Backoff = field(factory=_open_for)
    """How long it stays open: longer with each opening, until it was closed for
    `reset_after`. It never gives up."""

    def __attrs_post_init__(self) -> None:
        for name in ("min_calls", "probes", "successes"):
            got = getattr(self, name)
            require(
                is_count(got), f"breaker.{name}", "must be a whole number from 1", got
            )
        rates: list[tuple[str, float | None]] = [("slow_rate", self.slow_rate)]
        if self.failure_rate is not None:
            rates.append(("failure_rate", self.failure_rate))
        for name, rate in rates:
            holds = rate is not None and 0 < rate <= 1
            require(holds, f"breaker.{name}", "must be above 0 and at most 1", rate)
        times = (("window", self.window), ("slow_after", self.slow_after))
        for name, seconds in times:
            holds = seconds is None or is_positive(seconds)
            must = "must be a positive number of seconds"
            require(holds, f"breaker.{name}", must, seconds)
        got = self.consecutive
        must = "must be a whole number from 1, or None"
        require(got is None or is_count(got), "breaker.consecutive", must, got)
        holds = any(t is not None for t in (got, self.failure_rate, self.slow_after))
        must = "must not be None together with failure_rate and slow_after"
        require(holds, "breaker.consecutive", must, got)
        limit = self.open_for.give_up
        must = "must be FOREVER: a breaker always tries again"
        require(limit is FOREVER, "breaker.open_for.give_up", must, limit)
