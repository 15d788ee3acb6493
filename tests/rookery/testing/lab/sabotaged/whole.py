"""TinyChat in pieces, and its server: nothing is broken yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from actors.messages import Inbound, Outbound, Text
from platforms.base import (
    Answer,
    Caps,
    Frame,
    Link,
    Platform,
    Rejected,
    Retry,
    Sent,
    Talk,
)
from rookery.testing.lab import Case
from rookery.testing.lab.wires import WebSocketEnd
from tests.fakes.tinychat.peer import TinyPeer
from tests.fakes.tinychat.platform import Config, TinyChat


class Tiny(Platform[Config]):
    """TinyChat in pieces, so that one of them can be broken. As it stands, it is whole."""

    name = "tiny"
    caps: ClassVar[Caps] = TinyChat.caps
    silence: ClassVar[float] = 2.5

    def answer_of(self, frame: Frame) -> Answer[Any] | None:
        match frame:
            case {"op": "ack", "ref": str(ref), "id": str(id_)}:
                return Answer(ref, Sent(id_))
            case {"op": "slow", "ref": str(ref), "after": after}:
                return Answer(ref, self.too_many(after))
            case _:
                return None

    def too_many(self, after: Any) -> Retry | Rejected:
        return Retry(5.0 if after is None else after, "too many")

    async def session(self, link: Link) -> None:
        await self.one(link)

    async def one(self, link: Link) -> None:
        async with link.websocket(self.config.url, bearer=self.config.token) as ws:
            await ws.send({"op": "hello", "since": link.cursor})
            hello = await ws.receive(within=10)
            assert isinstance(hello["interval"], int)
            silence = hello["interval"] * self.silence
            link.up(account=str(hello["me"]), silence_limit=silence)
            link.every(hello["interval"], ws.send, {"op": "ping"})
            await self.listen_to(link, ws)

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        async for frame in ws:
            if frame.get("op") == "msg":
                await self.take(link, frame)

    async def take(self, link: Link, frame: Any) -> None:
        await link.deliver(self.inbound(link, frame), cursor=frame["seq"])

    def inbound(self, link: Link, m: Any) -> Inbound:
        return Inbound(
            m["id"], chat=m["chat"], sender=m["from"], body=[Text(m["text"])]
        )

    async def send(self, link: Link, out: Outbound) -> Sent:
        text = "".join(part.text for part in out.body if isinstance(part, Text))
        frame = {"op": "say", "ref": out.key, "chat": out.chat, "text": text}
        return await link.request(frame, ref=out.key, within=15)


class TinySlowPeer(TinyPeer):
    """A server that can say that it is too much."""

    kind = Tiny
    cannot: ClassVar[Mapping[Case, str]] = {}

    async def hear(
        self, ws: WebSocketEnd, frame: Mapping[str, str], key: str | None
    ) -> None:
        if (too_many := self.refusal()) is not None:
            refused = {"op": "slow", "ref": frame["ref"], "after": too_many.after}
            await ws.send(refused)
        else:
            knows_keys = self.kind.caps.repeats_for > 0
            await super().hear(ws, frame, key if knows_keys else None)


class Whole(TinySlowPeer):
    """Nothing is broken."""
