"""A page as the host knows it: over a WebSocket on a stream in memory, or by HTTP alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from attrs import evolve
from trio.testing import memory_stream_pair
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, TextMessage
from wsproto.events import Request as Upgrade

from actors.kernel import System
from actors.messages import Chat, ChatAddress, ChatKind, Outbound, Segment, Text
from actors.sender import Line, Sent
from platforms.base import platform_tree
from platforms.base.line import AccountLine
from platforms.webchat import WebChat, WebChatConfig
from platforms.webchat.desk import Desk
from platforms.webchat.doorkeeper import person_of
from tests.platforms.base.hosts import FakeHost
from tests.platforms.ingress.clients import Client, connect

ANN, BOB = "a" * 43, "b" * 43


class Clock:
    """Seconds since 1970, as a test wants them."""

    def __init__(self) -> None:
        self.now = 1.8e9

    def __call__(self) -> float:
        return self.now


class Page:
    """One open page of one person. It answers pings, and acks when a test says so."""

    def __init__(self, world: World, token: str = ANN) -> None:
        self._world = world
        self.token = token
        self.seen = 0
        self.epoch = ""
        self.acks = True
        self.skips = False
        """Numbers may be missing: of what was replaced, or is lost."""
        self.closed = 0

    async def opens(
        self, since: int | None = None, **hello: object
    ) -> dict[str, object]:
        """Connect, and return the welcome."""
        ours, theirs = memory_stream_pair()
        self._world.nursery.start_soon(self._world.host.ingress.serve, theirs, "t:0")
        self.stream = ours
        self._world.streams.append(ours)
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []
        at = Upgrade(host="127.0.0.1:8643", target="/web/ws")
        await ours.send_all(self._ws.send(at))
        assert isinstance(await self._next(), AcceptConnection)
        since = self.seen if since is None else since
        asked = {"token": self.token, "since": since, "epoch": self.epoch, **hello}
        await self.says({"op": "hello", **asked})
        welcome = await self.hears()
        if welcome["op"] == "welcome":
            self.epoch = str(welcome["epoch"])
        return welcome

    async def cut(self) -> None:
        await trio.aclose_forcefully(self.stream)

    async def says(self, frame: dict[str, object] | str) -> None:
        data = frame if isinstance(frame, str) else json.dumps(frame)
        await self.stream.send_all(self._ws.send(TextMessage(data=data)))

    async def writes(self, id_: str, text: str) -> None:
        await self.says({"op": "say", "id": id_, "body": [{"text": text}]})

    async def hears(self) -> dict[str, object]:
        """Return the next frame; acknowledge it if it is an event."""
        event = await self._next()
        if isinstance(event, CloseConnection):
            self.closed = int(event.code)
            return {"op": "closed", "code": int(event.code)}
        assert isinstance(event, TextMessage), event
        frame: dict[str, object] = json.loads(event.data)
        if frame["op"] == "event":
            seq = frame["seq"]
            assert isinstance(seq, int)
            assert seq > self.seen, "something is told twice"
            assert seq == self.seen + 1 or self.skips, "a gap"
            self.seen = seq
            if self.acks:
                await self.says({"op": "ack", "seq": seq})
        return frame

    async def hears_event(self) -> dict[str, object]:
        """Return what the next event says, whatever comes before it."""
        while (frame := await self.hears())["op"] != "event":
            assert frame["op"] in ("kept", "tick"), frame
        what = frame["what"]
        assert isinstance(what, dict)
        return what

    async def hears_answer(self) -> dict[str, object]:
        while (frame := await self.hears())["op"] in ("event", "tick"):
            pass
        return frame

    async def _next(self) -> Event:
        with trio.fail_after(1000):
            while not self._events:
                data = bytes(await self.stream.receive_some(65536))
                self._ws.receive_data(data or None)
                for event in self._ws.events():
                    if isinstance(event, Ping):
                        await self.stream.send_all(self._ws.send(event.response()))
                    else:
                        self._events.append(event)
        return self._events.pop(0)


class World:
    """A host with a web chat, called `web`."""

    def __init__(self, config: WebChatConfig, nursery: trio.Nursery) -> None:
        self.host = FakeHost()
        # One that outlives the systems that run on it, as a disk does.
        self.shelves = self.host.host().shelf
        self.nursery = nursery
        self.clock = Clock()
        self.chat = WebChat(config, self.clock)
        self.streams: list[trio.abc.Stream] = []

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        host = evolve(self.host.host(), shelf=self.shelves)
        self.host.ingress.opened("memory")
        async with System(platform_tree("web", self.chat, host).actor):
            await self.host.state("page", "up", "web")
            yield
            for stream in self.streams:  # a mute page would be waited for
                await trio.aclose_forcefully(stream)

    def page(self, token: str = ANN) -> Page:
        return Page(self, token)

    def client(self) -> Client:
        return connect(self.host.ingress, self.nursery)

    async def line(self) -> Line:
        return await self.host.line("page", "web")

    @property
    def desk(self) -> Desk:
        """Of the session that is up."""
        line = self.host.lines["web", "page"]
        assert isinstance(line, AccountLine)
        desk = line._link.speaker
        assert isinstance(desk, Desk)
        return desk

    async def bot_says(self, key: str, *body: Segment | str, token: str = ANN) -> Sent:
        return await (await self.line()).send(saying(key, *body, token=token))


def saying(key: str, *body: Segment | str, token: str = ANN) -> Outbound:
    chat = Chat(ChatKind.PRIVATE, person_of(token))
    segments = tuple(Text(part) if isinstance(part, str) else part for part in body)
    return Outbound(key=key, to=ChatAddress("web", "page", chat), body=segments)
