"""The rules of a session that hold by construction, whatever its author writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.kernel import System
from platforms.base import Link, platform_tree
from tests.platforms.base.hosts import FakeHost
from tests.platforms.base.test_connection import Scripted

Session = Callable[[Link], Awaitable[None]]


def system_of(session: Session, host: FakeHost, seed: int = 1) -> System:
    return System(platform_tree("qq", Scripted(session), host.host()).actor, seed=seed)


async def gaps_of(session_seconds: float, run_for: float, seed: int = 1) -> list[float]:
    """Return how long it slept between sessions that stay up for so long."""
    begun: list[float] = []
    ended: list[float] = []

    async def session(link: Link) -> None:
        begun.append(trio.current_time())
        link.up(account="me")
        await trio.sleep(session_seconds)
        ended.append(trio.current_time())

    with capture_logs():
        async with system_of(session, FakeHost(), seed):
            await trio.sleep(run_for)
    return [begin - end for end, begin in zip(ended, begun[1:], strict=False)]


async def test_a_peer_that_lets_us_in_and_throws_us_out_is_no_success(
    autojump_clock: MockClock,
) -> None:
    """B07, B08, B09: the delay grows though each dial works, up to a cap, and for ever."""
    gaps = await gaps_of(1.0, 6 * 3600.0)
    assert max(gaps[:5]) <= 16
    assert 60 < max(gaps[10:]) <= 300
    # Jitter: they are not all the same, or all hosts would come back together.
    assert len({round(gap, 3) for gap in gaps[10:]}) > len(gaps[10:]) // 2


async def test_who_was_up_for_a_minute_begins_to_count_anew(
    autojump_clock: MockClock,
) -> None:
    """B09: reset only after a stable period."""
    assert max(await gaps_of(61.0, 6 * 3600.0)) <= 1.0
    assert max(await gaps_of(59.0, 6 * 3600.0)) > 60.0


async def test_two_hosts_do_not_come_back_at_the_same_instant(
    autojump_clock: MockClock,
) -> None:
    """B08: full jitter."""
    assert (await gaps_of(1.0, 600.0, seed=1)) != (await gaps_of(1.0, 600.0, seed=2))


async def test_one_session_at_a_time(autojump_clock: MockClock) -> None:
    """B13: an account has one session, and what it began ends before the next begins."""
    alive = most = 0

    async def linger() -> None:
        nonlocal alive
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(3)
            alive -= 1

    async def session(link: Link) -> None:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(linger)
            await trio.sleep(1)
            msg = "oh dear"
            raise RuntimeError(msg)

    with capture_logs():
        async with system_of(session, FakeHost()):
            await trio.sleep(600)
    assert (alive, most) == (0, 1)


async def test_whatever_a_session_raises_another_one_follows(
    autojump_clock: MockClock,
) -> None:
    """B12, B14, B15: every end is typed and told, and none of them ends the platform."""
    raised: list[Exception] = [
        OSError("reset"),
        KeyError("op"),
        ExceptionGroup("two", [ValueError("a"), TypeError("b")]),
        RecursionError("deep"),
    ]
    host = FakeHost()
    lives: list[float] = []

    async def session(link: Link) -> None:
        lives.append(trio.current_time())
        link.up(account="me")
        if raised:
            raise raised.pop(0)
        await trio.sleep_forever()

    with capture_logs():
        async with system_of(session, host):
            await host.line("me")
            await trio.sleep(600)
            assert str(host.states["qq", "me"]) == "up"
    assert len(lives) == 5
    assert all(after > before for before, after in pairwise(lives))
    told = [state for _, account, state in host.told if account == "me"]
    for words in ("OSError: reset", "KeyError", "ValueError: a; TypeError: b", "deep"):
        assert any(words in state for state in told), words
