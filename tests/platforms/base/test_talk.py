"""A talk: frames as values, requests, beats, and what becomes of them at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from math import inf, nan

import pytest
import trio
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.messages import Chat, ChatKind, Outbound
from platforms.base import (
    Answer,
    DialGate,
    Frame,
    Link,
    OutcomeUnknown,
    Platform,
    Rejected,
    Retry,
    Secret,
    Sent,
    SessionEnded,
    Settled,
    Talk,
)
from platforms.base.dialling import in_turn, talked
from platforms.base.objects import NoObject, object_of, text_of
from platforms.base.peer import Habits
from platforms.base.talk import Wire, read_object
from platforms.transport import WebSocket
from tests.platforms.base.hosts import FakeHost, FakeSocket


@frozen
class NoConfig:
    pass


class Toy(Platform[NoConfig]):
    """`ok` and `no` are answers."""

    name = "toy"

    def answer_of(self, frame: Frame) -> Answer[Settled] | None:
        if "ok" in frame:
            return Answer(frame["ok"], Sent(frame["id"]))
        return Answer(frame["no"], Rejected("not in here")) if "no" in frame else None

    async def session(self, link: Link) -> None:
        raise NotImplementedError

    async def send(self, link: Link, out: Outbound) -> Sent:
        raise NotImplementedError


WIRE = Wire(reads=read_object, writes=text_of, answers=Toy(NoConfig()).answer_of)
HABITS = Habits[Frame, Settled](language=WIRE)


@asynccontextmanager
async def talk(link: Link, socket: FakeSocket) -> AsyncIterator[Talk[Frame]]:
    """What `link.websocket` gives, over a socket of the test."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[WebSocket]:
        await trio.lowlevel.checkpoint()
        yield socket

    async with (
        in_turn(link, connect) as dialled,
        talked(link, dialled, WIRE, HABITS) as ws,
    ):
        yield ws


def a_link(host: FakeHost | None = None) -> Link:
    return (host or FakeHost()).link(Toy(NoConfig()), "me")


async def test_frames_are_objects(autojump_clock: MockClock) -> None:
    socket = FakeSocket()
    async with talk(a_link(), socket) as ws:
        await ws.send({"op": "hello", "to": Chat(ChatKind.GROUP, "a/b")})
        assert await socket.hears() == {"op": "hello", "to": "group:a%2Fb"}
        socket.says("rubbish")
        socket.says({"op": "welcome"})
        assert await ws.receive(within=10) == {"op": "welcome"}
        with pytest.raises(SessionEnded, match="the peer said nothing for 10 s"):
            await ws.receive(within=10)
        socket.end(1000)
        with pytest.raises(SessionEnded, match="the peer left"):
            await ws.receive(within=10)


async def test_an_answer_says_that_it_was_sent_or_why_not(
    autojump_clock: MockClock,
) -> None:
    link, socket = a_link(), FakeSocket()

    async def is_sent() -> None:
        assert await link.request({"say": "a"}, ref="a", within=15) == Sent("1")

    async def is_rejected() -> None:
        with pytest.raises(Rejected, match="not in here"):
            await link.request({"say": "b"}, ref="b", within=15)

    async with talk(link, socket), trio.open_nursery() as nursery:
        nursery.start_soon(is_sent)
        nursery.start_soon(is_rejected)
        await socket.hears()
        await socket.hears()
        socket.says({"no": "b"})
        socket.says({"ok": "a", "id": "1"})


async def test_an_answer_that_is_late_is_told(autojump_clock: MockClock) -> None:
    host, socket = FakeHost(), FakeSocket()
    link = a_link(host)
    async with talk(link, socket):
        with pytest.raises(OutcomeUnknown):
            await link.request({"say": 1}, ref="k", within=15)
        socket.says({"ok": "k", "id": "1"})
        await wait_all_tasks_blocked()
        assert host.late == [("k", "1", "")]


async def test_where_nothing_is_open_nothing_goes_out() -> None:
    link = a_link()
    with pytest.raises(Retry, match="not connected"):
        await link.request({"say": 1}, ref="k", within=15)
    with pytest.raises(RuntimeError, match="need a talk that is open"):
        link.every(1.0, trio.lowlevel.checkpoint)
    with pytest.raises(RuntimeError, match="need a talk that is open"):
        link.up(silence_limit=5.0)


async def test_the_end_of_an_older_talk_takes_nothing_from_its_successor(
    autojump_clock: MockClock,
) -> None:
    """B13: the newest is asked, and clean-up is by identity."""
    link, old, new = a_link(), FakeSocket(), FakeSocket()
    leave = trio.Event()

    async def live_the_old() -> None:
        async with talk(link, old):
            await leave.wait()

    async def ask() -> None:
        await link.request({"say": 1}, ref="k", within=15)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live_the_old)
        await wait_all_tasks_blocked()
        async with talk(link, new):
            leave.set()
            await wait_all_tasks_blocked()
            nursery.start_soon(ask)
            assert await new.hears() == {"say": 1}
            new.says({"ok": "k", "id": "1"})
            await wait_all_tasks_blocked()
        assert not old.heard
        with pytest.raises(Retry):
            await link.request({"say": 1}, ref="k", within=15)


async def test_a_beat_lasts_as_long_as_the_talk(autojump_clock: MockClock) -> None:
    """B10, B13: what was begun in a session ends with it."""
    link, socket = a_link(), FakeSocket()
    async with talk(link, socket) as ws:
        link.every(10.0, ws.send, {"op": "ping"})
        await trio.sleep(35)
        assert len(socket.heard) == 3
    await trio.sleep(100)
    assert len(socket.heard) == 3


async def test_a_beat_on_a_dead_line_leaves_the_telling_to_who_reads(
    autojump_clock: MockClock,
) -> None:
    link, socket = a_link(), FakeSocket()
    async with talk(link, socket) as ws:
        link.every(10.0, ws.send, {"op": "ping"})
        socket.end(1006, "cut")
        await trio.sleep(30)
        with pytest.raises(SessionEnded, match="cut"):
            await anext(aiter(ws))


@pytest.mark.parametrize("seconds", [0.0, -1.0, nan, inf])
async def test_a_beat_that_would_never_rest_is_refused(seconds: float) -> None:
    link, socket = a_link(), FakeSocket()
    async with talk(link, socket) as ws:
        with pytest.raises(ValueError, match="must be a number from"):
            link.every(seconds, ws.send, {"op": "ping"})


async def test_silence_beyond_the_limit_is_the_end(autojump_clock: MockClock) -> None:
    """B10: a deadline on receiving, whatever we send."""
    link, socket = a_link(), FakeSocket()
    async with talk(link, socket) as ws:
        link.up(silence_limit=25.0)
        link.every(5.0, ws.send, {"op": "ping"})
        await trio.sleep(20)
        socket.says({"op": "pong"})
        assert await ws.receive(within=1) == {"op": "pong"}
        before = trio.current_time()
        with pytest.raises(SessionEnded, match="of silence"):
            await anext(aiter(ws))
        assert 25.0 <= trio.current_time() - before <= 31.0


async def test_one_dial_at_a_time(autojump_clock: MockClock) -> None:
    """B13: however many want one, an account has one dial in flight."""
    link = a_link()
    at_once = most = 0

    @asynccontextmanager
    async def connect() -> AsyncIterator[WebSocket]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await trio.sleep(1)
        at_once -= 1
        yield FakeSocket()

    async def live() -> None:
        async with in_turn(link, connect):
            await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(live)
    assert most == 1


async def test_a_host_does_not_dial_everybody_at_once(
    autojump_clock: MockClock,
) -> None:
    """B08: after a start, or when the network is back, dials are spread."""
    shared = FakeHost().host()
    dials: list[float] = []
    began = trio.current_time()

    async def dial() -> None:
        await shared.gate.turn()
        dials.append(trio.current_time() - began)

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(dial)
    assert dials[0] == 0.0
    assert dials[-1] == pytest.approx(99 * 0.05)


@given(st.lists(st.floats(0.0, 10.0), max_size=30), st.floats(0.01, 1.0))
def test_turns_are_apart_and_nobody_waits_without_a_reason(
    gaps: list[float], spacing: float
) -> None:
    gate, now = DialGate(spacing), 0.0
    last = float("-inf")
    for gap in gaps:
        now += gap
        at = gate.reserve(now)
        assert at == max(now, last + spacing)
        last = at


# --- objects -------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_what_is_written_is_read(frame: Frame) -> None:
    assert object_of(text_of(frame)) == frame


@given(st.text() | st.binary())
def test_anything_else_is_no_object(text: str | bytes) -> None:
    with suppress(NoObject):
        assert isinstance(object_of(text), dict)


@pytest.mark.parametrize("depth", [63, 64, 65, 5000])
def test_an_object_is_not_nested_without_end(depth: int) -> None:
    text = '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)
    if depth <= 64:
        assert object_of(text)
    else:
        with pytest.raises(NoObject):
            object_of(text)


def test_a_secret_does_not_go_out_by_mistake() -> None:
    with pytest.raises(TypeError, match=r"a Secret: reveal\(\) it") as refused:
        text_of({"token": Secret("hunter2")})
    assert "hunter2" not in str(refused.value)
