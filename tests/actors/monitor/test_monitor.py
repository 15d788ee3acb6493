"""The monitor: one truth per connection, many listeners, faults in a ring."""

from __future__ import annotations

import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.monitor import (
    AskFaults,
    AskStatus,
    Board,
    ConnectionChanged,
    ConnectionState,
    Faults,
    Monitor,
    Phase,
)
from actors.tracker import Tracker
from tests.actors.journal.builders import event, journal, nest

UP = ConnectionState(Phase.UP)


def board() -> Board:
    return Board(lambda: 5.0)


def test_everybody_hears_of_a_change_and_nobody_of_a_repetition() -> None:
    """B11, B12: one truth, typed events with a reason, many subscribers."""
    heard: list[ConnectionChanged] = []
    also: list[ConnectionChanged] = []
    mine = board()
    mine.subscribe(heard.append)
    unsubscribe = mine.subscribe(also.append)
    down = ConnectionState.backing_off(12.0, "refused")

    mine.report("qq", "1", UP)
    mine.report("qq", "1", UP)
    unsubscribe()
    unsubscribe()
    mine.report("qq", "1", down)

    assert [(c.before, c.after) for c in heard] == [(None, UP), (UP, down)]
    assert len(also) == 1
    assert mine.state_of("qq", "1") == down
    assert mine.state_of("qq", "2") is None


def test_a_subscriber_that_raises_disturbs_nobody() -> None:
    """B12: their errors are isolated, and counted."""
    heard: list[ConnectionChanged] = []
    mine = board()

    def raises(_: ConnectionChanged) -> None:
        raise ValueError("a bug")

    mine.subscribe(raises)
    mine.subscribe(heard.append)
    with capture_logs() as logs:
        mine.report("qq", "1", UP)
    assert len(heard) == 1
    assert mine.failed_calls == 1
    assert [line["event"] for line in logs] == ["subscriber.raised"]


def test_what_is_gone_is_forgotten_and_numbers_are_bounded() -> None:
    """Law 9: accounts that dial us come and go."""
    mine = board()
    for n in range(10_050):
        mine.report("qq", str(n), UP)
        if n >= 10_000:
            mine.report("qq", str(n), ConnectionState(Phase.STOPPED))
    assert len(mine.states()) == 10_000
    assert mine.state_of("qq", "5") == UP  # what has ended goes first
    mine.report("irc", "", UP)
    mine.remove("qq")
    assert list(mine.states()) == [("irc", "")]


def test_states_are_read_aloud() -> None:
    assert str(ConnectionState(Phase.CATCHING_UP)) == "catching_up"
    assert (
        str(ConnectionState.needs_operator("bad token")) == "needs_operator (bad token)"
    )
    assert ConnectionState.degraded("offline").online
    assert not ConnectionState.backing_off(1.0, "x").online


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 10))
def test_faults_are_a_ring_with_counters_beyond(kinds: list[str], limit: int) -> None:
    """B17, section 2 (faults): every history is a ring."""
    faults = Faults(lambda: 1.0, lambda: 2.0, limit)
    for n, kind in enumerate(kinds):
        faults.add("/bots/demo", kind, str(n), trace=f"t{n}")
    newest = faults.newest(100)
    assert [fault.why for fault in newest] == [
        str(n) for n in range(len(kinds) - 1, max(-1, len(kinds) - 1 - limit), -1)
    ]
    assert len(faults) == len(newest)
    assert faults.counts() == {
        ("/bots/demo", kind): kinds.count(kind) for kind in set(kinds)
    }


def test_names_from_outside_do_not_grow_the_counters() -> None:
    """D94: labels are capped; what is beyond is counted together."""
    faults = Faults(lambda: 1.0, lambda: 2.0)
    for n in range(3_000):
        faults.add(f"/platforms/qq/{n}", "session.ended", "bye")
    counts = faults.counts()
    assert len(counts) == 1_001
    assert sum(counts.values()) == 3_000
    assert len(faults) == 1_000


async def test_the_monitor_answers_what_an_operator_asks(
    autojump_clock: MockClock,
) -> None:
    store = journal()
    mine = board()
    faults = Faults(trio.current_time, lambda: 1.7e9)
    tracker = Tracker(trio.current_time)
    async with nest(monitor=lambda: Monitor(mine, faults, store, tracker)) as system:
        mine.report("qq", "1", UP)
        faults.add("/bots/demo", "handler.failed", "ValueError: no", trace="t1")
        await store.append("qq", "1", event("1"), trace="t")
        monitor = system.find("/monitor", Monitor)

        status = await monitor.ask(AskStatus(), within=1.0)
        (fault,) = await monitor.ask(AskFaults(limit=5), within=1.0)

    assert [(c.platform, c.account, c.state) for c in status.connections] == [
        ("qq", "1", UP)
    ]
    assert (status.journal.new, status.faults) == (1, 1)
    assert fault.trace == "t1"
    assert fault.at_utc == 1.7e9
