"""More who are on the other end: a homeserver, a network of IRC, and pages of a web chat."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import trio

from rookery.testing.lab import Gone
from tests.e2e.conftest import free_port
from tests.fakes.irc import ALL_CAPS, FakeIrc
from tests.fakes.matrix import FakeHomeserver
from tests.fakes.matrix.answers import Call
from tests.fakes.proxy import Proxy, proxy_to
from tests.fakes.webchat import Page
from tests.kills.peers import BOTS, CHATS, chat_of
from tests.kills.verdict import asked

REDIAL_SECONDS = 0.05
# How fast these may be spoken to would make a campaign long.
FAST = """\
from attrs import evolve

from platforms.{room} import {kind}


class Fast({kind}):
    name = "fast"
    caps = evolve({kind}.caps, rate=())
    redials_after = 0.1
"""
MATRIX = """\
[platforms.mx]
type = "matrix"
homeserver = "http://127.0.0.1:{port}"
access_token = "right"
"""
IRC = """\
[platforms.irc]
use = "fast.py:Fast"
host = "127.0.0.1"
port = {port}
tls = false
nick = "rook"
channels = [{channels}]
"""
WEBCHAT = """\
[ingress]
listen = "127.0.0.1:{port}"
[platforms.web]
use = "fast.py:Fast"
"""


class _Counting(FakeHomeserver):
    syncs = 0

    async def on_sync(self, call: Call) -> object:
        self.syncs += 1
        return await super().on_sync(call)


class MatrixPeer:
    """Is synced with by the host; knows a transaction again, and tells what came since."""

    idempotent = True
    remembers = True
    lines = CHATS  # a sync tells one room after the other

    def __init__(self, rng: random.Random) -> None:
        self._server = _Counting()
        self._syncs = 0
        bot = self._server.user("bot")
        self._server.login("bot", token="right")
        for number in range(1, CHATS + 1):
            room = self._server.create("@ann:here.test", room_id=_room(number))
            self._server.join(room.id, bot)

    @asynccontextmanager
    async def joined(self, folder: Path) -> AsyncIterator[Proxy]:
        async with (
            self._server.serving() as url,
            proxy_to(int(url.rpartition(":")[2])) as line,
        ):
            table = MATRIX.format(port=line.port)
            (folder / "rookery.toml").write_text(BOTS + table)
            yield line

    def is_connected(self) -> bool:
        return self._server.syncs > self._syncs

    async def says(self, number: int) -> None:
        self._syncs = self._server.syncs
        room, id_ = _room(chat_of(number)), f"$m{number}"
        self._server.say(room, "@ann:here.test", asked(number), event_id=id_)
        await trio.lowlevel.checkpoint()

    async def returned(self) -> None:
        """It tells what came since the host's token by itself."""

    def heard(self) -> tuple[tuple[int, str], ...]:
        said = {
            event["event_id"]: (room, event) for room, _, event in self._server.sent
        }
        return tuple(
            (_number(room), event["content"]["body"]) for room, event in said.values()
        )


def _room(number: int) -> str:
    return f"!room{number}:here.test"


def _number(room: str) -> int:
    return int(room.removeprefix("!room").partition(":")[0])


class IrcPeer:
    """Is dialled by the host; takes no keys, and tells nothing twice."""

    idempotent = False
    remembers = False
    lines = 1

    def __init__(self, rng: random.Random) -> None:
        self._irc = FakeIrc(caps=ALL_CAPS)

    @asynccontextmanager
    async def joined(self, folder: Path) -> AsyncIterator[Proxy]:
        (folder / "fast.py").write_text(FAST.format(room="irc", kind="Irc"))
        channels = ", ".join(f'"#room{number}"' for number in range(1, CHATS + 1))
        async with self._irc.listening() as port, proxy_to(port) as line:
            table = IRC.format(port=line.port, channels=channels)
            (folder / "rookery.toml").write_text(BOTS + table)
            yield line

    def is_connected(self) -> bool:
        return bool(self._irc.channels.get(f"#room{CHATS}"))

    async def says(self, number: int) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self._irc.says(
            asked(number),
            to=f"#room{chat_of(number)}",
            tags={"time": now, "msgid": f"m{number}"},
        )
        await trio.lowlevel.checkpoint()

    async def returned(self) -> None:
        """What was said while nobody was there is gone."""

    def heard(self) -> tuple[tuple[int, str], ...]:
        return tuple(
            (int(told.target.removeprefix("#room")), told.text)
            for told in self._irc.heard
            if told.command in ("PRIVMSG", "NOTICE")
        )


class WebChatPeer:
    """Some people with a page each, that say again what the host has not kept."""

    idempotent = True
    remembers = True
    lines = CHATS

    def __init__(self, rng: random.Random) -> None:
        self._shown: dict[tuple[int, int], str] = {}
        self._pages = {
            chat: Page(f"{chat}".rjust(43, "a"), partial(self._show, chat))
            for chat in range(1, CHATS + 1)
        }

    @asynccontextmanager
    async def joined(self, folder: Path) -> AsyncIterator[Proxy]:
        (folder / "fast.py").write_text(FAST.format(room="webchat", kind="WebChat"))
        port = free_port()
        (folder / "rookery.toml").write_text(BOTS + WEBCHAT.format(port=port))
        async with proxy_to(port) as line, trio.open_nursery() as browsers:
            for page in self._pages.values():
                browsers.start_soon(self._browse, page, line)
            yield line
            browsers.cancel_scope.cancel()

    async def _browse(self, page: Page, line: Proxy) -> None:
        while True:
            with suppress(Gone, OSError):
                stream = await trio.open_tcp_stream("127.0.0.1", line.port)
                await page.live(stream, "/web")
            await trio.sleep(REDIAL_SECONDS)

    async def _show(self, chat: int, seq: int, _: str, text: str) -> None:
        self._shown[chat, seq] = text
        await trio.lowlevel.checkpoint()

    def is_connected(self) -> bool:
        return all(page.socket is not None for page in self._pages.values())

    async def says(self, number: int) -> None:
        with suppress(Gone):
            await self._pages[chat_of(number)].says(f"{number:08}", asked(number))

    async def returned(self) -> None:
        """What waits in the pages comes by itself; be sure that all of it is kept."""
        while any(page.waiting for page in self._pages.values()):  # noqa: ASYNC110 - only tests look
            await trio.sleep(0.02)

    def heard(self) -> tuple[tuple[int, str], ...]:
        return tuple((chat, text) for (chat, _), text in self._shown.items())
