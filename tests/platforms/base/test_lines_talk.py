"""A session that speaks in lines has what one with a WebSocket has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from actors.messages import Outbound
from platforms.base import (
    Answer,
    Link,
    OutcomeUnknown,
    Platform,
    Sent,
    SessionEnded,
    Settled,
    Talk,
)
from platforms.transport import lines
from tests.platforms.base.hosts import FakeHost


@frozen
class NoConfig:
    pass


class Toy(Platform[NoConfig]):
    """Its session is what the test does."""

    name = "toy"

    async def session(self, link: Link) -> None:
        raise NotImplementedError

    async def send(self, link: Link, out: Outbound) -> Sent:
        raise NotImplementedError


def answer_of(line: str) -> Answer[Settled] | None:
    verb, _, rest = line.partition(" ")
    return Answer(rest, Sent(f"s-{rest}")) if verb == "OK" else None


class FakeServer:
    """The other end of the line, in the hands of the test."""

    def __init__(self) -> None:
        self.ours, self.theirs = memory_stream_pair()
        self._heard = b""

    async def says(self, *texts: str) -> None:
        for text in texts:
            await self.theirs.send_all(f"{text}\r\n".encode())

    async def hears(self) -> str:
        while b"\r\n" not in self._heard:
            data = await self.theirs.receive_some()
            assert data, "the line was closed"
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\r\n")
        return line.decode()

    @asynccontextmanager
    async def talk(self, link: Link) -> AsyncIterator[Talk[str]]:
        async with link.lines(
            "irc.example", 6697, probe="PING x", answer_of=answer_of
        ) as talk:
            yield talk


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    server = FakeServer()

    async def connected(*_: object) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        return server.ours

    monkeypatch.setattr(lines, "_connected", connected)
    return server


def a_link() -> Link:
    return FakeHost().link(Toy(NoConfig()), "me")


async def test_lines_are_heard_and_said(
    server: FakeServer, autojump_clock: MockClock
) -> None:
    async with server.talk(a_link()) as talk:
        await talk.send("NICK rook")
        assert await server.hears() == "NICK rook"
        await server.says("001 rook :welcome", "PRIVMSG #den :hi")
        assert await talk.receive(within=10) == "001 rook :welcome"
        assert await anext(aiter(talk)) == "PRIVMSG #den :hi"


async def test_an_answer_overtakes_what_nobody_hears(
    server: FakeServer, autojump_clock: MockClock
) -> None:
    link = a_link()
    async with server.talk(link), trio.open_nursery() as nursery:

        async def answer() -> None:
            assert await server.hears() == "SAY k hello"
            await server.says("one", "two", "OK k", "three")

        nursery.start_soon(answer)
        assert await link.request("SAY k hello", ref="k", within=15) == Sent("s-k")


async def test_what_was_asked_is_unknown_at_once_when_the_line_is_cut(
    server: FakeServer, autojump_clock: MockClock
) -> None:
    """B14: a request ends in one of three ways, and never by silence."""
    link = a_link()
    async with server.talk(link), trio.open_nursery() as nursery:

        async def cut() -> None:
            await server.hears()
            await server.theirs.aclose()

        nursery.start_soon(cut)
        before = trio.current_time()
        with pytest.raises(OutcomeUnknown):
            await link.request("SAY k hello", ref="k", within=600)
        assert trio.current_time() - before < 5


async def test_a_silent_peer_is_asked_and_left_if_it_says_nothing(
    server: FakeServer, autojump_clock: MockClock
) -> None:
    """B10: a deadline on receiving; a probe that is answered by any line."""
    async with server.talk(a_link()) as talk:
        before = trio.current_time()
        assert await server.hears() == "PING x"
        assert 30 <= trio.current_time() - before <= 36
        await server.says("PONG x")
        assert await anext(aiter(talk)) == "PONG x"
        assert await server.hears() == "PING x"
        asked = trio.current_time()
        with pytest.raises(SessionEnded, match="a probe unanswered"):
            await anext(aiter(talk))
        assert trio.current_time() - asked <= 20


async def test_a_limit_takes_the_place_of_the_probe(
    server: FakeServer, autojump_clock: MockClock
) -> None:
    link = a_link()
    async with server.talk(link) as talk:
        link.up(silence_limit=100.0)
        before = trio.current_time()
        with pytest.raises(SessionEnded, match="of silence"):
            await anext(aiter(talk))
        assert 100 <= trio.current_time() - before <= 110


async def test_leaving_ends_what_was_asked_and_the_socket(
    server: FakeServer, autojump_clock: MockClock
) -> None:
    """B13: nothing of a session outlives it."""
    link = a_link()
    async with trio.open_nursery() as nursery:

        async def ask() -> None:
            with pytest.raises(OutcomeUnknown):
                await link.request("SAY k hello", ref="k", within=600)

        async with server.talk(link):
            nursery.start_soon(ask)
            await server.hears()
            await wait_all_tasks_blocked()
    assert await server.theirs.receive_some() == b""


async def test_a_bare_line_is_read_in_its_own_encoding_and_dialled_in_turn(
    server: FakeServer, autojump_clock: MockClock
) -> None:
    link = a_link()
    heard: list[object] = []

    async def live() -> None:
        async with link.dial_lines(
            "irc.example", 6697, decode=lambda line: line.decode("latin-1")
        ) as line:
            heard.append(await line.receive())

    await server.theirs.send_all(b"caf\xe9\r\n")
    async with trio.open_nursery() as nursery, link.one_dial:
        nursery.start_soon(live)
        await trio.sleep(1)
        assert heard == []
    assert heard == ["café"]
