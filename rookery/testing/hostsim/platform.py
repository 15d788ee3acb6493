"""The host's side of a simulated platform: a `Platform` like any other."""

from __future__ import annotations

from math import inf

import trio
from attrs import evolve, frozen

from actors.messages import Chat, ChatKind, Emoji, Inbound, Outbound, Sender, Text
from platforms.base import (
    Caps,
    Link,
    NeedsOperator,
    OutcomeUnknown,
    Platform,
    Retry,
    Sent,
    Speaker,
)
from rookery.kinds import Kind
from rookery.testing.hostsim.diary import Life
from rookery.testing.hostsim.servers import Server
from rookery.testing.hostsim.wires import Wire
from rookery.testing.hostsim.words import TEXT_LIMIT, Said
from supervision import FOREVER

AT_ONCE = 20
DIAL_SECONDS = 0.3
CHANGEABLE = Caps(edits=True, deletes=True, reacts=True, text_limit=TEXT_LIMIT)


@frozen
class SimulatedConfig:
    """Which platform of the world it is, and which process dials it: a dead one may not."""

    server: Server
    dialler: Life


@frozen(eq=False)
class _Wired(Speaker):
    """Says things over one wire; what changes a message is said like any other."""

    link: Link
    server: Server
    wire: Wire

    async def send(self, out: Outbound) -> Sent:
        if self.wire.lost:
            raise Retry(1.0, "not connected")

        def late(sent: Sent) -> None:
            self.link.answered_late(out.key, sent)

        def take() -> None:
            self.server.take(self.wire, out, late)

        try:
            return await self.wire.request(out.key, take)
        except OutcomeUnknown:
            # Known to be in doubt from now on, whatever a late answer will say.
            self.server.books.doubtful.add(out.key)
            raise

    async def edit(self, out: Outbound, message: str) -> Sent:
        return await self.send(out)

    async def delete(self, out: Outbound, message: str) -> Sent:
        return await self.send(out)

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        return await self.send(out)


class Simulated(Platform[SimulatedConfig]):
    """Talks to a `Server` that says whatever it is told to, however often."""

    name = "simulated"
    caps = CHANGEABLE

    def __init__(self, config: SimulatedConfig) -> None:
        super().__init__(config)
        self._server = config.server

    async def session(self, link: Link) -> None:
        """Dial, say where to go on, and take what comes."""
        server = self._server
        await self._reach()
        wire = Wire()
        server.connected(wire)
        try:
            link.identify(server.account)
            await link.find_cursor()
            with link.speaks_through(_Wired(link, server, wire)):
                link.up()
                server.begin(wire, link.cursor)
                while True:
                    await self._take(link, wire)
        finally:
            if server.wire is wire:
                server.cut("the host left")

    async def _reach(self) -> None:
        server = self._server
        await trio.sleep(server.dice.expovariate(1 / DIAL_SECONDS))
        if self.config.dialler.dead:
            await trio.sleep_forever()
        if server.revoked:
            why = "token refused"
            raise NeedsOperator(why)
        if server.away or server.chance(server.temper.refused):
            why = "refused"
            raise ConnectionRefusedError(why)

    async def _take(self, link: Link, wire: Wire) -> None:
        server = self._server
        if server.temper.batches:
            batch = await wire.next(AT_ONCE)
            await link.deliver_all([event_of(said) for said in batch])
        else:
            batch = await wire.next()
            cursor = str(batch[0].number) if server.temper.resumes else None
            await link.deliver(event_of(batch[0]), cursor)
        if not wire.lost:
            for said in batch:
                server.acknowledged(said)


class MinuteKeyed(Simulated):
    """Talks to one that knows a key again for a minute."""

    name = "minute_keyed"
    caps = evolve(CHANGEABLE, idempotent_for=60.0)


class Keyed(Simulated):
    """Talks to one that knows a key again for ten minutes."""

    name = "keyed"
    caps = evolve(CHANGEABLE, idempotent_for=600.0)


class EverKeyed(Simulated):
    """Talks to one that knows every key again."""

    name = "ever_keyed"
    caps = evolve(CHANGEABLE, idempotent_for=FOREVER)


_BY_SECONDS = {0.0: Simulated, 60.0: MinuteKeyed, 600.0: Keyed, inf: EverKeyed}


def kind_of(keeps_keys: float) -> Kind:
    """Return the kind of platform that knows a key again for so many seconds."""
    platform = _BY_SECONDS[keeps_keys]
    return Kind(name=platform.name, platform=platform, origin="simulated")


def event_of(said: Said) -> Inbound:
    """Return it as the host sees it."""
    return Inbound(
        said.id,
        chat=Chat(ChatKind.GROUP, said.chat),
        sender=Sender(said.user),
        body=(Text(said.text),),
    )
