"""Nothing is told before what was missed, and nothing is lost on the way."""

from __future__ import annotations

import time
from typing import Any

import pytest
import trio
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.messages import Chat, ChatKind, Inbound
from platforms.irc import filling, wire
from platforms.irc.filling import Filling
from platforms.irc.session import Session
from rookery.testing import lab
from rookery.testing.lab import Lab
from tests.fakes.irc import history
from tests.fakes.irc.clients import Client
from tests.fakes.irc.history import Past
from tests.fakes.irc.peer import HistoryIrc

# --- what is journalled when --------------------------------------------------------------

STEPS = st.lists(
    st.sampled_from(["new", "missed", "kept", "broken off", "missing", "complete"]),
    max_size=40,
)


def heard(number: int) -> tuple[wire.Line, list[Inbound]]:
    time = f"2026-11-26T00:00:{number:02}.000Z"
    line = wire.Line("PRIVMSG", tags={"time": time})
    chat = Chat(ChatKind.GROUP, "#rooks")
    event = Inbound(str(number), chat=chat, sent_at_utc=wire.time_of(time))
    return line, [event]


@given(STEPS)
def test_each_event_goes_out_once_and_what_is_new_after_what_was_missed(
    steps: list[str],
) -> None:
    held, missing = Filling(None, time.time), True
    journalled: list[str] = []
    new: list[str] = []
    cursors: list[str] = []
    for number, step in enumerate(steps):
        match step:
            case "new":
                held.add(*heard(number))
                new.append(str(number))
            case "missed":
                held.put_before(*heard(number))
            case "kept" | "broken off":
                events, cursor = held.ready(missing=missing)
                if missing:
                    assert cursor is None
                    assert not {event.id for event in events} & set(new)
                elif cursor is not None:
                    cursors.append(cursor)
                if step == "kept":
                    held.kept(events)
                    journalled += [event.id for event in events]
            case _:
                missing = step == "missing"
    journalled += [event.id for event in held.everything()]
    taken = [str(n) for n, step in enumerate(steps) if step in ("new", "missed")]
    assert sorted(journalled, key=int) == taken
    assert [one for one in journalled if one in new] == new
    assert cursors == sorted(cursors)


def at(time: str) -> tuple[wire.Line, list[Inbound]]:
    event = Inbound(time, sent_at_utc=wire.time_of(time))
    return wire.Line("PRIVMSG", tags={"time": time}), [event]


def test_the_cursor_is_never_in_the_future() -> None:
    """One such line would be the newest for ever, and nothing missed were asked for."""
    now = [1_800_000_000.0]
    held = Filling("2027-01-15T07:00:00.000Z", now=lambda: now[0])
    held.add(*at("2999-01-01T00:00:00.000Z"))
    assert held.ready(missing=False)[1] == "2027-01-15T08:00:00.000Z"
    held.add(*at("2027-01-15T07:59:59.000Z"))
    assert held.ready(missing=False)[1] == "2027-01-15T08:00:00.000Z"
    now[0] += 10.5
    held.add(*at("2027-01-15T08:00:09.5Z"))
    assert held.ready(missing=False)[1] == "2027-01-15T08:00:09.5Z"


def test_new_events_wait_no_longer_when_it_takes_too_long() -> None:
    held = Filling(None, time.time)
    held.add(*heard(1))
    assert held.ready(missing=True) == ([], None)
    events, cursor = held.ready(missing=True, waits=False)
    assert [event.id for event in events] == ["1"]
    assert cursor is None


def test_new_events_wait_no_longer_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "MAX_HELD", 3)
    held = Filling(None, time.time)
    for number in range(3):
        held.add(*heard(number))
    assert held.ready(missing=True) == ([], None)
    held.add(*heard(3))
    events, cursor = held.ready(missing=True)
    assert [event.id for event in events] == ["0", "1", "2", "3"]
    assert cursor is None, "the next session asks for what was missing again"


# --- and in a host ------------------------------------------------------------------------


LATER = 60 * 60
"""Seconds of the server's clock: to what it is by ours when the line of the future comes."""


async def cut(chat: Lab) -> None:
    chat.cut()
    assert await chat.until(lambda: not chat.is_up, 5)


async def test_what_was_said_while_we_were_away_is_handled_before_what_is_new(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    peer.irc.page = 2
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        await cut(chat)
        for number in range(5):
            await chat.says(f"away {number}", room=1 + number % 2)
        peer.irc.silent_about.add("CHATHISTORY")
        await chat.up()
        # Nobody has told us yet what was missed: what is new waits for it.
        await chat.says("new", room=3)
        assert not await chat.until(lambda: "new" in chat.handled, 5)
        # It has been read, and would be lost to a server that tells nothing again.
        await cut(chat)
        assert await chat.until(lambda: "new" in chat.handled, 5)
        peer.irc.silent_about.clear()
        await chat.up()
        await chat.says("newer", room=3)
        assert await chat.until(lambda: "newer" in chat.handled, 5)
        told = ["here", *(f"away {n}" for n in range(5)), "new", "newer"]
        assert sorted(chat.handled) == sorted(told)
        assert chat.handled[-1] == "newer"
        rooms = [[f"away {n}" for n in (0, 2, 4)], [f"away {n}" for n in (1, 3)]]
        for room in rooms:
            assert [text for text in chat.handled if text in room] == room


async def test_nobody_forgets_what_was_missed_before_the_channels_have_answered(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        await cut(chat)
        await chat.says("away")
        peer.irc.silent_about.add("JOIN")
        state = "connecting (joins its channels)"
        assert await chat.until(lambda: str(chat.state) == state, 100)
        peer.irc.says("psst", to="rook")
        await trio.sleep(1)
        await cut(chat)
        peer.irc.silent_about.clear()
        await chat.up()
        assert await chat.until(lambda: "away" in chat.handled, 5)
        assert sorted(chat.handled) == ["away", "here", "psst"]


async def test_a_server_that_does_not_answer_is_asked_twice_and_no_more(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        await cut(chat)
        peer.irc.silent_about.add("CHATHISTORY")
        await chat.up()
        await chat.says("new")
        # Half a minute for the first of the four channels, a quarter for the second.
        assert not await chat.until(lambda: "new" in chat.handled, 40)
        assert await chat.until(lambda: "new" in chat.handled, 10)


async def test_a_server_that_refuses_costs_what_was_missed_and_no_more(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        await cut(chat)
        await chat.says("away")
        peer.irc.refusals["CHATHISTORY"] = "MESSAGE_ERROR"
        with capture_logs() as logs:
            await chat.up()
            await chat.says("new")
            assert await chat.until(lambda: chat.handled == ["here", "new"], 5)
        lost = [line for line in logs if line["event"] == "gap.lost"]
        assert [line["room"] for line in lost] == [f"#room{n}" for n in range(1, 5)]
        assert lost[0]["why"] == "No history (MESSAGE_ERROR)"


async def test_a_disk_that_is_stuck_is_no_silence_of_the_server(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        await cut(chat)
        away = [f"away {number}" for number in range(4)]
        for number, text in enumerate(away):
            await chat.says(text, room=1 + number)
        chat.house.disk.hold()
        await trio.sleep(200)
        assert peer.irc.clients, "we are there again"
        chat.house.disk.release()
        assert await chat.until(lambda: set(away) <= set(chat.handled), 60)
        assert sorted(chat.handled) == sorted(["here", *away])


async def test_a_line_of_the_future_costs_nothing_that_is_missed_later(
    autojump_clock: MockClock,
) -> None:
    peer = HistoryIrc()
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        wrong = {"msgid": "wrong", "time": "2999-01-01T00:00:00.000Z"}
        for client in peer.irc.clients:
            told = {"tags": wrong}
            client.tell("ann!a@b", "PRIVMSG", "#room1", "from the future", **told)
        await trio.sleep(1)
        await cut(chat)
        peer.irc._ids += LATER
        await chat.says("away")
        await chat.up()
        assert await chat.until(lambda: "away" in chat.handled, 5)


@pytest.mark.parametrize("step", range(16))
async def test_wherever_it_is_broken_off_nothing_is_lost_or_heard_twice(
    step: int, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is cut before one of the lines of the server's answers."""
    peer = HistoryIrc()
    peer.irc.page = 2
    count = 0

    def tell(
        client: Client, name: str, channel: str, page: list[Past], ref: str
    ) -> None:
        nonlocal count
        began = Past(channel, name, ("BATCH", f"+{ref}", "chathistory", channel), {})
        ended = Past(channel, name, ("BATCH", f"-{ref}"), {})
        told = [evolve(each, tags={**each.tags, "batch": ref}) for each in page]
        for line in (began, *told, ended):
            if count == step:
                peer.irc.says("new", to="#room4", nick="ann", tags={"msgid": "new"})
                chat.cut()
            count += 1
            client.tell(line.prefix, *line.words, tags=line.tags)

    monkeypatch.setattr(history, "tell", tell)
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        await cut(chat)
        away = [f"away {number}" for number in range(5)]
        for number, text in enumerate(away):
            await chat.says(text, room=1 + number % 2)
        assert await chat.until(lambda: count > step and chat.is_up, 60)
        assert await chat.until(lambda: {*away, "new"} <= set(chat.handled), 60)
        await trio.sleep(60)
        assert sorted(chat.handled) == [*away, "here", "new"]
        for room in (away[::2], away[1::2]):
            assert [text for text in chat.handled if text in room] == room


async def test_a_mistake_of_ours_costs_nothing_that_waits(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = HistoryIrc()
    react = Session._react

    async def trips(session: Session, *args: Any) -> None:
        if any(line.param(-1) == "trip" for line in args[1]):
            raise ZeroDivisionError
        await react(session, *args)

    monkeypatch.setattr(Session, "_react", trips)
    async with lab.open(peer) as chat:
        await chat.up()
        await chat.says("here")
        assert await chat.until(lambda: chat.handled == ["here"], 5)
        await cut(chat)
        peer.irc.silent_about.add("CHATHISTORY")
        await chat.up()
        peer.irc.says("psst", to="rook")
        peer.irc.says("trip", to="rook")
        assert await chat.until(lambda: "psst" in chat.handled, 5)
