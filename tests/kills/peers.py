"""Who is on the other end: something to say, and everything it has heard.

Both go through a line that can be bad, and both outlive the hosts that are killed.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.e2e.conftest import free_port
from tests.fakes.onebot import Action, FakeOneBot, Reply, text_of
from tests.fakes.proxy import Proxy, proxy_to
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram.events import chat, message, user
from tests.fakes.tinychat.server import SOURCE, TinyServer
from tests.kills.verdict import asked

CHATS = 20
AGAIN = 5
"""How many of its last events a peer repeats that cannot know what arrived."""
BOTS = """\
[bots.mine]
use = "mine.py:bot"
"""
ONEBOT = """\
[platforms.qq]
type = "onebot11"
mode = "reverse"
listen = "127.0.0.1:{port}"
"""
TINY = """\
[platforms.tiny]
use = "tinychat.py:TinyChat"
url = "ws://127.0.0.1:{port}/"
token = "right"
"""
TELEGRAM = """\
[platforms.tg]
use = "telegram.py:Fast"
token = "{token}"
base_url = "http://127.0.0.1:{port}"
"""
# How fast Telegram may be spoken to would make a campaign long.
FAST = """\
from attrs import evolve

from platforms.telegram import Telegram


class Fast(Telegram):
    name = "fast"
    caps = evolve(Telegram.caps, rate=())
"""


class Peer(Protocol):
    """One account somewhere, with people in `CHATS` chats."""

    @property
    def idempotent(self) -> bool:
        """It knows a key again."""
        ...

    @property
    def remembers(self) -> bool:
        """It tells again whatever was not acknowledged."""
        ...

    @property
    def lines(self) -> int:
        """In how many lines its chats are told, side by side: `CHATS`, or one."""
        ...

    def joined(self, folder: Path) -> AbstractAsyncContextManager[Proxy]:
        """Write the configuration of a host into *folder*, and be there for it."""
        ...

    def is_connected(self) -> bool: ...

    async def says(self, number: int) -> None:
        """Let somebody ask for the replies of *number*."""
        ...

    async def returned(self) -> None:
        """A new host is there: say again what may have been lost on the way."""
        ...

    def heard(self) -> tuple[tuple[int, str], ...]:
        """Return chat and text of everything it was told, in its order."""
        ...


def chat_of(number: int) -> int:
    return 1 + number % CHATS


class OneBotPeer:
    """Dials the host; takes no keys and repeats nothing by itself, as OneBot is."""

    idempotent = False
    remembers = False
    lines = 1

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._fake = FakeOneBot(10001)
        self._events: list[dict[str, object]] = []
        for name in ("send_msg", "send_group_msg", "send_private_msg"):
            self._fake.on(name, self._answer)

    @asynccontextmanager
    async def joined(self, folder: Path) -> AsyncIterator[Proxy]:
        port = free_port()
        (folder / "rookery.toml").write_text(BOTS + ONEBOT.format(port=port))
        async with proxy_to(port) as line:
            url = f"ws://127.0.0.1:{line.port}"
            async with self._fake.dialling(
                url, redial_seconds=0.02, handshake_seconds=60.0
            ):
                yield line

    def is_connected(self) -> bool:
        return bool(self._fake._lines)

    async def says(self, number: int) -> None:
        event = await self._fake.says(
            asked(number), group=chat_of(number), message_id=number
        )
        self._events = [*self._events[-AGAIN:], event]

    async def returned(self) -> None:
        for event in self._events:
            await self._fake.emit(event)

    def heard(self) -> tuple[tuple[int, str], ...]:
        return tuple(
            (int(action.params["group_id"]), text_of(action))
            for action in self._fake.actions
            if "message" in action.params
        )

    def _answer(self, action: Action) -> Reply:
        return Reply({"message_id": action.line}, after=self._rng.random() / 30)


class TinyPeer:
    """Is dialled by the host; knows every key again, and tells what came since."""

    idempotent = True
    remembers = True
    lines = 1

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._server = TinyServer()

    @asynccontextmanager
    async def joined(self, folder: Path) -> AsyncIterator[Proxy]:
        # How fast the example speaks would make a campaign long.
        source = SOURCE.read_text().replace(', rate="1/s per chat"', "")
        (folder / "tinychat.py").write_text(source)
        async with self._server.serving(), proxy_to(self._server.port) as line:
            (folder / "rookery.toml").write_text(BOTS + TINY.format(port=line.port))
            yield line

    def is_connected(self) -> bool:
        return self._server.connected

    async def says(self, number: int) -> None:
        await self._server.says(asked(number), f"group:{chat_of(number)}")

    async def returned(self) -> None:
        """It has told everything since the host's cursor already."""

    def heard(self) -> tuple[tuple[int, str], ...]:
        return tuple(
            (int(said["chat"].rpartition(":")[2]), said["text"])
            for said in self._server.said.values()
        )


class TelegramPeer:
    """Is polled by the host; keeps what no later poll has confirmed, and takes no keys."""

    idempotent = False
    remembers = True
    lines = 1

    def __init__(self, rng: random.Random) -> None:
        self._fake = FakeTelegram()

    @asynccontextmanager
    async def joined(self, folder: Path) -> AsyncIterator[Proxy]:
        (folder / "telegram.py").write_text(FAST)
        async with self._fake.serving(), proxy_to(self._fake.port) as line:
            table = TELEGRAM.format(port=line.port, token=self._fake.token)
            (folder / "rookery.toml").write_text(BOTS + table)
            yield line

    def is_connected(self) -> bool:
        return self._fake.polls > 0

    async def says(self, number: int) -> None:
        room = chat(-chat_of(number))
        said = message(number, room, user(14), time.time(), text=asked(number))
        self._fake.tells("message", said)

    async def returned(self) -> None:
        """It has what waited by itself; be sure that it has all of it."""
        await self._fake.until(lambda: len(self._fake.waiting) == 0)

    def heard(self) -> tuple[tuple[int, str], ...]:
        return tuple(
            (-int(each.chat), each.text)
            for each in self._fake.asked
            if each.method == "sendMessage"
        )
