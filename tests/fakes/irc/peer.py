"""IRC's server for a lab: a modern one with labels and ids, or an old one without."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import trio
from attrs import evolve

from platforms.base import PlatformConfig, Secret
from platforms.irc import Irc, IrcConfig
from rookery.testing.lab import Case, Peer, Said
from tests.fakes.irc.clients import Told
from tests.fakes.irc.fake import ALL_CAPS, FakeIrc
from tests.fakes.irc.history import CAP

CHANNEL = "#room"
ROOMS = 4
NOW = 1_795_654_799.0
"""By our clock: an hour after the fake's begins."""
NOTHING_TWICE = (
    "IRC tells nothing twice, and a server without msgid could not say that it does"
)


class ModernIrc(Peer):
    """As InspIRCd: labels, echoes, message ids."""

    kind = Irc
    caps: ClassVar[str] = ALL_CAPS

    def __init__(self) -> None:
        super().__init__()
        self.irc = FakeIrc(caps=self.caps, password=self.token, judge=self._judge)

    def config(self, token: str) -> PlatformConfig:
        channels = tuple(f"{CHANNEL}{number}" for number in range(1, ROOMS + 1))
        config: PlatformConfig = IrcConfig(
            host="irc.lab.test", nick="rook", channels=channels, password=Secret(token)
        )
        return config

    async def serve(self, stream: trio.abc.Stream) -> None:
        await self.lets_in()
        await self.irc.serve(stream)

    async def says(self, said: Said) -> None:
        self.irc.says(
            said.text,
            to=f"{CHANNEL}{said.room}",
            nick=f"person{said.person}",
            tags={"msgid": f"m{said.number}"},
        )
        await trio.lowlevel.checkpoint()

    async def shouts(self, raw: bytes) -> None:
        for client in self.irc.clients:
            client.put_bytes(raw + b"\r\n")
        await trio.lowlevel.checkpoint()

    async def _judge(self, told: Told) -> str:
        too_many = self.refusal()
        if too_many is not None:
            after = too_many.after
            wait = "" if after is None else f" Please wait {after:g} seconds."
            return f"439 Message target change too fast.{wait}"
        await self.hears(int(told.target.removeprefix(CHANNEL)), told.text)
        return ""


class OnSuchAServer(Irc):
    """What is promised where the server tells what was missed."""

    caps = evolve(Irc.caps, resumes=True)

    def __init__(
        self, config: IrcConfig, now: Callable[[], float] = lambda: NOW
    ) -> None:
        super().__init__(config, now)


class HistoryIrc(ModernIrc):
    """As Ergo and UnrealIRCd, and the bouncer soju: it tells what was said before."""

    kind = OnSuchAServer
    caps: ClassVar[str] = f"{ALL_CAPS} {CAP}"


class OldIrc(ModernIrc):
    """As ngIRCd: no capability that would help us."""

    caps = ""
    cannot: ClassVar[Mapping[Case, str]] = {Case.REDELIVERS: NOTHING_TWICE}
