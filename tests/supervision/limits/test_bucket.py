"""Token buckets against fractions, which lose nothing."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, inf, nan

import pytest
from attrs import define
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
)

from supervision.limits import Pace
from supervision.limits.bucket import TICKS, Bucket, Buckets

paces = st.builds(
    Pace,
    st.integers(1, 1000),
    st.sampled_from([0.1, 1 / 3, 1.0, 7.0, 60.0, 3600.0]),
    st.integers(1, 50),
)
starts = st.sampled_from([0.0, -7.5, 12345.678, 98_765_432.1])


def micros(seconds: float) -> Fraction:
    """Return *seconds* in whole microseconds: the one thing that is rounded."""
    return Fraction(int(seconds * TICKS // 1), TICKS)


@define
class Exact:
    """One meter in fractions. `at` is when `level` was so."""

    pace: Pace
    level: Fraction
    at: Fraction

    @property
    def rate(self) -> Fraction:
        return self.pace.count / Fraction(round(self.pace.seconds * TICKS), TICKS)

    def refill(self, now: Fraction) -> None:
        grown = self.level + (now - self.at) * self.rate
        self.level, self.at = min(Fraction(self.pace.burst), grown), now


class AgainstFractions(RuleBasedStateMachine):
    @initialize(one=paces, other=paces, now=starts)
    def begin(self, one: Pace, other: Pace, now: float) -> None:
        self.now = now
        self.closed_until = Fraction(-(10**12))
        self.buckets = Buckets({"requests": one, "tokens": other})
        self.exact = {
            meter: Exact(pace, Fraction(pace.burst), micros(now))
            for meter, pace in (("requests", one), ("tokens", other))
        }

    def refilled(self) -> dict[str, Exact]:
        for meter in self.exact.values():
            meter.refill(micros(self.now))
        return self.exact

    costs = st.dictionaries(st.sampled_from(["requests", "tokens"]), st.integers(0, 60))

    @rule(costs=costs)
    def take(self, costs: dict[str, int]) -> None:
        exact = self.refilled()
        there = all(cost <= exact[meter].level for meter, cost in costs.items())
        expected = there and micros(self.now) >= self.closed_until
        wait = self.buckets.wait(self.now, costs)
        assert (wait == 0) == expected
        assert self.buckets.take(self.now, costs) == expected
        if expected:
            for meter, cost in costs.items():
                exact[meter].level -= cost

    @rule(costs=costs, ahead=costs)
    def wait(self, costs: dict[str, int], ahead: dict[str, int]) -> None:
        """What it says is the first microsecond at which it is so."""
        waits = [self.closed_until - micros(self.now), Fraction(0)]
        for meter, cost in costs.items():
            exact = self.refilled()[meter]
            if cost > exact.pace.burst:
                assert self.buckets.wait(self.now, costs, ahead) == inf
                return
            missing = cost + ahead.get(meter, 0) - exact.level
            waits.append(Fraction(ceil(missing / exact.rate * TICKS), TICKS))
        assert self.buckets.wait(self.now, costs, ahead) == float(max(waits))

    @rule(seconds=st.sampled_from([1e-6, 0.001, 0.1, 1 / 3, 1.0, 59.9, 1e5]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(costs=costs)
    def give_back(self, costs: dict[str, int]) -> None:
        self.buckets.give_back(self.now, costs)
        for meter, cost in costs.items():
            exact = self.refilled()[meter]
            exact.level = min(Fraction(exact.pace.burst), exact.level + cost)

    @rule(seconds=st.sampled_from([0.5, 3.0, 30.0]))
    def close_for(self, seconds: float) -> None:
        self.buckets.close_for(self.now, seconds)
        until = micros(self.now) + micros(seconds)
        self.closed_until = max(self.closed_until, until)

    @rule(pace=paces)
    def resize(self, pace: Pace) -> None:
        exact = self.refilled()["tokens"]
        keep = exact.level
        # The same period keeps what is there to the last unit; another one cuts off
        # less than one, which the model does as well.
        period = round(pace.seconds * TICKS)
        keep = Fraction(keep * period // 1, period)
        self.buckets.resize(
            self.now, {"requests": self.exact["requests"].pace, "tokens": pace}
        )
        self.exact["tokens"] = Exact(pace, min(Fraction(pace.burst), keep), exact.at)


TestAgainstFractions = AgainstFractions.TestCase
TestAgainstFractions.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None
)


@given(
    pace=paces,
    start=starts,
    pauses=st.lists(st.floats(0, 5), min_size=1, max_size=80),
)
def test_no_interval_gives_more_than_the_burst_and_the_rate(
    pace: Pace, start: float, pauses: list[float]
) -> None:
    """Over any stretch of time, not only the whole."""
    bucket, now = Bucket(pace), start
    taken: list[tuple[Fraction, int]] = []
    rate = pace.count / Fraction(round(pace.seconds * TICKS), TICKS)
    for pause in pauses:
        now += pause
        amount = 0
        while amount < 80 and bucket.has(now, 1):
            bucket.take(1)
            amount += 1
        taken.append((micros(now), amount))
    for first in range(len(taken)):
        total = 0
        for at, amount in taken[first:]:
            total += amount
            assert total <= pace.burst + rate * (at - taken[first][0])


def test_a_year_of_looking_is_exact() -> None:
    """A bucket that is looked at all the time has what one has that never was."""
    pace = Pace(1, 3600.0, burst=10**9)
    watched, alone = Bucket(pace), Bucket(pace)
    now = 5.1
    for bucket in (watched, alone):
        assert bucket.has(now, 10**9)
        bucket.take(10**9)
    for _ in range(30_000):
        now += 1051.2007
        watched.has(now, 1)
    hours = int((now - 5.1) // 3600)

    for bucket in (watched, alone):
        assert bucket.has(now, hours)
        assert not bucket.has(now, hours + 1)


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [(30.0, 30.0), (1e9, 86400.0), (inf, 86400.0), (nan, 0.0), (-1.0, 0.0)],
)
def test_it_is_closed_for_as_long_as_the_peer_asked(
    hint: float, seconds: float
) -> None:
    """A20: within reason."""
    buckets = Buckets({"requests": Pace(5, 1.0)})
    buckets.close_for(100.0, hint)
    assert buckets.wait(100.0, {"requests": 1}) == seconds
    assert buckets.take(100.0, {"requests": 1}) == (seconds == 0)
    assert buckets.take(100.0 + seconds, {"requests": 1})


def test_a_shorter_hint_does_not_open_it_early() -> None:
    buckets = Buckets({"requests": Pace(5, 1.0)})
    buckets.close_for(0.0, 30.0)
    buckets.close_for(1.0, 5.0)
    assert buckets.wait(1.0, {}) == 29.0


def test_a_clock_that_steps_back_gives_nothing_twice() -> None:
    buckets = Buckets({"requests": Pace(1, 1.0)})
    assert buckets.take(100.0, {"requests": 1})
    assert not buckets.take(50.0, {"requests": 1})
    assert not buckets.take(100.5, {"requests": 1})
    assert buckets.take(101.0, {"requests": 1})


def test_all_or_nothing() -> None:
    """A19: what one meter refuses is not taken from the other."""
    buckets = Buckets({"requests": Pace(1, 60.0), "tokens": Pace(100, 60.0)})
    assert not buckets.take(0.0, {"requests": 1, "tokens": 101})
    assert buckets.take(0.0, {"requests": 1, "tokens": 100})


def test_meters_stay_as_they_are_named() -> None:
    buckets = Buckets({"requests": Pace(1, 60.0)})
    with pytest.raises(ValueError, match="must stay"):
        buckets.resize(0.0, {"tokens": Pace(1, 60.0)})
    with pytest.raises(ValueError, match="no meter 'tokens' here"):
        buckets.check({"tokens": 1})
    for cost in (-1, 0.5, True):
        with pytest.raises(ValueError, match="a cost must be a whole number from 0"):
            buckets.check({"requests": cost})  # type: ignore[dict-item]


def test_a_wait_that_no_float_holds_is_for_ever() -> None:
    buckets = Buckets({"requests": Pace(1, 1e300, burst=10**20)})
    assert buckets.take(0.0, {"requests": 10**20})
    assert buckets.wait(0.0, {"requests": 10**20}) == inf
