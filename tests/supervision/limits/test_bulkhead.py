"""Waiting for a permit."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from supervision.limits import (
    Bulkhead,
    Overloaded,
    PermitPolicy,
    Urgency,
    WaitTooLong,
)
from tests.supervision.limits.shells import a_bulkhead, virtually

URGENT, NORMAL, BULK = Urgency


async def holding(
    bulkhead: Bulkhead, seconds: float, urgency: Urgency = NORMAL
) -> None:
    async with bulkhead.permit(urgency, within=100.0):
        await trio.sleep(seconds)


async def test_only_so_many_are_under_way(autojump_clock: MockClock) -> None:
    bulkhead = a_bulkhead(size=2, max_waiting=10)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(holding, bulkhead, 1.0)
        await wait_all_tasks_blocked()
        assert (bulkhead.held, bulkhead.waiting) == (2, 4)
    assert trio.current_time() - began == 3.0
    assert (bulkhead.held, bulkhead.waiting) == (0, 0)


async def test_when_all_is_full_it_says_so_at_once(autojump_clock: MockClock) -> None:
    """A16."""
    bulkhead = a_bulkhead(max_waiting=2)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(holding, bulkhead, 1.0)
        await wait_all_tasks_blocked()
        began = trio.current_time()
        with pytest.raises(Overloaded) as raised:
            async with bulkhead.permit(within=100.0):
                pytest.fail("the body ran")
        assert trio.current_time() == began
        assert str(raised.value) == (
            "peer is overloaded: 1 calls are under way and 2 normal ones wait, which is as many as may"
        )
        assert raised.value.retry_after is None


async def test_who_has_waited_long_enough_leaves(autojump_clock: MockClock) -> None:
    """A17: at its deadline, and the line is empty again."""
    bulkhead = a_bulkhead()
    async with bulkhead.permit(within=0):
        began = trio.current_time()
        for within in (0.0, 2.5):
            with pytest.raises(WaitTooLong, match="no room within") as raised:
                async with bulkhead.permit(within=within):
                    pytest.fail("the body ran")
            assert raised.value.retry_after is None
            assert bulkhead.waiting == 0
        assert trio.current_time() - began == 2.5
    async with bulkhead.permit(within=0):
        pass


async def test_a_negative_wait_is_no_wait(autojump_clock: MockClock) -> None:
    bulkhead = a_bulkhead()
    async with bulkhead.permit(within=-1.0):
        with pytest.raises(WaitTooLong):
            async with bulkhead.permit(within=-1.0):
                pytest.fail("the body ran")


async def test_nothing_starves_while_urgent_work_never_ends(
    autojump_clock: MockClock,
) -> None:
    """A22."""
    bulkhead = Bulkhead("peer", PermitPolicy(size=1, max_waiting=100, ageing=5.0))
    began = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def flood() -> None:
            while True:
                for _ in range(2):
                    nursery.start_soon(holding, bulkhead, 1.0, URGENT)
                await trio.sleep(1.0)

        nursery.start_soon(flood)
        await trio.sleep(0.5)
        async with bulkhead.permit(BULK, within=1000.0):
            waited = trio.current_time() - began
        nursery.cancel_scope.cancel()
    # One goes in a second, two come: the 22 of the first ten seconds are due before it.
    assert waited == 22.0
    assert (bulkhead.held, bulkhead.waiting) == (0, 0)


async def test_more_room_lets_in_at_once_and_less_sends_nobody_away(
    autojump_clock: MockClock,
) -> None:
    """A21."""
    bulkhead = a_bulkhead()
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(holding, bulkhead, 1.0)
        await wait_all_tasks_blocked()
        bulkhead.resize(PermitPolicy(size=3, max_waiting=3))
        assert (bulkhead.held, bulkhead.waiting) == (3, 1)
        bulkhead.resize(PermitPolicy(size=1, max_waiting=0))
        assert (bulkhead.held, bulkhead.waiting) == (3, 1)
        await trio.sleep(1.5)
        assert (bulkhead.held, bulkhead.waiting) == (1, 0)


async def test_a_slow_peer_fills_its_own(autojump_clock: MockClock) -> None:
    """A15."""
    slow, quick = a_bulkhead(), a_bulkhead()
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(holding, slow, 10.0)
        await wait_all_tasks_blocked()
        async with quick.permit(within=0):
            pass


async def test_it_takes_nothing_when_it_is_cancelled_already() -> None:
    bulkhead = a_bulkhead()
    with trio.CancelScope() as scope:
        scope.cancel()
        async with bulkhead.permit(within=1.0):
            pytest.fail("the body ran")
    assert scope.cancelled_caught
    assert bulkhead.held == 0


@pytest.mark.parametrize("granted_first", [False, True])
async def test_one_cancelled_in_the_instant_of_its_turn_passes_it_on(
    autojump_clock: MockClock, granted_first: bool
) -> None:
    """Cancelled first and granted then, or the other way round, before it ran."""
    bulkhead = a_bulkhead()
    scope = trio.CancelScope()

    async def waiter() -> None:
        with scope:
            async with bulkhead.permit(within=100.0):
                assert granted_first
                await trio.lowlevel.checkpoint()
                pytest.fail("it was cancelled")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(holding, bulkhead, 50.0)
        await wait_all_tasks_blocked()
        nursery.start_soon(waiter)
        await wait_all_tasks_blocked()
        nursery.start_soon(holding, bulkhead, 1.0)
        await wait_all_tasks_blocked()
        began = trio.current_time()
        room_for_one_more = PermitPolicy(size=2, max_waiting=3)
        if granted_first:
            bulkhead.resize(room_for_one_more)
            scope.cancel()
        else:
            scope.cancel()
            bulkhead.resize(room_for_one_more)
        await wait_all_tasks_blocked()
        assert scope.cancelled_caught
        assert (bulkhead.held, bulkhead.waiting) == (2, 0)
        assert trio.current_time() == began
    assert bulkhead.held == 0


def test_one_that_does_not_wait_opens_no_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_scope(*_: object) -> None:
        pytest.fail("a scope was opened")

    async def main() -> None:
        bulkhead = a_bulkhead()
        monkeypatch.setattr(trio, "move_on_after", no_scope)
        async with bulkhead.permit(within=1.0):
            pass
        monkeypatch.undo()

    virtually(main)


@settings(max_examples=80)
@given(
    callers=st.lists(
        st.tuples(
            st.integers(0, 6),  # arrives
            st.sampled_from(Urgency),
            st.integers(0, 5),  # is ready to wait
            st.integers(0, 4),  # holds it
            st.integers(0, 12),  # is cancelled at
        ),
        max_size=25,
    ),
    resizes=st.lists(st.tuples(st.integers(0, 10), st.integers(1, 3)), max_size=3),
)
def test_whoever_is_cancelled_whenever_nothing_leaks(
    callers: list[tuple[int, Urgency, int, int, int]], resizes: list[tuple[int, int]]
) -> None:
    """Whole seconds, so that deadlines, releases and cancellations meet."""
    inside = most = 0
    limit = max([2, *(size for _, size in resizes)])

    async def caller(
        bulkhead: Bulkhead, plan: tuple[int, Urgency, int, int, int]
    ) -> None:
        nonlocal inside, most
        arrives, urgency, within, holds, cancelled = plan
        await trio.sleep(arrives)
        began = trio.current_time()
        with trio.move_on_after(max(0, cancelled - arrives)):
            try:
                async with bulkhead.permit(urgency, within=within):
                    assert trio.current_time() - began <= within
                    inside += 1
                    most = max(most, inside)
                    try:
                        await trio.sleep(holds)
                    finally:
                        inside -= 1
            except (WaitTooLong, Overloaded):
                pass

    async def resizing(bulkhead: Bulkhead, at: int, size: int) -> None:
        await trio.sleep(at)
        bulkhead.resize(PermitPolicy(size=size, max_waiting=2))

    async def main() -> None:
        bulkhead = a_bulkhead(size=2, max_waiting=2)
        async with trio.open_nursery() as nursery:
            for plan in callers:
                nursery.start_soon(caller, bulkhead, plan)
            for at, size in resizes:
                nursery.start_soon(resizing, bulkhead, at, size)
        assert (bulkhead.held, bulkhead.waiting) == (0, 0)
        assert not bulkhead._asleep

    virtually(main)
    assert most <= limit
