"""Limits at work on a virtual clock: what the tests of the shells share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

import trio
from trio.testing import MockClock

from supervision.limits import (
    Bulkhead,
    CircuitBreaker,
    Limits,
    Pace,
    PermitPolicy,
    RateLimiter,
    Taxonomy,
)
from tests.supervision.limits.breaking import POLICY

TAXONOMY = Taxonomy(failures=(OSError,), ignored=(FileNotFoundError,))


def virtually(main: Callable[[], Awaitable[None]]) -> None:
    """Run *main* in a fresh trio, where time jumps."""
    trio.run(main, clock=MockClock(autojump_threshold=0))


def a_breaker() -> CircuitBreaker:
    """Make one that opens after three failures, for 10 s."""
    return CircuitBreaker("peer", POLICY, TAXONOMY, random=Random(1))


def a_bulkhead(size: int = 1, max_waiting: int = 3) -> Bulkhead:
    return Bulkhead("peer", PermitPolicy(size=size, max_waiting=max_waiting))


def some_limits() -> Limits:
    """Make limits of one peer: two at a time, five a second."""
    limiter = RateLimiter("peer", {"requests": Pace(5, 1.0)})
    return Limits(a_bulkhead(size=2), limiter, a_breaker())
