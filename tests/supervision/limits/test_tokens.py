"""Pacers against a list of everything that was let through."""

from __future__ import annotations

from collections import defaultdict
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.limits import Pace, Pacer
from supervision.limits.bucket import TICKS
from supervision.limits.tokens import GRAINS, Tokens

TICK = 1 / TICKS
paces = st.builds(Pace, st.integers(1, 6), st.sampled_from([0.1, 1 / 3, 1.0, 7.0]))
# Who wants to say something, and how long after the one before.
wishes = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([0.0, 0.0, 0.0, 0.05, 1 / 3, 1.0]) | st.floats(0, 3),
    ),
    min_size=20,
    max_size=150,
)


def most_in_a_window(times: list[float], seconds: float) -> int:
    """Count the fullest window that is open at its end."""
    return max(
        (sum(at <= other < at + seconds - TICK / 2 for other in times) for at in times),
        default=0,
    )


@settings(max_examples=150, deadline=None)
@given(
    shared=st.lists(paces, max_size=2),
    each=st.lists(paces, max_size=2),
    wishes=wishes,
    start=st.sampled_from([0.0, 12_345.678, 98_765_432.1]),
)
def test_no_window_sees_more_than_the_rate(
    shared: list[Pace], each: list[Pace], wishes: list[tuple[str, float]], start: float
) -> None:
    """A28, B37: wherever a window begins; and nobody waits who need not."""
    pacer: Pacer[str] = Pacer(shared, each)
    now, let = start, defaultdict[str, list[float]](list)
    for key, pause in wishes:
        now += pause
        wait = pacer.take(key, now)
        everybody = [at for times in let.values() for at in times]
        if wait:
            full = [
                pace
                for paces, times in ((shared, everybody), (each, let[key]))
                for pace in paces
                if sum(at > now - pace.seconds - 3 * TICK for at in times) >= pace.count
            ]
            assert full, "somebody was kept waiting for nothing"
            assert wait <= max(pace.seconds for pace in full) + 2 * TICK
        else:
            let[key].append(now)
    everybody = sorted(at for times in let.values() for at in times)
    for pace in shared:
        assert most_in_a_window(everybody, pace.seconds) <= pace.count
    for pace in each:
        for times in let.values():
            assert most_in_a_window(times, pace.seconds) <= pace.count


@settings(max_examples=100, deadline=None)
@given(
    shared=st.lists(paces, max_size=1),
    each=st.lists(paces, min_size=1, max_size=2),
    count=st.integers(1, 40),
)
def test_who_waits_as_long_as_told_gets_through_in_the_end(
    shared: list[Pace], each: list[Pace], count: int
) -> None:
    """Pacing delays and never drops; and it takes a few looks, not a thousand."""
    pacer: Pacer[str] = Pacer(shared, each)
    now, looks = 5.0, 0
    for _ in range(count):
        while wait := pacer.take("a", now):
            looks += 1
            now += wait
    slowest = max(pace.seconds / pace.count for pace in (*shared, *each))
    assert now - 5.0 <= slowest * count + max(p.seconds for p in (*shared, *each))
    assert looks <= 4 * count


def test_a_rate_of_a_whole_burst_is_not_doubled() -> None:
    """What a bucket that fills bit by bit would let through: five, and four more."""
    pacer: Pacer[str] = Pacer([Pace(5, 60.0)])
    assert [pacer.take("a", 0.0) for _ in range(5)] == [0.0] * 5
    assert pacer.take("a", 0.0) == 60.0
    assert pacer.take("a", 59.0) == pytest.approx(1.0)
    assert [pacer.take("a", 60.0) for _ in range(6)] == [0.0] * 5 + [60.0]


def test_what_is_refused_takes_nothing_from_anybody() -> None:
    pacer: Pacer[str] = Pacer([Pace(2, 10.0)], [Pace(1, 10.0)])
    assert pacer.take("a", 0.0) == 0.0
    assert pacer.take("a", 1.0) == pytest.approx(9.0)
    assert pacer.take("b", 1.0) == 0.0
    assert pacer.wait(1.0) == pytest.approx(9.0)


def test_idle_keys_are_forgotten_and_no_more_are_kept_than_may_be() -> None:
    """Law 9: chats come and go; strictly, even when very many are busy at once."""
    pacer: Pacer[int] = Pacer(each=[Pace(1, 10.0)], max_keys=100)
    assert all(pacer.take(n, 0.0) == 0.0 for n in range(100))
    assert pacer.take(100, 4.0) == pytest.approx(6.0)
    assert len(pacer) == 100
    for n in range(1_000, 2_000):
        assert pacer.take(n, 10.0 + n) == 0.0
    assert len(pacer) <= 10


def test_a_huge_rate_costs_no_more_memory_than_its_grains() -> None:
    tokens = Tokens(Pace(1_000_000, 1_000.0))
    for n in range(100_000):
        assert tokens.wait(n * 10_000) == 0
        tokens.take(n * 10_000)
    assert len(tokens._away) <= GRAINS + 1


@pytest.mark.parametrize(
    ("seconds", "heeded"), [(7.0, 7.0), (-1.0, 0.0), (nan, 0.0), (inf, 86_400.0)]
)
def test_a_peer_that_says_when_is_heeded_within_reason(
    seconds: float, heeded: float
) -> None:
    """A20: it wins over what we would have allowed, and cannot hurt us."""
    pacer: Pacer[str] = Pacer()
    pacer.close(100.0, seconds)
    assert pacer.take("a", 100.0) == pacer.wait(100.0) == heeded
    assert pacer.take("a", 100.0 + heeded) == 0.0


def test_a_shorter_delay_does_not_end_a_longer_one() -> None:
    pacer: Pacer[str] = Pacer([Pace(1, 1.0)])
    pacer.close(0.0, 10.0)
    pacer.close(1.0, 2.0)
    assert pacer.wait(1.0) == 9.0


def test_tokens_that_come_back_together_come_back_with_the_last_of_them() -> None:
    """Late rather than early: no window of the period sees one too many."""
    pacer: Pacer[str] = Pacer([Pace(2_000, 10.0)])
    assert pacer.take("a", 0.0) == 0.0
    for _ in range(1_999):
        assert pacer.take("a", 0.005) == 0.0
    assert pacer.take("a", 10.001) > 0.0
    assert pacer.take("a", 10.0051) == 0.0
