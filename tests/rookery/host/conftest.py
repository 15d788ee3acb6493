"""A whole host inside the test: its tree, without a process around it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
import trio
from attrs import field, frozen

from actors.bots import Bot, load_bot
from actors.journal import MemoryJournal
from actors.kernel import System
from actors.messages import Chat, ChatKind, Inbound, Outbound, Sender, Text
from actors.sender import Sent, Told
from rookery.chaos import Campaigns
from rookery.config import Configuration
from rookery.config import load as load_configuration
from rookery.host.estate import Estate
from rookery.host.notify import Notifier
from rookery.host.parts import Parts
from rookery.host.tree import host_tree
from rookery.kinds import Kinds

wall_clock = time.time

HELLO = """\
from rookery import Bot, Context
bot = Bot("hello")

@bot.command("hello")
async def hello(ctx: Context) -> None:
    await ctx.reply("{said}")
"""


@frozen(eq=False)
class Peer:
    """A line of a platform that is connected from the start and answers at once."""

    platform: str = "fake"
    account: str = "me"
    heard: list[str] = field(factory=list)
    anything: trio.Event = field(factory=trio.Event)

    async def send(self, out: Outbound) -> Sent:
        self.heard.append("".join(p.text for p in out.body if isinstance(p, Text)))
        return Sent(str(len(self.heard)))

    def begin(self, out: Outbound, told: Told) -> None:
        """It has to be waited for."""


class LivingHost:
    """A host that runs in this test."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self.parts = parts
        self.system = parts.system
        self.folder = folder
        self.peer = Peer()
        self._next = 0
        parts.lines.connect(self.peer)

    async def say(self, text: str, user: str = "10", chat: str = "42") -> None:
        """Let somebody say *text*; return once it is journalled."""
        self._next += 1
        event = Inbound(
            f"m{self._next}",
            chat=Chat(ChatKind.GROUP, chat),
            sender=Sender(user),
            body=(Text(text),),
        )
        await self.parts.journal.append("fake", "me", event, trace=f"t{self._next}")

    async def hears(self, *texts: str) -> None:
        """Wait until the host has said *texts*, in this order, and nothing else."""
        with trio.fail_after(600):
            while len(self.peer.heard) < len(texts):  # noqa: ASYNC110 - as below
                await trio.sleep(0.01)
        assert self.peer.heard == list(texts)
        self.peer.heard.clear()

    async def until(self, look: Callable[[], object]) -> None:
        with trio.fail_after(3600):
            while not look():  # noqa: ASYNC110 - what it looks at tells nobody
                await trio.sleep(0.05)

    def phase(self, path: str) -> str:
        return self.system.snapshot(path).phase

    def lives(self, path: str) -> int:
        return self.system.snapshot(path).incarnation

    async def kill(self, path: str) -> None:
        """Kill the actor at *path* and wait until it has come back."""
        lives = self.lives(path)
        incarnation = self.system.find(path).cell.incarnation
        assert incarnation is not None
        incarnation.kill()
        await self.until(
            lambda: self.lives(path) > lives and self.phase(path) == "running"
        )


class Living(Protocol):
    """Runs a host on a configuration; with campaigns, one that may be broken."""

    def __call__(
        self, text: str, campaigns: Campaigns | None = None
    ) -> AbstractAsyncContextManager[LivingHost]: ...


@pytest.fixture
def living(tmp_path: Path) -> Living:
    """Run a host on a configuration in the folder of the test."""

    @asynccontextmanager
    async def living(
        text: str, campaigns: Campaigns | None = None
    ) -> AsyncIterator[LivingHost]:
        file = tmp_path / "rookery.toml"
        file.write_text(text)
        (tmp_path / "rookery-data").mkdir(exist_ok=True)

        def read() -> Configuration:
            return load_configuration(file, here=tmp_path, kinds=Kinds(), env={})

        async def reread() -> Configuration:
            return read()

        async def load(use: str, folder: Path) -> Bot:
            return load_bot(use, folder)  # a thread would not wait for our clock

        estate = Estate(read())
        system = System(
            lambda: host_tree(parts, reread, Notifier(), load).actor(),
            wall_clock=wall_clock,
            hooks=None if campaigns is None else campaigns.hooks,
            witness=None if campaigns is None else campaigns.observer,
        )
        journal = MemoryJournal(trio.current_time, id="living")
        parts = Parts.of(system, estate, journal, campaigns)
        async with system:
            host = LivingHost(parts, tmp_path)
            await estate.settled.wait()
            yield host

    return living
