"""A OneBot v11 implementation for a lab, in both directions.

Sources: github.com/botuniverse/onebot-11, communication/ws.md and ws-reverse.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import trio

from platforms.base import PlatformConfig, Secret
from platforms.onebot11 import OneBot11, OneBot11Config
from rookery.testing.lab import Case, Peer, Said
from rookery.testing.lab.house import WALL_ZERO
from rookery.testing.lab.wires import WebSocketEnd, dialled, met
from tests.fakes.onebot.actions import (
    SENDS,
    Account,
    Action,
    Reply,
    text_of,
    usual_reply,
)
from tests.fakes.onebot.events import group_message, lifecycle

SELF = 10001


class OneBotPeer(Peer):
    """What both directions share: one universal socket."""

    kind = OneBot11
    cannot: ClassVar[Mapping[Case, str]] = {
        Case.TOO_MANY: "OneBot has no answer that says when to try again"
    }

    def __init__(self) -> None:
        super().__init__()
        self._account = Account(SELF)
        self._line: WebSocketEnd | None = None
        self._ids = 0

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The headers of an implementation that dials."""
        return [
            ("X-Self-ID", f"{SELF}"),
            ("X-Client-Role", "Universal"),
            ("Authorization", f"Bearer {self.token}"),
        ]

    async def converse(self, ws: WebSocketEnd) -> None:
        await ws.send(lifecycle(SELF, at=now()))
        self._line = ws
        async for frame in ws:
            name, params = frame["action"], frame.get("params") or {}
            action = Action(name, params, frame.get("echo"), "echo" in frame)
            await ws.send((await self._reply(action)).to(action))

    async def _reply(self, action: Action) -> Reply:
        self._ids += 1
        if action.name in SENDS:
            room = int(action.params["group_id"])
            await self.hears(room, text_of(action))
        return usual_reply(self._account, action, self._ids)

    async def says(self, said: Said) -> None:
        if self._line is not None:
            await self._line.send(event_of(said))

    async def shouts(self, raw: bytes) -> None:
        if self._line is not None:
            await self._line.raw(raw)


class ForwardPeer(OneBotPeer):
    """They listen, we are dialled."""

    def config(self, token: str) -> PlatformConfig:
        url = "ws://onebot.test/"
        return OneBot11Config("forward", url=url, access_token=Secret(token))

    async def serve(self, stream: trio.abc.Stream) -> None:
        ws = await met(stream)
        if ws.headers.get("authorization") != f"Bearer {self.token}":
            await ws.refuse(403)
            return
        await self.lets_in()
        await ws.accept()
        await self.converse(ws)


class ReversePeer(OneBotPeer):
    """They dial the host, again after a while."""

    def config(self, token: str) -> PlatformConfig:
        at = "127.0.0.1:6700"
        return OneBot11Config("reverse", listen=at, access_token=Secret(token))

    async def visit(self, stream: trio.abc.Stream) -> None:
        await self.converse(await dialled(stream, "/onebot/v11/ws", self.shown))


def event_of(said: Said) -> dict[str, Any]:
    text = [{"type": "text", "data": {"text": said.text}}]
    who, at = 1000 + said.person, now()
    return group_message(SELF, who, said.room, text, message_id=said.number, at=at)


def now() -> float:
    return WALL_ZERO + trio.current_time()
