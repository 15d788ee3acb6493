"""How long a pause is, and what a backoff may be."""

from __future__ import annotations

import re
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision import EQUAL, FOREVER, FULL, Backoff, BadSpec, Jitter


def test_the_delays_of_the_docstring() -> None:
    """What it says is computed: the example it names, and the seconds it lists."""
    words = " ".join((Backoff.__doc__ or "").split())
    example = re.search(
        r"`Backoff\(first=([\d.]+), factor=([\d.]+), cap=([\d.]+)\)` "
        r"waits at most ([\d, ]+), \.\.\. seconds; with full jitter any time between "
        r"zero and that, half of it on average",
        words,
    )
    assert example is not None
    first, factor, cap = map(float, example.groups()[:3])
    told = [float(seconds) for seconds in example[4].split(", ")]

    backoff = Backoff(first=first, factor=factor, cap=cap)

    streaks = range(1, len(told) + 1)
    assert told == [backoff.longest(streak) for streak in streaks]
    assert told[-1] == told[-2] == cap
    assert backoff == Backoff()
    for streak in streaks:
        assert backoff.delay(streak, 0.0) == 0.0
        assert backoff.mean_delay(streak) == told[streak - 1] / 2


@pytest.mark.parametrize(
    ("jitter", "least", "most"),
    [(Jitter.FULL, 0.0, 8.0), (EQUAL, 4.0, 8.0), (Jitter.NONE, 8.0, 8.0)],
)
@given(u=st.floats(0, 1, exclude_max=True))
def test_which_part_is_left_to_chance(
    jitter: Jitter, least: float, most: float, u: float
) -> None:
    delay = Backoff(jitter=jitter).delay(4, u)

    assert least <= delay <= most
    assert delay == pytest.approx(least + (most - least) * u)


@given(
    st.floats(0.001, 1e3),
    st.floats(1.0, 1e3),
    st.floats(1.0, 1e6),
    st.integers(1, 10**12),
)
def test_no_pause_is_longer_than_the_cap_however_long_the_streak(
    first: float, factor: float, more: float, streak: int
) -> None:
    backoff = Backoff(first=first, factor=factor, cap=first * more)

    assert first <= backoff.longest(streak) <= backoff.cap


@given(
    st.floats(0.001, 1e3), st.floats(1.0, 5.0), st.floats(1.0, 1e6), st.integers(1, 99)
)
def test_a_pause_grows_by_the_factor_up_to_the_cap(
    first: float, factor: float, more: float, streak: int
) -> None:
    cap = first * more
    longest = Backoff(first=first, factor=factor, cap=cap).longest(streak)

    assert longest == pytest.approx(min(cap, first * factor ** (streak - 1)))


def test_what_it_is_if_nothing_is_said() -> None:
    assert Backoff() == Backoff(1.0, 2.0, 300.0, FULL, 60.0, 8)


def test_a_peer_that_is_away_for_months_breaks_nothing() -> None:
    assert Backoff().longest(1025) == 300.0
    assert Backoff(factor=1.0).longest(10**9) == 1.0


def test_a_streak_is_given_up_when_it_is_longer_than_the_number() -> None:
    assert not Backoff(give_up=8).exhausted(8)
    assert Backoff(give_up=8).exhausted(9)
    assert Backoff(give_up=0).exhausted(1)
    assert not Backoff(give_up=FOREVER).exhausted(10**9)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (
            {"first": 0.0},
            "backoff.first must be a positive number of seconds (got 0.0)",
        ),
        ({"factor": 0.5}, "backoff.factor must be at least 1 (got 0.5)"),
        ({"cap": 0.5}, "backoff.cap must not be below first (got 0.5)"),
        ({"cap": float("inf")}, "backoff.cap must not be below first (got inf)"),
        ({"reset_after": 0}, "backoff.reset_after must be a positive number (got 0)"),
        ({"reset_after": -1}, "backoff.reset_after must be a positive number (got -1)"),
        ({"jitter": "full"}, "backoff.jitter must be FULL, EQUAL or NONE (got 'full')"),
        (
            {"give_up": -1},
            "backoff.give_up must be a whole number from 0, FOREVER or None (got -1)",
        ),
    ],
)
def test_what_is_refused(wrong: dict[str, object], what: str) -> None:
    with pytest.raises(BadSpec) as raised:
        Backoff(**wrong)  # type: ignore[arg-type]  # wrong on purpose

    assert str(raised.value) == what


@pytest.mark.parametrize("number", [True, "1", None, nan, inf, 10**400, [1]])
@pytest.mark.parametrize("name", ["first", "factor", "cap", "reset_after"])
def test_what_is_no_number_is_refused(name: str, number: object) -> None:
    with pytest.raises(BadSpec) as raised:
        Backoff(**{name: number})  # type: ignore[arg-type]  # wrong on purpose

    assert raised.value.fault.field == f"backoff.{name}"
    assert raised.value.fault.got is number


def test_a_pause_too_small_to_write_grows_to_the_cap_all_the_same() -> None:
    backoff = Backoff(first=5e-324, cap=300.0, give_up=FOREVER)
    assert backoff.longest(1) == 5e-324
    assert backoff.longest(10_000) == 300.0


def test_the_mean_time_of_a_storm_is_the_sum_of_half_the_delays() -> None:
    assert Backoff().seconds_to_trip(3, 100.0) == pytest.approx(0.5 + 1 + 2)
    assert Backoff().seconds_to_trip(0, 100.0) == 0
    # It stops where the answer is clear: a million restarts are not added up.
    assert Backoff().seconds_to_trip(10**12, 5.0) == pytest.approx(7.5)
    assert Backoff(first=2.0).seconds_to_trip(3, 100.0) == pytest.approx(1 + 2 + 4)
    # Nor is what grows no more: 0.5, 1, 1, 1, ...
    flat = Backoff(first=1.0, cap=2.0)
    assert flat.seconds_to_trip(1001, 5000.0) == pytest.approx(1000.5)
