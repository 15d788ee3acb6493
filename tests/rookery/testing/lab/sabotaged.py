"""TinyChats that somebody has broken, each in a way of its own, and their peers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

import trio
from attrs import evolve

from actors.messages import Inbound, Outbound, Text
from platforms.base import (
    Answer,
    Caps,
    Frame,
    Link,
    NeedsOperator,
    OutcomeUnknown,
    Platform,
    Rejected,
    Retry,
    Sent,
    SessionEnded,
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


# --- broken, by the case that has to notice it ------------------------------------------------


class Mute(Tiny):
    """TALKS: says nothing, and says that it was sent."""

    async def send(self, link: Link, out: Outbound) -> Sent:
        return Sent("s1")


class Deaf(Tiny):
    """TALKS: hands nothing over."""

    async def take(self, link: Link, frame: Any) -> None:
        await link.advance(frame["seq"])


class Confused(Tiny):
    """TALKS: takes every answer for that to what it has said last."""

    last = ""

    async def send(self, link: Link, out: Outbound) -> Sent:
        self.last = out.key
        return await super().send(link, out)

    def answer_of(self, frame: Frame) -> Answer[Any] | None:
        answer = super().answer_of(frame)
        return None if answer is None else Answer(self.last, answer.value)


class Eager(Tiny):
    """REFUSED, THROWN_OUT: has a loop of its own, and it does not wait."""

    async def session(self, link: Link) -> None:
        while True:
            try:
                await self.one(link)
            except Exception:
                await trio.sleep(1)


class Sulky(Tiny):
    """REFUSED: whoever is not there the first time is not asked again."""

    async def session(self, link: Link) -> None:
        try:
            await self.one(link)
        except Exception as error:
            raise NeedsOperator("it is gone") from error


class Patient(Tiny):
    """HALF_OPEN: waits for ever."""

    silence = 1e6


class Trusting(Tiny):
    """HALF_OPEN: looks whether somebody is there first, and gives him all the time."""

    async def one(self, link: Link) -> None:
        async with await link.network.connect("tiny.test", 80) as line:
            await line.send_all(b"GET / HTTP/1.1\r\nHost: tiny.test\r\n\r\n")
            await line.receive_some()
        await super().one(link)


class Fresh(Tiny):
    """REDELIVERS: makes ids of its own, so nothing is known again."""

    def inbound(self, link: Link, m: Any) -> Inbound:
        return evolve(super().inbound(link, m), id=link.new_id())


class Forgetful(Tiny):
    """CANCELLED: acknowledges what is not journalled yet, and so loses it."""

    async def take(self, link: Link, frame: Any) -> None:
        await link.advance(frame["seq"])
        await trio.sleep(0.5)
        await link.deliver(self.inbound(link, frame))


class Ascending(Tiny):
    """REORDERS, GAP: takes a smaller number for one that it has seen."""

    async def take(self, link: Link, frame: Any) -> None:
        if frame["seq"] > int(link.cursor or 0):
            await super().take(link, frame)


class Contiguous(Tiny):
    """GAP: waits for the number that is missing."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        waiting: dict[int, Any] = {}
        following = int(link.cursor or 0) + 1
        async for frame in ws:
            if frame.get("op") == "msg":
                waiting[int(str(frame["seq"]))] = frame
            while following in waiting:
                await self.take(link, waiting.pop(following))
                following += 1


class Insistent(Tiny):
    """TOO_MANY: does not do as it is told."""

    def too_many(self, after: Any) -> Retry | Rejected:
        return Retry(0.1, "too many")


class Offended(Tiny):
    """TOO_MANY: takes *later* for *never*."""

    def too_many(self, after: Any) -> Retry | Rejected:
        return Rejected("too many")


class Stammering(Tiny):
    """CUT: gives each attempt a name of its own."""

    async def send(self, link: Link, out: Outbound) -> Sent:
        return await super().send(link, evolve(out, key=link.new_id()))


class Careless(Tiny):
    """CUT: repeats what nobody can know to be lost."""

    caps = evolve(Tiny.caps, idempotent_for=0.0)

    async def send(self, link: Link, out: Outbound) -> Sent:
        try:
            return await super().send(link, out)
        except OutcomeUnknown as unknown:
            raise Retry(1.0, str(unknown)) from unknown


class Knocking(Tiny):
    """BAD_TOKEN: takes it for a line that is bad today."""

    async def session(self, link: Link) -> None:
        try:
            await self.one(link)
        except NeedsOperator as error:
            raise SessionEnded(str(error)) from error


class Hoarding(Tiny):
    """BURST: has a queue of its own that has no end."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        send, receive = trio.open_memory_channel[Any](math.inf)

        async def deliver() -> None:
            async for frame in receive:
                await self.take(link, frame)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(deliver)
            async for frame in ws:
                if frame.get("op") == "msg":
                    send.send_nowait(frame)


class Dropping(Tiny):
    """BURST: throws away what finds no room."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        send, receive = trio.open_memory_channel[Any](100)

        async def deliver() -> None:
            async for frame in receive:
                await self.take(link, frame)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(deliver)
            async for frame in ws:
                if frame.get("op") == "msg":
                    with suppress(trio.WouldBlock):
                        send.send_nowait(frame)


class Scattered(Tiny):
    """BURST: hands over five at a time, and the last one first."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        held: list[Any] = []
        async for frame in ws:
            if frame.get("op") == "msg":
                held.append(frame)
            if len(held) == 5 or (held and held[0]["seq"] == 1):
                for each in reversed(held):
                    await self.take(link, each)
                held.clear()


class Locking(Tiny):
    """CANCELLED: keeps its lock when it is cancelled."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._free = trio.Semaphore(1)

    async def one(self, link: Link) -> None:
        await self._free.acquire()
        try:
            await super().one(link)
        except Exception:
            self._free.release()
            raise


class Touchy(Tiny):
    """RUBBISH: wants a person to look at whatever it does not understand."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        async for frame in ws:
            if "op" not in frame:
                raise NeedsOperator("what is this?")
            if frame["op"] == "msg":
                await self.take(link, frame)


class Haunting(Tiny):
    """LEAVES: leaves a task where nobody ends it."""

    async def one(self, link: Link) -> None:
        trio.lowlevel.spawn_system_task(trio.sleep_forever, name="a ghost")
        await super().one(link)


class Untidy(Tiny):
    """LEAVES: opens a connection and does not close it."""

    async def one(self, link: Link) -> None:
        await link.network.connect("tiny.test", 80)
        await super().one(link)
