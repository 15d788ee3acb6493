"""What an operation costs does not grow with what was before. Counted, not timed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from supervision.limits import (
    FAILURE,
    SUCCESS,
    BreakerPolicy,
    Pace,
    PermitPolicy,
    Urgency,
)
from supervision.limits.breaker import Breaker, Ticket
from supervision.limits.bucket import Buckets
from supervision.limits.permits import Permits


def lines_run(what: Callable[[], object]) -> int:
    """Return how many lines of Python *what* takes."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        what()
    finally:
        sys.settrace(before)
    return count


def a_call(breaker: Breaker, now: float) -> None:
    ticket, _ = breaker.enter(now)
    assert isinstance(ticket, Ticket)
    breaker.leave(ticket, FAILURE if now % 3 < 1 else SUCCESS, now, 0.5)


def busy_breaker(calls: int) -> Callable[[], object]:
    breaker = Breaker(BreakerPolicy(consecutive=None, window=60.0))
    for n in range(calls):
        a_call(breaker, 1000 + n * 50 / calls)
    a_call(breaker, 1050.4)
    return lambda: a_call(breaker, 1050.5)


def busy_permits(waiting: int) -> Callable[[], object]:
    permits = Permits(PermitPolicy(size=1, max_waiting=waiting))
    holder = permits.claim(Urgency.URGENT, 0.0)
    assert holder is not None
    claims = [permits.claim(u, n) for n in range(waiting) for u in Urgency]
    middle = claims[len(claims) // 2]
    assert middle is not None

    def leave_in_the_middle_and_at_the_front() -> None:
        permits.end(middle)
        permits.end(holder)

    return leave_in_the_middle_and_at_the_front


def busy_buckets(taken: int) -> Callable[[], object]:
    buckets = Buckets({"requests": Pace(10, 1.0)})
    for n in range(taken):
        buckets.take(n * 0.01, {"requests": 1})
    return lambda: buckets.take(taken * 0.01 + 10, {"requests": 1})


@pytest.mark.parametrize("busy", [busy_breaker, busy_permits, busy_buckets])
def test_a_thousand_times_as_much_costs_the_same(
    busy: Callable[[int], Callable[[], object]],
) -> None:
    few, many = lines_run(busy(30)), lines_run(busy(30_000))
    assert 5 < many == few


def test_a_long_silence_costs_no_more_than_a_short_one() -> None:
    def after(silence: float) -> int:
        breaker = Breaker(BreakerPolicy())
        a_call(breaker, 1000.0)
        return lines_run(lambda: a_call(breaker, 1000.0 + silence))

    assert after(1e9) == after(120.0)


def test_what_a_breaker_keeps_does_not_depend_on_how_often_it_is_called() -> None:
    breaker = Breaker(BreakerPolicy(consecutive=None, min_calls=10**9, window=60.0))
    for n in range(5_000):
        a_call(breaker, 1000 + n * 0.01)
    assert len(breaker._counts.window._slots) == 10
