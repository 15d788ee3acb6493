"""Calls through a breaker: every way in which one can end is a verdict, or none."""

from __future__ import annotations

import time
from random import Random

import pytest
import structlog
import trio
from trio.testing import MockClock

from supervision.limits import (
    FAILURE,
    IGNORED,
    AttemptTimeout,
    BreakerState,
    Changed,
    CircuitBreaker,
    CircuitOpen,
    Judgement,
    Verdict,
)
from tests.supervision.limits.breaking import CLOSED, HALF_OPEN, OPEN, POLICY
from tests.supervision.limits.shells import TAXONOMY, a_breaker


def fails(breaker: CircuitBreaker, error: Exception, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)), breaker.call(within=5.0):
            raise error


async def opens(breaker: CircuitBreaker) -> None:
    fails(breaker, OSError(), 3)
    assert breaker.status().state is OPEN


async def test_it_opens_refuses_probes_and_closes(autojump_clock: MockClock) -> None:
    """A06, D78."""
    breaker = a_breaker()
    await opens(breaker)
    await trio.sleep(4.0)
    with pytest.raises(CircuitOpen) as raised, breaker.call(within=5.0):
        pytest.fail("the body ran")
    assert str(raised.value) == "peer is open; try again in 6 s"
    assert (raised.value.state, raised.value.retry_after) == (OPEN, 6.0)

    await trio.sleep(6.0)
    with breaker.call(within=5.0):
        assert breaker.status().state is HALF_OPEN
        with (
            pytest.raises(CircuitOpen, match="peer is half open"),
            breaker.call(within=1),
        ):
            pytest.fail("the body ran")
    assert breaker.status().state is CLOSED


async def test_the_taxonomy_decides(autojump_clock: MockClock) -> None:
    """A11: errors of ours do not count, nor what nobody thought of."""
    breaker = a_breaker()
    for error in (ValueError(), FileNotFoundError(), KeyError("x")):
        fails(breaker, error, 9)
    assert breaker.status().calls == 0
    fails(breaker, ConnectionResetError())
    assert breaker.status().failures == 1


async def test_a_failure_in_a_nursery_counts(autojump_clock: MockClock) -> None:
    async def reset() -> None:
        raise ConnectionResetError

    breaker = a_breaker()
    with pytest.raises(ExceptionGroup), breaker.call(within=5.0):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reset)
    assert breaker.status().failures == 1


async def test_of_several_failures_the_worst_counts(autojump_clock: MockClock) -> None:
    def judge(error: Exception) -> Judgement:
        if isinstance(error, OSError):
            return Judgement(Verdict.FAILURE, 3.0)
        return Judgement(Verdict.IGNORED, 8.0)

    breaker = CircuitBreaker("peer", POLICY, judge, random=Random(1))
    with (
        pytest.raises(ExceptionGroup),
        breaker.call(within=5.0) as call,
    ):
        raise ExceptionGroup("", [ValueError(), OSError(), ValueError()])
    assert call.judgement == Judgement(Verdict.FAILURE, 8.0)


async def test_a_cancelled_call_does_not_count(autojump_clock: MockClock) -> None:
    """A11, D75: the caller went away; the peer is not to blame."""
    breaker = a_breaker()
    for _ in range(9):
        with trio.move_on_after(1.0), breaker.call(within=5.0) as call:
            await trio.sleep_forever()
        assert call.judgement == IGNORED
    assert breaker.status().calls == 0


@pytest.mark.parametrize("ending", ["cancelled", "ours", "escaping", "judge"])
async def test_a_probe_frees_its_place_however_it_ends(
    autojump_clock: MockClock, ending: str
) -> None:
    """D77: also when the body raises what no `except Exception` sees, or the judge does."""

    class Escaping(BaseException):
        pass

    def judge(error: Exception) -> Judgement:
        if isinstance(error, LookupError):
            raise ZeroDivisionError
        return TAXONOMY(error)

    breaker = CircuitBreaker("peer", POLICY, judge, random=Random(1))
    await opens(breaker)
    await trio.sleep(10.0)
    with trio.CancelScope() as scope:
        try:
            with breaker.call(within=5.0):
                assert breaker.status().probing == 1
                match ending:
                    case "cancelled":
                        scope.cancel()
                        await trio.sleep_forever()
                    case "ours":
                        raise ValueError
                    case "escaping":
                        raise Escaping
                    case _:
                        raise LookupError
        except (ValueError, Escaping, ZeroDivisionError):
            pass
    status = breaker.status()
    assert (status.state, status.probing, status.retry_after) == (HALF_OPEN, 0, 0.0)


async def test_an_attempt_has_a_deadline_and_exceeding_it_is_a_failure(
    autojump_clock: MockClock,
) -> None:
    """D76: a peer that answers nothing is found out without any error of its own."""
    breaker = a_breaker()
    for _ in range(3):
        began = trio.current_time()
        with pytest.raises(AttemptTimeout) as raised, breaker.call(within=2.0) as call:
            await trio.sleep_forever()
        assert trio.current_time() - began == 2.0
        assert call.judgement == FAILURE
        assert str(raised.value) == "an attempt at peer did not end within 2 s"
    assert breaker.status().state is OPEN


async def test_two_deadlines_are_told_apart(autojump_clock: MockClock) -> None:
    """D76: the caller's says nothing about the peer, the attempt's does."""
    breaker = a_breaker()
    with trio.move_on_after(1.0) as callers, breaker.call(within=2.0):
        await trio.sleep_forever()
    assert callers.cancelled_caught
    assert breaker.status().failures == 0

    with (
        trio.move_on_after(3.0) as callers,
        pytest.raises(AttemptTimeout),
        breaker.call(within=2.0),
    ):
        await trio.sleep_forever()
    assert not callers.cancelled_caught
    assert breaker.status().failures == 1


@pytest.mark.parametrize("within", [0.0, -1.0])
async def test_an_attempt_without_time_is_a_mistake_of_ours(within: float) -> None:
    breaker = a_breaker()
    with (
        pytest.raises(ValueError, match="needs some time"),
        breaker.call(within=within),
    ):
        pytest.fail("the body ran")
    assert breaker.status().failures == 0


async def test_fifty_callers_at_once_make_one_probe(autojump_clock: MockClock) -> None:
    """A07, D70, D71."""
    breaker = a_breaker()
    await opens(breaker)
    await trio.sleep(10.0)
    inside = refused = 0

    async def caller() -> None:
        nonlocal inside, refused
        try:
            with breaker.call(within=5.0):
                inside += 1
                await trio.sleep(1.0)
        except CircuitOpen:
            refused += 1

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(caller)
    assert (inside, refused) == (1, 49)


async def test_whoever_listens_hears_of_it_after_the_change(
    autojump_clock: MockClock,
) -> None:
    """D79: and may ask, or call, or raise: it cannot harm the call."""
    heard: list[tuple[BreakerState, BreakerState]] = []

    def listen(changed: Changed) -> None:
        heard.append((changed.after, breaker.status().state))
        raise RuntimeError

    breaker = CircuitBreaker(
        "peer", POLICY, TAXONOMY, random=Random(1), on_change=listen
    )
    with structlog.testing.capture_logs() as logs:
        await opens(breaker)
        await trio.sleep(10.0)
        with breaker.call(within=1.0):
            pass
        breaker.trip(5.0)
        breaker.reset()

    wanted = [OPEN, HALF_OPEN, CLOSED, OPEN, CLOSED]
    assert heard == [(state, state) for state in wanted]
    assert [line["event"] for line in logs] == ["breaker.listener_raised"] * 5


async def test_a_wall_clock_that_jumps_changes_nothing(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A09."""
    breaker = a_breaker()
    await opens(breaker)
    for jump in (-1e9, 1e9):
        monkeypatch.setattr(time, "time", lambda jump=jump: jump)
        assert breaker.status().retry_after == 10.0
        with pytest.raises(CircuitOpen), breaker.call(within=1.0):
            pass
    await trio.sleep(10.0)
    with breaker.call(within=1.0):
        pass


async def test_two_peers_do_not_know_each_other(autojump_clock: MockClock) -> None:
    """A12."""
    one, other = a_breaker(), a_breaker()
    await opens(one)
    with other.call(within=1.0):
        pass
