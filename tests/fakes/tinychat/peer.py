"""TinyChat's server for a lab: what the author of that platform would write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import trio

from platforms.base import PlatformConfig, Secret
from rookery.testing.lab import Case, Peer, Said
from rookery.testing.lab.wires import WebSocketEnd, met
from tests.fakes.tinychat import platform


class TinyPeer(Peer):
    """Keeps what was said, and tells it again from where it is asked to."""

    kind = platform.TinyChat
    silence_seconds = 150.0
    cannot: ClassVar[Mapping[Case, str]] = {
        Case.TOO_MANY: "TinyChat has no word for it"
    }

    def __init__(self) -> None:
        super().__init__()
        self._line: WebSocketEnd | None = None

    def config(self, token: str) -> PlatformConfig:
        config: PlatformConfig = platform.Config("ws://tiny.test/", Secret(token))
        return config

    async def serve(self, stream: trio.abc.Stream) -> None:
        ws = await met(stream)
        if ws.headers.get("authorization") != f"Bearer {self.token}":
            await ws.refuse(401)
            return
        await ws.accept()
        hello = await ws.receive()
        await self.lets_in()
        await ws.send({"op": "hello", "me": "rook", "interval": 60})
        since = int(hello["since"] or 0)
        for said in list(self.told):
            if said.number > since:
                await ws.send(frame_of(said))
        self._line = ws
        async for frame in ws:
            if frame["op"] == "say":
                await self.hear(ws, frame, frame["ref"])

    async def hear(
        self, ws: WebSocketEnd, frame: Mapping[str, str], key: str | None
    ) -> None:
        room = int(frame["chat"].removeprefix("group:"))
        await self.hears(room, frame["text"], key)
        answer = {"op": "ack", "ref": frame["ref"], "id": f"s-{frame['ref']}"}
        await ws.send(answer)

    async def says(self, said: Said) -> None:
        if self._line is not None:
            await self._line.send(frame_of(said))

    async def shouts(self, raw: bytes) -> None:
        if self._line is not None:
            await self._line.raw(raw)


def frame_of(said: Said) -> dict[str, object]:
    return {
        "op": "msg",
        "seq": said.number,
        "id": f"m{said.number}",
        "chat": f"group:{said.room}",
        "from": f"u{said.person}",
        "text": said.text,
    }
