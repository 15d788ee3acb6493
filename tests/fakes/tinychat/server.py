"""A TinyChat server: keeps what was said, tells it again, and misbehaves when asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio
import trio_websocket
from attrs import define, field

SOURCE = Path(__file__).with_name("tinychat.py.txt")
"""The platform, letter by letter as the documents show it."""


@define
class TinyServer:
    """One account's server. Chats are written `KIND:CHAT`."""

    port: int = 0
    token: str = "right"
    interval: float = 60.0
    hellos: list[dict[str, object]] = field(factory=list)
    dialled: int = 0
    pings: int = 0
    seen: list[int] = field(factory=list)
    said: dict[str, dict[str, str]] = field(factory=dict)
    """By their key: the same key is the same message."""
    attempts: list[str] = field(factory=list)
    acks: bool = True
    messages: list[dict[str, object]] = field(factory=list)
    _sockets: list[trio_websocket.WebSocketConnection] = field(factory=list)
    _changed: trio.Event = field(factory=trio.Event)

    async def serve(self, request: trio_websocket.WebSocketRequest) -> None:
        self.dialled += 1
        if (
            dict(request.headers).get(b"authorization")
            != f"Bearer {self.token}".encode()
        ):
            await request.reject(401)
            return
        ws = await request.accept()
        with suppress(trio_websocket.ConnectionClosed):
            hello = json.loads(await ws.get_message())
            self.hellos.append(hello)
            await self.tell(
                ws, {"op": "hello", "me": "rook", "interval": self.interval}
            )
            told = int(hello["since"] or 0)
            while told < len(self.messages):
                await self.tell(ws, self.messages[told])
                told += 1
            # Only now: what is said meanwhile must not overtake what was said before.
            self._sockets.append(ws)
            self._change()
            while True:
                await self._hear(ws, json.loads(await ws.get_message()))

    async def _hear(
        self, ws: trio_websocket.WebSocketConnection, frame: dict[str, str]
    ) -> None:
        match frame:
            case {"op": "ping"}:
                self.pings += 1
            case {"op": "seen", "seq": seq}:
                self.seen.append(int(seq))
            case {"op": "say", "ref": ref}:
                self.attempts.append(ref)
                self.said.setdefault(ref, frame)
                if self.acks:
                    await self.tell(ws, {"op": "ack", "ref": ref, "id": f"s-{ref}"})
            case _:
                raise AssertionError(frame)
        self._change()

    async def tell(
        self, ws: trio_websocket.WebSocketConnection, frame: Mapping[str, object]
    ) -> None:
        await ws.send_message(json.dumps(frame))

    async def says(self, text: str, chat: str = "group:den") -> None:
        """Somebody says *text*; whoever is connected hears it now."""
        seq = len(self.messages) + 1
        message = {
            "op": "msg",
            "seq": seq,
            "id": f"m{seq}",
            "chat": chat,
            "from": "ann",
            "text": text,
        }
        self.messages.append(message)
        for ws in self._sockets:
            with suppress(trio_websocket.ConnectionClosed):
                await self.tell(ws, message)

    async def shout(self, text: str) -> None:
        """Send *text* as it is to whoever is connected."""
        for ws in self._sockets:
            await ws.send_message(text)

    async def cut(self) -> None:
        """Cut every line, without a goodbye."""
        sockets, self._sockets = self._sockets, []
        for ws in sockets:
            await trio.aclose_forcefully(ws._stream)

    @property
    def connected(self) -> bool:
        """Is there somebody who has heard everything so far?"""
        return any(ws.closed is None for ws in self._sockets)

    async def until(self, holds: object) -> None:
        assert callable(holds)
        with trio.fail_after(60):
            while not holds():
                await self._changed.wait()

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[TinyServer]:
        async with trio.open_nursery() as nursery:
            opened = await nursery.start(
                trio_websocket.serve_websocket, self.serve, "127.0.0.1", self.port, None
            )
            self.port = opened.port
            yield self
            nursery.cancel_scope.cancel()
