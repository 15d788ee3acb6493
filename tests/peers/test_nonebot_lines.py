"""Our fake and NoneBot2 over a bad line: what gets through is whole, and there once.

That a line may do this to a frame is what our own tests rely on; here nobody of ours is
at either end of the sockets but the fake.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias
from urllib.parse import urlsplit

import pytest
import trio

from tests.fakes.onebot import FakeOneBot, text_of
from tests.fakes.proxy import Faults, Proxy, proxy_to
from tests.peers.processes import Program, free_port, require_peers, running
from tests.peers.test_nonebot import TOKEN

pytestmark = pytest.mark.peer

Through: TypeAlias = Callable[
    [FakeOneBot], AbstractAsyncContextManager[tuple[Program, Proxy]]
]
FAR_TOO_LONG = "caw " * 5_000 + "caw"
"""A frame of many pieces, whatever they are."""


@pytest.fixture(autouse=True)
def peers() -> None:
    require_peers("lib/*/site-packages/nonebot")


@asynccontextmanager
async def reverse(fake: FakeOneBot) -> AsyncIterator[tuple[Program, Proxy]]:
    """NoneBot2 listens; the fake dials."""
    port, environment = free_port(), {"ONEBOT_TOKEN": TOKEN}
    async with (
        running("nonebot_app.py", str(port), environment=environment) as program,
        proxy_to(port) as line,
    ):
        url = f"ws://127.0.0.1:{line.port}/onebot/v11/ws"
        async with fake.dialling(url, redial_seconds=0.2):
            await program.prints(f"CONNECTED {fake.account.id}")
            await fake.connected()
            yield program, line


@asynccontextmanager
async def forward(fake: FakeOneBot) -> AsyncIterator[tuple[Program, Proxy]]:
    """The fake listens; NoneBot2 dials."""
    async with fake.serving() as url:
        port = urlsplit(url).port
        assert port is not None
        async with proxy_to(port) as line:
            through = f"ws://127.0.0.1:{line.port}"
            async with running(
                "nonebot_app.py",
                str(free_port()),
                through,
                environment={"ONEBOT_TOKEN": TOKEN},
            ) as program:
                await program.prints(f"CONNECTED {fake.account.id}")
                await fake.connected()
                yield program, line


async def talk(fake: FakeOneBot, nonebot: Program, *texts: str) -> None:
    """Say *texts*; each is heard once, and answered. It handles them side by side."""
    before = len([line for line in nonebot.lines if line.startswith("HEARD")])
    for text in texts:
        await fake.says(text)
    for _ in texts:
        assert text_of(await fake.hears("send_msg")) == "pong @14"
    heard = await nonebot.prints_more("HEARD", than=before + len(texts) - 1)
    assert sorted(heard[before:]) == sorted(
        f"HEARD private 14 {text}" for text in texts
    )


@pytest.mark.parametrize("through", [reverse, forward])
async def test_slow_torn_and_stalled_frames_are_frames(through: Through) -> None:
    fake = FakeOneBot(10001, token=TOKEN)
    async with through(fake) as (nonebot, line):
        for faults in (Faults(delay=0.01), Faults(piece=7)):
            line.now(faults)
            await talk(fake, nonebot, "one", "你好 👍", FAR_TOO_LONG, "four")
        line.now(Faults(stalled=True))
        for text in "abc":
            await fake.says(text)
        await trio.sleep(0.3)
        assert len(await nonebot.prints_more("HEARD", than=8 - 1)) == 8
        line.now(Faults())
        heard = await nonebot.prints_more("HEARD", than=8 + 2)
        assert sorted(heard[8:]) == [f"HEARD private 14 {text}" for text in "abc"]
    assert fake.nonsense == []


@pytest.mark.parametrize("through", [reverse, forward])
async def test_half_of_anything_ends_its_connection_and_nothing_else(
    through: Through,
) -> None:
    """Cut as it is, in the middle of a handshake, and in the middle of a frame."""
    fake = FakeOneBot(10001, token=TOKEN)
    async with through(fake) as (nonebot, line):
        for cut_after in (None, 60, 700):
            await talk(fake, nonebot, f"before {cut_after}")
            before = line.resets
            line.now(Faults(cut_after=cut_after))
            line.reset()
            # Both ends of this connection, and of the next one.
            while cut_after is not None and line.resets < before + 4:
                await fake.beats()
                await trio.sleep(0.05)
            line.now(Faults())
            line.reset()
            connected = len([said for said in nonebot.lines if said[:4] == "CONN"])
            await nonebot.prints_more("CONNECTED", than=connected)
            await fake.connected()
            await talk(fake, nonebot, f"after {cut_after}")
    assert fake.nonsense == []
