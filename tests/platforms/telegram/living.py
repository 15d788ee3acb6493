"""A platform under its own supervisor, a fake Telegram, and a host on the table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from actors.kernel import System
from actors.messages import Chat, ChatAddress, Outbound, Segment, Text
from platforms.base import Secret, platform_tree
from platforms.telegram import Telegram, TelegramConfig
from tests.fakes.telegram import FakeTelegram
from tests.platforms.base.hosts import FakeHost

ME = "4242"


@asynccontextmanager
async def living(
    url: str, host: FakeHost, public_url: str | None = None
) -> AsyncIterator[FakeHost]:
    """Live a platform on the Bot API at *url*; what it tells is in *host*.

    With a *public_url* it is pushed to, else it polls.
    """
    config = TelegramConfig(
        Secret(FakeTelegram().token),
        url,
        "poll" if public_url is None else "webhook",
        public_url,
    )
    async with System(platform_tree("tg", Telegram(config), host.host()).actor):
        yield host


@asynccontextmanager
async def talking(
    fake: FakeTelegram | None = None, host: FakeHost | None = None
) -> AsyncIterator[tuple[FakeTelegram, FakeHost]]:
    """Be up: a fake, and a platform that polls it."""
    fake, host = fake or FakeTelegram(), host or FakeHost()
    async with fake.serving() as url, living(url, host):
        with trio.fail_after(60):
            await host.line(ME, "tg")
        yield fake, host


async def comes_true(holds: Callable[[], bool]) -> None:
    with trio.fail_after(60):
        while True:
            if holds():
                return
            await trio.sleep(0.01)


def saying(*body: Segment | str, chat: str = "private:14", key: str = "k1") -> Outbound:
    parts = tuple(Text(one) if isinstance(one, str) else one for one in body)
    address = ChatAddress("tg", ME, Chat.parse(chat))
    return Outbound(key=key, to=address, body=parts)
