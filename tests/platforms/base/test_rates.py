"""What a platform says of its rates and its keys, and that the host goes by it."""

from __future__ import annotations

from math import inf, nan

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.messages import UNITS, Rate, Scope
from platforms.base import Caps, Link
from platforms.base.rates import BadRate, pacer_of, parse_rates
from rookery import FOREVER
from tests.platforms.base.hosts import FakeHost
from tests.platforms.base.test_connection import Scripted

rates = st.builds(
    Rate,
    st.integers(1, 10**6),
    st.sampled_from(list(UNITS.values())),
    st.sampled_from([Scope.ALL, Scope.CHAT, Scope.GROUP]),
)


@given(st.lists(rates, max_size=4))
def test_rates_read_back_as_they_are_written(rates: list[Rate]) -> None:
    assert parse_rates([str(rate) for rate in rates]) == tuple(rates)


def test_one_rate_may_stand_alone() -> None:
    assert Caps(rate="1/s per chat").rate == (Rate(1, 1.0, Scope.CHAT),)
    assert Caps(rate=["30/s", "20/min per chat"]).rate == (
        Rate(30, 1.0),
        Rate(20, 60.0, Scope.CHAT),
    )
    assert Caps(rate=Rate(4, 8.0)).rate == (Rate(4, 8.0),)
    assert str(Rate(4, 8.0)) == "4/8s"
    assert Caps().rate == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1/s per user",
        "5",
        "0/s",
        "1/sec",
        "fast",
        "1/s per chat per chat",
        "1/s per chat per group",
        "per group",
    ],
)
def test_what_is_no_rate_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(BadRate) as caught:
        Caps(rate=text)
    assert str(caught.value) == (
        "a platform's rate must look like COUNT/UNIT, with UNIT s, min, h or day, and "
        "`per chat` after it where each chat has its own (`per group`: each that is "
        "not private), such as '1/s per chat' "
        f"(got {text!r})"
    )


def test_how_long_a_key_is_known_is_a_time() -> None:
    assert Caps().repeats_for == 0.0
    assert Caps(idempotent_for=300.0).repeats_for == 300.0
    assert Caps(idempotent_for=FOREVER).repeats_for == inf
    for nonsense in (-1.0, nan, inf):
        with pytest.raises(ValueError, match="must be a number of seconds from 0"):
            Caps(idempotent_for=nonsense)


def test_rates_of_an_account_and_of_its_chats_hold_together() -> None:
    pacer = pacer_of(parse_rates(["3/min", "1/s per chat"]))
    a, b = ("group", "a"), ("group", "b")
    assert [pacer.take(a, 0.0), pacer.take(a, 0.0)] == [0.0, 1.0]
    assert [pacer.take(b, 0.0), pacer.take(a, 1.0)] == [0.0, 0.0]
    assert pacer.wait(1.0) == 59.0


class Slow(Scripted):
    caps = Caps(rate="1/h", idempotent_for=60.0)


async def test_a_line_brings_the_terms_of_its_platform_and_its_successor_the_same() -> (
    None
):
    """A28: an account that reconnects begins no new allowance."""

    async def nothing(link: Link) -> None:
        await trio.lowlevel.checkpoint()

    host = FakeHost()
    link = host.link(Slow(nothing), "1")
    link.up()
    terms = host.terms["qq", "1"]
    assert terms is not None
    assert terms.idempotent_for == 60.0
    assert terms.pacing.take(("group", "42"), 0.0) == 0.0
    assert terms.pacing.wait(0.0) == 3600.0

    link.connecting()
    link.up()
    assert host.terms["qq", "1"] is terms


async def test_a_peer_that_knows_us_for_a_while_only_recognises_no_older_key(
    autojump_clock: MockClock,
) -> None:
    async def nothing(link: Link) -> None:
        await trio.lowlevel.checkpoint()

    host = FakeHost()
    link = host.link(Slow(nothing), "1")
    await trio.sleep(100)
    link.keys_known_for(40.0)
    link.up()
    terms = host.terms["qq", "1"]
    assert terms is not None
    assert terms.keys_since == trio.current_time() - 40.0
    terms.pacing.take(("group", "42"), 0.0)

    later = host.link(Slow(nothing), "1")
    later.up()
    fresh = host.terms["qq", "1"]
    assert fresh is not None
    assert fresh.keys_since == -inf, "each session says so itself"


def test_a_rate_per_group_holds_where_more_than_two_talk() -> None:
    pacer = pacer_of(parse_rates(["3/s per chat", "2/min per group"]))
    for kind, took in [("private", 3), ("group", 2), ("thread", 2), ("channel", 2)]:
        waits = [pacer.take((kind, "1"), 0.0) for _ in range(4)]
        assert waits.count(0.0) == took, kind
    assert pacer.take(("group", "2"), 0.0) == 0.0, "each has its own"
    assert pacer.take(("group", "1"), 1.0) == 59.0
    assert pacer.take(("group", "1"), 60.0) == 0.0
    assert pacer.take(("private", "1"), 1.0) == 0.0
