"""The servers that the platforms of the how-to speak to, for a lab."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

import trio

from platforms.base import PlatformConfig, Secret
from rookery.testing.lab import Case, Peer, Said
from rookery.testing.lab.wires import Lines, Request, WebSocketEnd, dialled, requests


class LinePeer(Peer):
    """Speaks in lines, and keeps nothing of what nobody was there to hear."""

    silence_seconds = 75.0
    cannot: ClassVar[Mapping[Case, str]] = {
        Case.TOO_MANY: "it has no word for it",
        Case.BAD_TOKEN: "it knows no tokens",
    }

    def __init__(self) -> None:
        super().__init__()
        self._line: Lines | None = None

    def config(self, token: str) -> PlatformConfig:
        return config_of(self, host="chat.test")

    async def serve(self, stream: trio.abc.Stream) -> None:
        line = Lines(stream)
        assert await line.receive() == "HELLO"
        await self.lets_in()
        await line.send("WELCOME rook")
        self._line = line
        async for said in line:
            match said.split(" ", 3):
                case ["SAY", key, room, text]:
                    await self.hears(int(room), text)
                    await line.send(f"OK {key} s-{key}")
                case ["PING"]:
                    await line.send("PONG")
                case _:
                    raise AssertionError(said)

    async def says(self, said: Said) -> None:
        if self._line is not None:
            text = f"MSG m{said.number} {said.room} u{said.person} {said.text}"
            await self._line.send(text)

    async def shouts(self, raw: bytes) -> None:
        if self._line is not None:
            await self._line.raw(raw)


class PollPeer(Peer):
    """Holds a poll until there is something, and forgets it once it was confirmed."""

    silence_seconds = 60.0
    cannot: ClassVar[Mapping[Case, str]] = {}

    def __init__(self) -> None:
        super().__init__()
        self._queue: list[Said] = []
        self._raw: list[bytes] = []
        self._news = trio.Event()

    def config(self, token: str) -> PlatformConfig:
        return config_of(self, url="https://chat.test", token=Secret(token))

    async def serve(self, stream: trio.abc.Stream) -> None:
        async for request in requests(stream):
            if request.headers.get("authorization") != f"Bearer {self.token}":
                await request.answer(401)
            else:
                await self._take(request)

    async def _take(self, request: Request) -> None:
        if request.path == "/new":
            await self._tell(request)
        else:
            await self._hear(request)

    async def _tell(self, request: Request) -> None:
        after = int(request.query["after"])
        self._queue = [said for said in self._queue if said.number > after]
        with trio.move_on_after(float(request.query["timeout"])):
            while not (self._queue or self._raw):
                await self._news.wait()
        if self._raw:
            await request.answer(200, self._raw.pop())
        else:
            await request.answer(200, [message_of(said) for said in self._queue[:100]])

    async def _hear(self, request: Request) -> None:
        if (too_many := self.refusal()) is not None:
            after = too_many.after
            headers = [] if after is None else [("Retry-After", f"{after:g}")]
            await request.answer(429, headers=headers)
            return
        say = json.loads(request.body)
        await self.hears(int(say["room"]), say["text"])
        await request.answer(200, {"id": f"s-{say.get('key')}"})

    async def says(self, said: Said) -> None:
        self._queue.append(said)
        self._tells()

    async def shouts(self, raw: bytes) -> None:
        self._raw.append(raw)
        self._tells()

    def _tells(self) -> None:
        self._news.set()
        self._news = trio.Event()


class TicketPeer(PollPeer):
    """The same, with a new ticket at each login; one with an old ticket is a stranger."""

    tickets = 0

    async def _take(self, request: Request) -> None:
        if request.path == "/login":
            self.tickets += 1
            await request.answer(200, {"id": "rook", "ticket": f"t{self.tickets}"})
        elif (
            request.path == "/say"
            and json.loads(request.body)["ticket"] != f"t{self.tickets}"
        ):
            await request.answer(403)
        else:
            await super()._take(request)


class DoorPeer(Peer):
    """Dials the platform, and says who it is."""

    cannot: ClassVar[Mapping[Case, str]] = {Case.TOO_MANY: "it has no word for it"}

    def __init__(self) -> None:
        super().__init__()
        self._line: WebSocketEnd | None = None

    def config(self, token: str) -> PlatformConfig:
        return config_of(self, token=Secret(token))

    async def visit(self, stream: trio.abc.Stream) -> None:
        shown = [("X-Account", "rook"), ("Authorization", f"Bearer {self.token}")]
        ws = self._line = await dialled(stream, "/", shown)
        async for say in ws:
            await self.hears(int(say["room"]), say["text"])
            await ws.send({"ok": say["key"], "id": f"s-{say['key']}"})

    async def says(self, said: Said) -> None:
        if self._line is not None:
            await self._line.send(message_of(said))

    async def shouts(self, raw: bytes) -> None:
        if self._line is not None:
            await self._line.raw(raw)


def config_of(peer: Peer, **keys: object) -> PlatformConfig:
    make = cast("Callable[..., PlatformConfig]", peer.kind.config_type)
    return make(**keys)


def message_of(said: Said) -> dict[str, Any]:
    return {
        "id": f"m{said.number}",
        "number": said.number,
        "room": f"{said.room}",
        "who": f"u{said.person}",
        "text": said.text,
    }
