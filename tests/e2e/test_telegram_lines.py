"""A real host and its Bot API over a bad line: nothing is handled twice, nothing lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
import trio

from tests.e2e.conftest import (
    PATIENCE_SECONDS,
    HostProcess,
    Start,
    eventually,
    free_port,
)
from tests.fakes.proxy import Faults, Proxy, proxy_to
from tests.fakes.telegram import FakeTelegram

CONFIG = """\
[bots.crow]
use = "crow.py:bot"
[platforms.tg]
type = "telegram"
token = {{ env = "TELEGRAM_TOKEN" }}
base_url = "http://127.0.0.1:{api}"
"""
POLL = "poll_seconds = 1.0\n"
WEBHOOK = """\
mode = "webhook"
public_url = "http://127.0.0.1:{public}"
[ingress]
listen = "127.0.0.1:{port}"
"""
BOT = """\
from pathlib import Path
from rookery import Bot, Context

bot = Bot("crow")


@bot.command("caw")
async def caw(ctx: Context, number: int) -> None:
    with Path("handled").open("a") as file:
        file.write(f"{number}\\n")
    await ctx.reply(f"caw {number}")
"""
ROOMS = 3
BUDGETS = (150, 500, 1_100)
"""Bytes of a connection: into the head of a request, its body or answer, and the next."""


class Talk:
    """A host, its Bot API, and whatever lines there are between them."""

    def __init__(
        self, fake: FakeTelegram, lines: list[Proxy], host: HostProcess
    ) -> None:
        self.fake = fake
        self.lines = lines
        self.host = host
        self.said: list[int] = []

    def now(self, faults: Faults, *, reset: bool = False) -> None:
        for line in self.lines:
            line.now(faults)
        if reset:
            for line in self.lines:
                line.reset()

    @property
    def resets(self) -> int:
        return sum(line.resets for line in self.lines)

    def says(self, times: int) -> None:
        for _ in range(times):
            number = len(self.said) + 1
            self.said.append(number)
            self.fake.says(f"/caw {number}", by=14 + number % ROOMS)

    def handled(self) -> Counter[int]:
        written = self.host.folder / "handled"
        text = written.read_text() if written.exists() else ""
        return Counter(map(int, text.split()))

    def told(self) -> Counter[str]:
        return Counter(self.fake.texts())

    async def all_handled(self) -> None:
        await eventually(
            lambda: len(self.handled()) == len(self.said),
            f"{self.said} handled, but {self.handled()}\n{self.host.text()[-9000:]}",
            self.host,
        )

    async def all_told(self) -> None:
        await self.all_handled()
        with trio.fail_after(PATIENCE_SECONDS):
            await self.fake.until(lambda: len(self.told()) == len(self.said))

    async def unsettled(self) -> dict[str, list[int]]:
        """Return by state the numbers of the replies that are not known to be told."""
        shown = await self.host.rookery("outbox", "list", "--json")
        found: dict[str, list[int]] = {}
        for row in json.loads(shown.stdout)["messages"]:
            number = int(row["text"].removeprefix("caw "))
            found.setdefault(row["state"], []).append(number)
        return found

    async def cut_again(self, resets: int) -> None:
        """Wait until a line was cut so often."""
        what = f"{resets} resets, but {self.resets}"
        await eventually(lambda: self.resets >= resets, what, self.host)

    async def settled(self) -> set[int]:
        """Wait until nothing is to be said any more; return what is unknown."""
        await self.all_handled()
        with trio.fail_after(PATIENCE_SECONDS):
            while set(left := await self.unsettled()) - {"unknown"}:
                pass
        return set(left.get("unknown", []))


Way: TypeAlias = Callable[
    [AsyncExitStack, FakeTelegram], Awaitable[tuple[list[Proxy], str]]
]
"""Puts the lines up; returns them, and the configuration of a host behind them."""


async def polled(stack: AsyncExitStack, fake: FakeTelegram) -> tuple[list[Proxy], str]:
    line = await stack.enter_async_context(proxy_to(fake.port))
    return [line], CONFIG.format(api=line.port) + POLL


async def pushed(stack: AsyncExitStack, fake: FakeTelegram) -> tuple[list[Proxy], str]:
    port = free_port()
    line = await stack.enter_async_context(proxy_to(fake.port))
    back = await stack.enter_async_context(proxy_to(port))
    more = WEBHOOK.format(public=back.port, port=port)
    return [line, back], CONFIG.format(api=line.port) + more


@asynccontextmanager
async def talking(way: Way, start: Start, folder: Path) -> AsyncIterator[Talk]:
    fake = FakeTelegram()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(fake.serving())
        lines, config = await way(stack, fake)
        (folder / "crow.py").write_text(BOT)
        (folder / "rookery.toml").write_text(config)
        yield Talk(fake, lines, start(env={"TELEGRAM_TOKEN": fake.token}))


@pytest.mark.parametrize("way", [polled, pushed])
async def test_every_update_is_handled_once_and_every_reply_told_or_unknown(
    way: Way, start: Start, tmp_path: Path
) -> None:
    async with talking(way, start, tmp_path) as talk:
        for faults in (Faults(), Faults(delay=0.01), Faults(piece=7)):
            talk.now(faults)
            talk.says(3)
            await talk.all_told()
        assert talk.resets == 0

        talk.now(Faults(stalled=True))
        talk.says(3)
        await trio.sleep(0.3)
        talk.now(Faults())
        await talk.all_told()
        talk.says(3)
        talk.now(Faults(), reset=True)
        await talk.all_handled()

        for budget in BUDGETS:
            before = talk.resets
            talk.now(Faults(cut_after=budget, piece=50), reset=True)
            talk.says(3)
            # Both ends of what stood, and of another one at least.
            await talk.cut_again(before + 4)
            talk.now(Faults(), reset=True)
            await talk.all_handled()

        unknown = await talk.settled()
        await eventually(lambda: not len(talk.fake.waiting), "everything confirmed")
        assert talk.handled() == Counter(talk.said)
        told = talk.told()
        assert max(told.values()) == 1
        assert {n for n in talk.said if f"caw {n}" not in told} <= unknown
        # Only what was under way when a line was cut: three each time at most.
        assert len(unknown) <= ROOMS * (1 + 2 * len(BUDGETS))
