"""The homeserver for the conformance suite: its rooms, people and events by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import trio

from platforms.base import PlatformConfig, Secret
from platforms.matrix import Matrix, MatrixConfig
from rookery.testing.lab import Case, Peer, Said
from rookery.testing.lab.house import WALL_ZERO
from tests.fakes.matrix.answers import Answer, too_many
from tests.fakes.matrix.homeserver import FakeHomeserver
from tests.fakes.matrix.rooms import Event, Room


class MatrixPeer(Peer):
    """A bot in four rooms. An event that is told again has the id that it had."""

    kind = Matrix
    silence_seconds = 45.0
    cannot: ClassVar[Mapping[Case, str]] = {}
    rooms = 4
    who = "bot"

    def __init__(self) -> None:
        super().__init__()
        self.server = FakeHomeserver(clock=lambda: WALL_ZERO + trio.current_time())
        self.server.heard, self.server.refuses = self._heard, self._refuses
        self.bot = self.server.user("bot")
        for number in range(1, self.rooms + 1):
            room = self.server.create(person(1), room_id=room_id(number))
            self.server.join(room.id, self.bot)

    def config(self, token: str) -> PlatformConfig:
        return MatrixConfig("http://here.test", Secret(token))

    async def serve(self, stream: trio.abc.Stream) -> None:
        if self.token not in self.server.tokens and not self.server.logged_out:
            self.server.login(self.who, token=self.token)
        await self.lets_in()
        await self.server.converse(stream)

    async def says(self, said: Said) -> None:
        self.server.say(
            room_id(said.room),
            person(said.person),
            said.text,
            event_id=f"$m{said.number}",
        )
        await trio.lowlevel.checkpoint()

    async def _heard(self, room: Room, content: Event, transaction: str) -> None:
        number = int(room.id.removeprefix("!room").partition(":")[0])
        await self.hears(number, content.get("body", ""), transaction)

    def _refuses(self) -> Answer | None:
        refusal = self.refusal()
        return self.server.scripted() if refusal is None else too_many(refusal.after)

    async def shouts(self, raw: bytes) -> None:
        self.server.raw.append(raw)
        self.server.changed()
        await trio.lowlevel.checkpoint()


def room_id(number: int) -> str:
    return f"!room{number}:here.test"


def person(number: int) -> str:
    return f"@u{number}:here.test"
