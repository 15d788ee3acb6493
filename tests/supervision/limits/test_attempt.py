"""One attempt through all limits, in order."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from random import Random

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock, wait_all_tasks_blocked

from supervision.limits import (
    AttemptTimeout,
    CircuitBreaker,
    CircuitOpen,
    Judgement,
    LimitRefused,
    Limits,
    Overloaded,
    PermitPolicy,
    Verdict,
    WaitTooLong,
)
from tests.supervision.limits.breaking import OPEN, POLICY
from tests.supervision.limits.shells import some_limits

ONE = {"requests": 1}


async def attempt(
    limits: Limits,
    error: Exception | None = None,
    *,
    seconds: float = 0.0,
    admitted_within: float = 0.0,
    costs: Mapping[str, int] = ONE,
) -> None:
    async with limits.attempt(costs, admitted_within=admitted_within, within=5.0):
        await trio.sleep(seconds)
        if error is not None:
            raise error


async def fails(limits: Limits, error: Exception, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            await attempt(limits, error)


async def test_a_permit_comes_before_the_rate(autojump_clock: MockClock) -> None:
    """A14: whoever has none takes nothing of the rate."""
    limits = some_limits()
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(lambda: attempt(limits, seconds=0.001))
        await wait_all_tasks_blocked()
        for _ in range(9):
            with pytest.raises(WaitTooLong):
                await attempt(limits)
        # Of five, two are gone.
        await limits.limiter.take({"requests": 3}, within=0)


async def test_the_rate_comes_before_the_breaker(autojump_clock: MockClock) -> None:
    """A14: whoever is out of time at the rate is no probe, and no verdict."""
    limits = some_limits()
    await fails(limits, OSError(), 3)
    await trio.sleep(10.0)
    await limits.limiter.take({"requests": 5}, within=0)
    with pytest.raises(WaitTooLong):
        await attempt(limits)
    assert limits.breaker.status().state is OPEN
    assert limits.bulkhead.held == 0


async def test_what_the_breaker_refuses_costs_nothing(
    autojump_clock: MockClock,
) -> None:
    limits = some_limits()
    await fails(limits, OSError(), 3)
    for _ in range(20):
        with pytest.raises(CircuitOpen):
            await attempt(limits)
    assert limits.bulkhead.held == 0
    await limits.limiter.take({"requests": 2}, within=0)


async def test_a_refusal_of_the_body_costs_what_it_cost(
    autojump_clock: MockClock,
) -> None:
    """A breaker further in refused; this peer was called."""
    limits = some_limits()
    inner = CircuitOpen("inner", OPEN, 1.0)
    await fails(limits, inner, 5)
    with pytest.raises(WaitTooLong):
        await limits.limiter.take(ONE, within=0)


async def test_each_attempt_is_a_verdict_and_no_pause_holds_a_permit(
    autojump_clock: MockClock,
) -> None:
    """A18, A23: a loop that tries again and pauses in between."""
    limits = some_limits()
    seen = []
    for tried in range(4):
        try:
            await attempt(limits, OSError())
        except OSError:
            await trio.sleep(2.0**tried / 10)
        except CircuitOpen:
            pass
        status = limits.breaker.status()
        seen.append((limits.bulkhead.held, status.in_a_row, status.state is OPEN))
    assert seen == [(0, 1, False), (0, 2, False), (0, 0, True), (0, 0, True)]


async def test_when_the_peer_says_when_nobody_calls_before(
    autojump_clock: MockClock,
) -> None:
    """A20: *too many requests* is no failure, and closes the rate."""

    class TooManyRequests(Exception):
        pass

    def judge(error: Exception) -> Judgement:
        return Judgement(Verdict.IGNORED, 30.0)

    limits = evolve(
        some_limits(), breaker=CircuitBreaker("peer", POLICY, judge, random=Random(1))
    )
    await fails(limits, TooManyRequests())
    with pytest.raises(WaitTooLong) as raised:
        await attempt(limits, admitted_within=29.0)
    assert raised.value.retry_after == 30.0
    assert limits.breaker.status().failures == 0

    began = trio.current_time()
    await attempt(limits, admitted_within=30.0)
    assert trio.current_time() - began == 30.0


async def test_the_wait_for_both_is_one_wait(autojump_clock: MockClock) -> None:
    limits = some_limits()
    limits.bulkhead.resize(PermitPolicy(size=1, max_waiting=3))
    await limits.limiter.take({"requests": 4}, within=0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: attempt(limits, seconds=4.0))
        await wait_all_tasks_blocked()
        limits.limiter.close_for(6.0)
        began = trio.current_time()
        with pytest.raises(WaitTooLong):
            await attempt(limits, admitted_within=5.0)
        # Four seconds for the permit; the one that is left would not do for the rate.
        assert trio.current_time() - began == 4.0


async def test_an_attempt_that_hangs_is_ended_and_leaves_nothing(
    autojump_clock: MockClock,
) -> None:
    """D76, D77."""
    limits = some_limits()
    with pytest.raises(AttemptTimeout):
        await attempt(limits, seconds=100.0)
    assert (limits.bulkhead.held, limits.breaker.status().failures) == (0, 1)


async def test_a_cancelled_attempt_leaves_nothing(autojump_clock: MockClock) -> None:
    """A11, D75: at each of the places where it may wait."""
    limits = some_limits()
    for at in (0.5, 1.5, 2.5):
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(lambda: attempt(limits, seconds=1.0))
            await wait_all_tasks_blocked()
            limits.limiter.close_for(2.0)
            with trio.move_on_after(at):
                await attempt(limits, seconds=1.0, admitted_within=10.0)
        assert (limits.bulkhead.held, limits.bulkhead.waiting) == (0, 0)
        assert limits.limiter.waiting == 0
        assert limits.breaker.status().failures == 0
        await trio.sleep(5.0)


async def test_a_full_line_is_refused_before_anything_else(
    autojump_clock: MockClock,
) -> None:
    limits = some_limits()
    limits.bulkhead.resize(PermitPolicy(size=1, max_waiting=0))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: attempt(limits, seconds=0.1))
        await wait_all_tasks_blocked()
        with pytest.raises(Overloaded):
            await attempt(limits, admitted_within=10.0)
    with suppress(LimitRefused):
        await attempt(limits)
