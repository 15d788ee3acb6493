"""Whether a fault fires now is a function of the moment, the tally and a random number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.chaos.when import Tally, When, judge

COUNTS = st.integers(1, 12)
SPANS = st.tuples(st.floats(0, 10), st.floats(0.1, 10)).map(lambda s: (s[0], sum(s)))


def times_of(when: When, moments: int = 40, u: float = 0.0) -> list[int]:
    """Return at which of so many moments, counted from 1, it fires."""
    tally, fired = Tally(), []
    for moment in range(1, moments + 1):
        tally, fires = judge(when, tally, float(moment), u)
        if fires:
            fired.append(moment)
    assert tally.fired == len(fired)
    return fired


@pytest.mark.parametrize(
    ("when", "fired"),
    [
        (When(nth=3), [3]),
        (When(times=2), [1, 2]),
        (When(every=15), [15, 30]),
        (When(after=38), [39, 40]),
        (When(between=(3.0, 5.0)), [3, 4]),
        (When(nth=3, after=10), [13]),
        (When(times=2, after=10), [11, 12]),
        (When(every=5, times=2), [5, 10]),
        (When(every=5, after=3, times=2), [8, 13]),
        (When(nth=2, between=(10.0, 20.0)), [11]),
        (When(p=0.5), list(range(1, 41))),
    ],
    ids=str,
)
def test_conditions_say_which_times(when: When, fired: list[int]) -> None:
    assert times_of(when) == fired


@given(
    p=st.floats(0.01, 1), us=st.lists(st.floats(0, 1, exclude_max=True), max_size=30)
)
def test_chance_is_the_number_that_is_given(p: float, us: list[float]) -> None:
    tally = Tally()
    for u in us:
        tally, fires = judge(When(p=p), tally, 0.0, u)
        assert fires is (u < p)
    assert tally.seen == len(us)


@given(
    after=st.integers(0, 10),
    between=st.none() | SPANS,
    u=st.floats(0, 1, exclude_max=True),
    nth=COUNTS,
    times=COUNTS,
    every=COUNTS,
    p=st.floats(0.01, 1),
)
def test_each_condition_only_ever_takes_away(
    *,
    after: int,
    between: tuple[float, float] | None,
    u: float,
    nth: int,
    times: int,
    every: int,
    p: float,
) -> None:
    bare = set(times_of(When(between=between), u=u))
    for when in (
        When(nth=nth, after=after, between=between),
        When(times=times, every=every, p=p, after=after, between=between),
    ):
        assert list(when.wrongs()) == []
        fired = times_of(when, u=u)
        assert set(fired) <= bare
        assert len(fired) <= (1 if when.nth else times)
