"""When a silent peer is probed, and when it is dead."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.transport import Dead, Liveness, Probe, Wait

seconds = st.floats(0.0, 200.0)
starts = st.floats(0.0, 1e6)


def waiting(at: float = 0.0, **kwargs: bool) -> Liveness:
    liveness = Liveness(**kwargs)
    liveness.waits(at)
    return liveness


def test_a_peer_that_never_spoke_is_probed_after_30_seconds() -> None:
    liveness = waiting()

    assert liveness.verdict(29.9) == Wait(30.0)
    assert liveness.verdict(30.0) == Probe()


def test_a_peer_that_spoke_is_probed_after_60_seconds() -> None:
    liveness = waiting()
    liveness.heard()
    liveness.waits(100.0)

    assert liveness.verdict(159.0) == Wait(160.0)
    assert liveness.verdict(160.0) == Probe()


def test_an_unanswered_probe_is_the_end_ten_seconds_later() -> None:
    liveness = waiting()
    liveness.probed(31.0)

    assert liveness.verdict(40.9) == Wait(41.0)
    assert isinstance(liveness.verdict(41.0), Dead)


def test_any_frame_answers_a_probe() -> None:
    liveness = waiting()
    liveness.probed(30.0)
    liveness.heard()
    liveness.waits(35.0)

    assert liveness.verdict(60.0) == Wait(95.0)


def test_a_heartbeat_replaces_the_probe_by_a_deadline() -> None:
    liveness = waiting()
    liveness.heard()
    liveness.heartbeat(4.0)
    liveness.waits(100.0)

    assert liveness.verdict(109.0) == Wait(110.0)
    assert isinstance(liveness.verdict(110.0), Dead)


def test_a_socket_without_events_is_only_probed() -> None:
    liveness = waiting(carries_events=False)
    liveness.heard()
    liveness.heartbeat(4.0)
    liveness.waits(0.0)

    assert liveness.verdict(59.0) == Wait(60.0)
    assert liveness.verdict(60.0) == Probe()


def test_a_peer_is_not_blamed_for_our_own_slowness() -> None:
    liveness = waiting()
    liveness.heard()
    liveness.heartbeat(1.0)

    assert liveness.verdict(1e6) == Wait(inf)


@pytest.mark.parametrize("nonsense", [0.0, -5.0, nan, inf])
def test_a_nonsense_interval_is_ignored(nonsense: float) -> None:
    liveness = waiting()
    liveness.heartbeat(nonsense)

    assert liveness.verdict(30.0) == Probe()


@given(start=starts, waits=st.lists(st.tuples(seconds, seconds), max_size=10))
def test_only_time_spent_waiting_counts(
    start: float, waits: list[tuple[float, float]]
) -> None:
    """Pauses of any length neither bring the verdict closer nor put it off."""
    liveness, now, waited = Liveness(), start, 0.0
    for wait, pause in waits:
        liveness.waits(now)
        now += wait
        waited += wait
        liveness.pauses(now)
        assert liveness.verdict(now) == Wait(inf)
        now += pause
    liveness.waits(now)

    if waited < 29.99:
        verdict = liveness.verdict(now)
        assert isinstance(verdict, Wait)
        assert verdict.until - now == pytest.approx(30.0 - waited, abs=1e-6)
    elif waited > 30.01:
        assert liveness.verdict(now) == Probe()


@given(
    start=starts,
    interval=st.none() | st.floats(0.001, 1e5),
    carries_events=st.booleans(),
    heard=st.booleans(),
)
def test_a_driver_that_sleeps_until_told_always_reaches_an_end(
    start: float, interval: float | None, *, carries_events: bool, heard: bool
) -> None:
    """At its time a verdict is due: no driver spins on a deadline that moves."""
    liveness = Liveness(carries_events=carries_events)
    if heard:
        liveness.heard()
    if interval is not None:
        liveness.heartbeat(interval)
    liveness.waits(start)
    now, asked = start, 0
    while not isinstance(verdict := liveness.verdict(now), Dead):
        asked += 1
        assert asked < 6
        if isinstance(verdict, Wait):
            assert verdict.until > now
            now = verdict.until
        else:
            liveness.probed(now)

    promised = interval if carries_events else None
    limit = promised * 2.5 if promised else (60.0 if heard else 30.0) + 10.0
    assert now - start == pytest.approx(limit, rel=1e-6, abs=1e-6)
