"""Waiting for the rate."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from supervision.limits import Pace, RateLimiter, WaitTooLong
from tests.supervision.limits.shells import virtually

ONE = {"requests": 1}


def a_limiter(count: int = 1, seconds: float = 1.0, burst: int = 1) -> RateLimiter:
    return RateLimiter("peer", {"requests": Pace(count, seconds, burst)})


async def test_a_burst_and_then_the_rate(autojump_clock: MockClock) -> None:
    """A19: twelve at once take as long as the rate says, however few are under way."""
    limiter = a_limiter(count=2, burst=4)
    began = trio.current_time()
    times = []
    for _ in range(12):
        await limiter.take(ONE, within=10.0)
        times.append(round(trio.current_time() - began, 6))
    assert times == [0, 0, 0, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]


async def test_requests_and_tokens_at_once(autojump_clock: MockClock) -> None:
    """A19: whichever is scarcer."""
    paces = {"requests": Pace(10, 1.0), "tokens": Pace(100, 1.0)}
    limiter = RateLimiter("peer", paces)
    await limiter.take({"requests": 1, "tokens": 100}, within=0)
    began = trio.current_time()
    await limiter.take({"requests": 1, "tokens": 50}, within=1.0)
    assert trio.current_time() - began == pytest.approx(0.5)
    await limiter.take({"requests": 9}, within=0)


async def test_a_wait_that_is_too_long_is_refused_at_once(
    autojump_clock: MockClock,
) -> None:
    limiter = a_limiter()
    await limiter.take(ONE, within=0)
    began = trio.current_time()
    with pytest.raises(WaitTooLong) as raised:
        await limiter.take(ONE, within=0.5)
    assert trio.current_time() == began
    assert raised.value.retry_after == 1.0
    assert str(raised.value) == "peer has no room within 0.5 s; try again in 1 s"
    await limiter.take(ONE, within=1.0)


async def test_what_is_too_large_is_never_waited_for(autojump_clock: MockClock) -> None:
    limiter = a_limiter(burst=5)
    with pytest.raises(WaitTooLong, match="pointless until somebody") as raised:
        await limiter.take({"requests": 6}, within=inf)
    assert raised.value.retry_after == inf


async def test_those_ahead_count(autojump_clock: MockClock) -> None:
    limiter = a_limiter()
    await limiter.take(ONE, within=0)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(taking, limiter, ONE)
        await wait_all_tasks_blocked()
        with pytest.raises(WaitTooLong) as raised:
            await limiter.take(ONE, within=3.9)
        assert raised.value.retry_after == 4.0
    assert limiter.waiting == 0


async def taking(
    limiter: RateLimiter, costs: Mapping[str, int], within: float = 100.0
) -> None:
    await limiter.take(costs, within=within)


async def test_a_large_one_is_not_overtaken(autojump_clock: MockClock) -> None:
    limiter = a_limiter(count=10, burst=10)
    order: list[str] = []

    async def take(name: str, cost: int) -> None:
        await limiter.take({"requests": cost}, within=100.0)
        order.append(name)

    await limiter.take({"requests": 10}, within=0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, "large", 10)
        await wait_all_tasks_blocked()
        for n in range(3):
            nursery.start_soon(take, f"small {n}", 1)
            await wait_all_tasks_blocked()
    assert order == ["large", "small 0", "small 1", "small 2"]


async def test_who_gives_up_has_taken_nothing(autojump_clock: MockClock) -> None:
    """A17: and those behind move up."""
    limiter = a_limiter()
    await limiter.take(ONE, within=0)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        with trio.CancelScope() as scope:
            nursery.start_soon(taking, limiter, ONE)
            await wait_all_tasks_blocked()
            nursery.start_soon(cancelling, scope)
            await limiter.take(ONE, within=100.0)
        assert limiter.waiting == 1
        await limiter.take(ONE, within=2.0)
    assert trio.current_time() - began == pytest.approx(2.0)
    assert limiter.waiting == 0


async def cancelling(scope: trio.CancelScope) -> None:
    scope.cancel()
    await trio.lowlevel.checkpoint()


async def test_a_deadline_behind_one_that_waits_for_another_meter(
    autojump_clock: MockClock,
) -> None:
    """A17: what was thought to be in time is not; it leaves when its time is over."""
    paces = {"requests": Pace(1, 1.0), "tokens": Pace(1, 100.0)}
    limiter = RateLimiter("peer", paces)
    await limiter.take({"tokens": 1}, within=0)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taking, limiter, {"tokens": 1})
        await wait_all_tasks_blocked()
        with pytest.raises(WaitTooLong) as raised:
            await limiter.take(ONE, within=5.0)
        assert trio.current_time() - began == pytest.approx(5.0)
        assert raised.value.retry_after is None
        assert limiter.waiting == 1


async def test_who_waits_when_it_is_closed_waits_longer(
    autojump_clock: MockClock,
) -> None:
    """A20: a reservation made before would let it through in the closed time."""
    limiter = a_limiter()
    await limiter.take(ONE, within=0)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taking, limiter, ONE)
        await wait_all_tasks_blocked()
        limiter.close_for(30.0)
    assert trio.current_time() - began == pytest.approx(30.0)

    limiter.close_for(30.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(refused, limiter, 5.0)
        with pytest.raises(WaitTooLong):
            await limiter.take(ONE, within=20.0)


async def refused(limiter: RateLimiter, within: float) -> None:
    with pytest.raises(WaitTooLong):
        await limiter.take(ONE, within=within)


async def test_who_waits_when_it_is_closed_for_too_long_hears_it_at_once(
    autojump_clock: MockClock,
) -> None:
    limiter = a_limiter()
    await limiter.take(ONE, within=0)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(refused, limiter, 5.0)
        await wait_all_tasks_blocked()
        limiter.close_for(30.0)
    assert trio.current_time() == began


async def test_who_waits_when_it_is_resized_waits_accordingly(
    autojump_clock: MockClock,
) -> None:
    """A21."""
    limiter = a_limiter(count=1, seconds=100.0, burst=2)
    await limiter.take({"requests": 2}, within=0)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taking, limiter, ONE)
        await wait_all_tasks_blocked()
        limiter.resize({"requests": Pace(1, 1.0, burst=2)})
    assert trio.current_time() - began == pytest.approx(1.0)

    async with trio.open_nursery() as nursery:

        async def too_large() -> None:
            with pytest.raises(WaitTooLong):
                await limiter.take({"requests": 2}, within=100.0)

        nursery.start_soon(too_large)
        await wait_all_tasks_blocked()
        limiter.resize({"requests": Pace(1, 1.0, burst=1)})


async def test_what_is_given_back_wakes_who_waits(autojump_clock: MockClock) -> None:
    limiter = a_limiter(seconds=100.0)
    await limiter.take(ONE, within=0)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taking, limiter, ONE, 200.0)
        await wait_all_tasks_blocked()
        limiter.give_back(ONE)
    assert trio.current_time() == began


async def test_a_cost_that_is_none_is_a_mistake() -> None:
    limiter = a_limiter()
    with pytest.raises(ValueError, match="no meter 'tokens' here"):
        await limiter.take({"tokens": 5}, within=1.0)


async def test_it_takes_nothing_when_it_is_cancelled_already() -> None:
    limiter = a_limiter()
    with trio.CancelScope() as scope:
        scope.cancel()
        await limiter.take(ONE, within=1.0)
    assert scope.cancelled_caught
    await limiter.take(ONE, within=0)


def test_one_that_does_not_wait_opens_no_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_scope(*_: object) -> None:
        pytest.fail("a scope was opened")

    async def main() -> None:
        limiter = a_limiter()
        monkeypatch.setattr(trio, "move_on_after", no_scope)
        await limiter.take(ONE, within=1.0)
        monkeypatch.undo()

    virtually(main)


@settings(max_examples=60)
@given(start=st.floats(0, 1e7), seconds=st.floats(0.001, 100))
def test_who_waits_as_long_as_it_was_told_gets_through(
    start: float, seconds: float
) -> None:
    """Also where a clock's fractions make the wait end a hair too early."""

    async def main() -> None:
        await trio.sleep(start)
        limiter = a_limiter(seconds=seconds)
        await limiter.take(ONE, within=0)
        with pytest.raises(WaitTooLong) as raised:
            await limiter.take(ONE, within=0)
        assert raised.value.retry_after is not None
        await limiter.take(ONE, within=raised.value.retry_after)

    virtually(main)


@settings(max_examples=60)
@given(
    callers=st.lists(
        st.tuples(
            st.floats(0, 10),  # arrives
            st.integers(1, 3),  # costs
            st.floats(0, 8),  # is ready to wait
            st.floats(0, 12),  # is cancelled at
        ),
        max_size=25,
    ),
    hints=st.lists(st.tuples(st.floats(0, 15), st.floats(0, 5)), max_size=2),
)
def test_whoever_is_cancelled_whenever_nothing_leaks(
    callers: list[tuple[float, int, float, float]], hints: list[tuple[float, float]]
) -> None:
    """The rate is kept, waits end in time, and the line is empty at the end."""
    taken: list[tuple[float, int]] = []

    async def caller(
        limiter: RateLimiter, arrives: float, cost: int, within: float, cancelled: float
    ) -> None:
        await trio.sleep(arrives)
        began = trio.current_time()
        with trio.move_on_at(max(began, cancelled)):
            try:
                await limiter.take({"requests": cost}, within=within)
                taken.append((trio.current_time(), cost))
            except WaitTooLong:
                pass
        assert trio.current_time() - began <= within + 1e-5

    async def closing(limiter: RateLimiter, at: float, seconds: float) -> None:
        await trio.sleep(at)
        limiter.close_for(seconds)

    async def main() -> None:
        limiter = a_limiter(count=2, burst=3)
        async with trio.open_nursery() as nursery:
            for arguments in callers:
                nursery.start_soon(caller, limiter, *arguments)
            for at, seconds in hints:
                nursery.start_soon(closing, limiter, at, seconds)
        assert limiter.waiting == 0
        assert not +limiter._ahead
        assert not -limiter._ahead
        # Nothing was lost either: after a while it is full again.
        await trio.sleep(10.0)
        await limiter.take({"requests": 3}, within=0)

    virtually(main)
    for first in range(len(taken)):
        since = taken[first][0]
        for last in range(first, len(taken)):
            total = sum(cost for _, cost in taken[first : last + 1])
            assert total <= 3 + 2 * (taken[last][0] - since) + 1e-5
