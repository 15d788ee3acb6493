"""What one browser keeps, whatever becomes of its connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import trio
from attrs import define, field

from rookery.testing.lab.wires import WebSocketEnd, dialled

HOST = "127.0.0.1:8643"

Shows: TypeAlias = Callable[[int, str, str], Awaitable[None]]
"""Told of each thing that a bot has said: its number, its key, its text."""


@define(eq=False)
class Page:
    """One person; `live` each connection to the host with it."""

    token: str
    shows: Shows
    waiting: list[dict[str, object]] = field(factory=list)
    """Deeds that are not known to be kept, the oldest first; one is under way."""
    seen: int = 0
    epoch: str = ""
    socket: WebSocketEnd | None = None
    """Once the host has said that we are welcome."""
    _in_flight: bool = False

    async def says(self, id_: str, text: str) -> None:
        """Say *text* under *id_*, again and again until it is kept. Raises Gone."""
        self.waiting.append({"op": "say", "id": id_, "body": [{"text": text}]})
        await self._push()

    async def live(self, stream: trio.abc.Stream, path: str, access: str = "") -> None:
        """Live one connection to the chat at *path*. Raises Gone."""
        try:
            ws = await dialled(stream, f"{path}/ws", host=HOST)
            hello = {"op": "hello", "token": self.token, "access": access}
            await ws.send({**hello, "epoch": self.epoch, "since": self.seen})
            async for frame in ws:
                await self._hear(ws, frame)
        finally:
            self.socket, self._in_flight = None, False
            await trio.aclose_forcefully(stream)

    async def _hear(self, ws: WebSocketEnd, frame: dict[str, Any]) -> None:
        match frame:
            case {"op": "welcome", "epoch": epoch}:
                assert self.epoch in ("", epoch), "the host has forgotten everything"
                self.epoch, self.socket = epoch, ws
                await self._push()
            case {"op": "event", "seq": seq, "what": what}:
                assert seq <= self.seen + 1, f"a gap before {seq}"
                if what["by"] == "bot":
                    text = "".join(part["text"] for part in what["body"])
                    await self.shows(seq, what["id"], text)
                await ws.send({"op": "ack", "seq": seq})
                # Not before: until then it asks for it again, as one does that was
                # loaded anew.
                self.seen = seq
            case {"op": "kept", "id": id_}:
                self.waiting = [deed for deed in self.waiting if deed["id"] != id_]
                self._in_flight = False
                await self._push()
            case {"op": "later", "seconds": seconds}:
                await trio.sleep(seconds)
                self._in_flight = False
                await self._push()
            case {"op": "tick"}:
                await ws.send({"op": "tock"})
            case _:
                raise AssertionError(frame)

    async def _push(self) -> None:
        if self.socket is not None and self.waiting and not self._in_flight:
            self._in_flight = True
            await self.socket.send(self.waiting[0])
