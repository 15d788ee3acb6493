"""What one channel has missed is its own, however far the others are."""

from __future__ import annotations

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.journal import MemoryShelf
from platforms.irc import wire
from platforms.irc.channels import OVERLAP_SECONDS, Channels
from platforms.irc.times import written
from rookery.testing import lab
from rookery.testing.lab import Lab
from tests.fakes.irc.history import Past
from tests.fakes.irc.peer import HistoryIrc

NOW = 1_795_700_000.0
DAY = 86_400.0


class Shelves(dict[str, MemoryShelf]):
    """Those of one platform; they outlive its connections."""

    def __missing__(self, name: str) -> MemoryShelf:
        shelf = self[name] = MemoryShelf()
        return shelf

    def connection(self, now: float = NOW) -> Channels:
        return Channels(self.__getitem__, lambda: now)


def ago(seconds: float) -> str:
    return written(NOW - seconds)


# --- since when ---------------------------------------------------------------------------


async def test_what_was_said_before_we_came_is_history() -> None:
    shelves = Shelves()
    first = shelves.connection()
    assert await first.recall("rook", ["#a"], "") == {}
    first.joined("#a", ago(1000))
    await first.before_the_cursor()
    second = shelves.connection()
    # The cursor is hardly behind our coming: a minute earlier we had not been there.
    told = await second.recall("rook", ["#a", "#b"], ago(990))
    assert told == {"#a": ago(1000), "#b": ""}
    second.joined("#b", ago(500))
    second.joined("#a", ago(500))
    second.whole("#a")
    await second.before_the_cursor()
    third = shelves.connection()
    told = await third.recall("rook", ["#a", "#b"], ago(400))
    assert told == {"#a": ago(400 + OVERLAP_SECONDS), "#b": ago(400 + OVERLAP_SECONDS)}


async def test_what_nobody_has_kept_before_is_asked_for_as_far_as_we_know() -> None:
    """A host that has kept only the cursor so far."""
    told = await Shelves().connection().recall("rook", ["#a"], ago(700))
    assert told == {"#a": ago(700)}


async def test_a_clock_of_ours_that_is_ahead_hides_nothing() -> None:
    shelves = Shelves()
    first = shelves.connection(NOW + DAY)
    await first.recall("rook", ["#a"], "")
    first.joined("#a", "no time")
    await first.before_the_cursor()
    told = await shelves.connection().recall("rook", ["#a"], ago(10))
    assert told == {"#a": ago(10)}


async def test_what_is_missing_for_a_day_is_given_up() -> None:
    shelves = Shelves()
    first = shelves.connection()
    await first.recall("rook", ["#a"], ago(50))
    await first.before_the_cursor()
    told = await shelves.connection(NOW + DAY / 2).recall("rook", ["#a"], ago(0))
    assert told == {"#a": ago(50)}
    told = await shelves.connection(NOW + DAY).recall("rook", ["#a"], ago(0))
    assert told == {"#a": ago(50)}, "it was when we came, as far as is known"
    assert await shelves["missing"].all() == {}


async def test_another_account_or_what_nobody_wants_any_more_is_not_kept() -> None:
    shelves = Shelves()
    for account in ("rook", "crow"):
        one = shelves.connection()
        await one.recall(account, ["#a", "#b"], ago(50))
        await one.before_the_cursor()
    await shelves.connection().recall("rook", ["#b"], ago(40))
    for shelf in shelves.values():
        names = {"rook #b", "crow #a", "crow #b"}
        assert set(await shelf.all()) == names


CHANNELS = st.sampled_from(["#a", "#b", "#c"])
STEPS = st.lists(
    st.tuples(st.just("whole"), CHANNELS)
    | st.tuples(st.just("cursor"), st.just(""))
    | st.tuples(st.just("dies"), st.just("")),
    max_size=30,
)


@given(STEPS)
def test_whatever_dies_a_channel_is_asked_for_from_where_it_was_whole(
    steps: list[tuple[str, str]],
) -> None:
    """A model: of each channel the newest cursor at which nothing of it was missing."""

    async def main() -> None:
        shelves = Shelves()
        seconds, cursor = 0.0, NOW
        known_at = dict.fromkeys(["#a", "#b", "#c"], NOW)
        one = shelves.connection()
        asked = await one.recall("rook", known_at, written(cursor))
        found: set[str] = set()
        for what, channel in [*steps, ("dies", "")]:
            seconds += 100.0
            match what:
                case "whole":
                    one.whole(channel)
                    found.add(channel)
                case "cursor":
                    await one.before_the_cursor()
                    cursor = NOW + seconds
                    known_at |= dict.fromkeys(found, cursor)
                    await one.behind_the_cursor()
                case _:
                    one, found = shelves.connection(), set()
                    asked = await one.recall("rook", known_at, written(cursor))
                    for name, at in known_at.items():
                        since = wire.time_of(asked[name])
                        assert since is not None
                        assert since <= at
                        assert since >= at - OVERLAP_SECONDS - 1

    trio.run(main)


# --- and in a host ------------------------------------------------------------------------


async def begin(chat: Lab) -> None:
    peer = chat.peer
    assert isinstance(peer, HistoryIrc)
    await chat.up()
    peer.irc._ids += 1_000
    await chat.says("here")
    assert await chat.until(lambda: chat.handled == ["here"], 5)


async def cut(chat: Lab) -> None:
    chat.cut()
    assert await chat.until(lambda: not chat.is_up, 5)


async def others_go_on(chat: Lab, peer: HistoryIrc) -> None:
    """Much later something is said in another channel: the cursor passes what was missed."""
    await chat.up()
    peer.irc._ids += 1_000
    await chat.says("new", room=3)
    assert await chat.until(lambda: chat.handled == ["here", "new"], 60)
    await cut(chat)


async def test_what_the_server_does_not_tell_is_asked_for_the_next_time(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await begin(chat)
        await cut(chat)
        await chat.says("away", room=2)
        peer.irc.refusals["CHATHISTORY"] = "MESSAGE_ERROR"
        await others_go_on(chat, peer)
        peer.irc.refusals.clear()
        await chat.up()
        assert await chat.until(lambda: "away" in chat.handled, 5)
        await cut(chat)
        await chat.up()
        await trio.sleep(60)
        assert chat.handled == ["here", "new", "away"]


async def test_what_was_said_where_we_cannot_come_in_is_told_when_we_can(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await begin(chat)
        await cut(chat)
        peer.irc.refusals["#room2"] = "477 You need to be identified"
        await chat.says("away", room=2)
        await others_go_on(chat, peer)
        peer.irc.refusals.clear()
        await chat.up()
        assert await chat.until(lambda: "away" in chat.handled, 5)
        assert chat.handled == ["here", "new", "away"]


async def test_a_line_of_a_server_whose_clock_is_slow_is_told(
    autojump_clock: MockClock,
) -> None:
    """It is older than what was before it, in another channel."""
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await begin(chat)
        slow = peer.irc.now()
        peer.irc._ids += 30
        await chat.says("there", room=2)
        assert await chat.until(lambda: "there" in chat.handled, 5)
        await cut(chat)
        words, tags = ("PRIVMSG", "#room1", "away"), {"time": slow, "msgid": "slow"}
        peer.irc.past.append(Past("#room1", "ann!a@b", words, tags))
        await chat.up()
        assert await chat.until(lambda: "away" in chat.handled, 5)
        assert chat.handled == ["here", "there", "away"]
