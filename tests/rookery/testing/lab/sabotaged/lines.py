"""TinyChats that do wrong by their line: how it comes about, breaks and ends."""

from __future__ import annotations

from typing import Any

import trio
from attrs import evolve

from actors.messages import Outbound
from platforms.base import (
    Answer,
    Frame,
    Link,
    NeedsOperator,
    OutcomeUnknown,
    Retry,
    Sent,
    Talk,
)
from platforms.transport import TransportError
from tests.rookery.testing.lab.sabotaged.whole import Tiny


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
                await trio.sleep(20)


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


class Hopeful(Tiny):
    """LOST: what has left is sent, it thinks, whether there was an answer or not."""

    caps = evolve(Tiny.caps, idempotent_for=0.0)

    async def send(self, link: Link, out: Outbound) -> Sent:
        try:
            return await super().send(link, out)
        except OutcomeUnknown:
            return Sent("s1")


class Hasty(Tiny):
    """LET_IN: is up as soon as there is a line, and greets then."""

    async def one(self, link: Link) -> None:
        async with link.websocket(self.config.url, bearer=self.config.token) as ws:
            link.up(account="rook")
            await ws.send({"op": "hello", "since": link.cursor})
            hello = await ws.receive(within=10)
            assert isinstance(hello["interval"], int)
            link.up(silence_limit=hello["interval"] * self.silence)
            link.every(hello["interval"], ws.send, {"op": "ping"})
            await self.listen_to(link, ws)


class Boastful(Tiny):
    """LET_IN: is up before it has dialled."""

    async def one(self, link: Link) -> None:
        link.up(account="rook")
        await super().one(link)


class Doubtful(Tiny):
    """REFUSED: takes an address at which nobody was ever met for a wrong one."""

    met = False

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        self.met = True
        await super().listen_to(link, ws)

    async def session(self, link: Link) -> None:
        try:
            await self.one(link)
        except TransportError as error:
            if not self.met:
                raise NeedsOperator("nobody is there") from error
            raise


class Clinging(Tiny):
    """THROWN_OUT: comes back at once wherever it was let in."""

    async def session(self, link: Link) -> None:
        while True:
            self.inside = False
            try:
                await self.one(link)
            except Exception:
                if not self.inside:
                    raise
            link.connecting()
            await trio.sleep(20)

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        self.inside = True
        await super().listen_to(link, ws)


class Loyal(Tiny):
    """LEAVES: asks on for a while what became of a message, whoever else has gone."""

    async def send(self, link: Link, out: Outbound) -> Sent:
        try:
            return await super().send(link, out)
        except (OutcomeUnknown, trio.Cancelled):
            trio.lowlevel.spawn_system_task(trio.sleep, 4.0, name="a ghost")
            raise
