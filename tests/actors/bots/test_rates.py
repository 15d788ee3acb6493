"""Rates: the grammar, and windows that never let more through than they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.bots import BotMistake
from actors.bots.rates import TooMany, Windows, parse_rate
from actors.messages import UNITS, Rate, Scope

rates = st.builds(
    Rate, st.integers(1, 5), st.sampled_from(list(UNITS.values())), st.just(Scope.USER)
)
# Steps of time between uses, as parts of a window.
steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(0, 0.7, allow_nan=False)), max_size=60
)


@given(
    count=st.integers(1, 10**6),
    unit=st.sampled_from(list(UNITS)),
    per=st.sampled_from([Scope.ALL, Scope.USER, Scope.CHAT]),
)
def test_a_rate_reads_back_as_it_is_written(count: int, unit: str, per: Scope) -> None:
    rate = Rate(count, UNITS[unit], per)
    assert parse_rate(str(rate)) == rate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "0/min",
        "5/minute",
        "-1/s",
        "5/min per",
        "5/min per group",
        "5 per user",
    ],
)
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BotMistake, match="such as '5/min per user'") as refused:
        parse_rate(text)
    assert repr(text) in str(refused.value)


@given(rate=rates, steps=steps)
def test_a_window_lets_through_what_it_says_and_tells_once(
    rate: Rate, steps: list[tuple[str, float]]
) -> None:
    windows = Windows(rate)
    now = 100.0
    opened: dict[str, float] = {}
    used: dict[str, int] = {}
    told: dict[str, int] = {}
    for key, step in steps:
        now += step * rate.seconds
        refusal = windows.take(key, now)
        if key not in opened or now >= opened[key] + rate.seconds:
            opened[key], used[key], told[key] = now, 0, 0
        if refusal is None:
            used[key] += 1
            assert used[key] <= rate.count
        else:
            assert used[key] == rate.count
            assert 0 < refusal.again_in <= rate.seconds * (1 + 1e-9)
            told[key] += refusal.first
            assert told[key] == 1


def test_one_user_does_not_spend_another_ones_allowance() -> None:
    windows = Windows(parse_rate("1/min per user"))
    assert windows.take("ann", 0.0) is None
    assert windows.take("bob", 0.0) is None
    assert windows.take("ann", 10.0) == TooMany(again_in=50.0, first=True)
    assert windows.take("ann", 20.0) == TooMany(again_in=40.0, first=False)
    assert windows.take("ann", 60.0) is None


@given(keys=st.lists(st.integers(0, 50), max_size=200))
def test_only_so_many_keys_are_remembered(keys: list[int]) -> None:
    windows = Windows(Rate(1, 60.0), max_keys=8)
    for now, key in enumerate(keys):
        windows.take(key, now / 1000)
        assert len(windows) <= 8
