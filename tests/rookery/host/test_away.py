"""A bot that never comes up, beside one that works, on the same chats."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from actors.router.desks import HELD_PER_PLATFORM
from tests.rookery.host.conftest import HELLO, Living

AWAY = """\
import trio
from rookery import Bot, Context
bot = Bot("away")

@bot.provide("database")
async def database():
    await trio.sleep_forever()
    yield 1

@bot.on("message")
async def hear(ctx: Context) -> None:
    pass
"""
BOTH = '[bots.hello]\nuse = "hello.py:bot"\n[bots.away]\nuse = "away.py:bot"\n'
MESSAGES = HELD_PER_PLATFORM + 200


async def test_a_bot_that_is_away_holds_up_no_other(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 2: bots run side by side; what the other one misses is failed, and says so."""
    (tmp_path / "hello.py").write_text(HELLO.format(said="hi"))
    (tmp_path / "away.py").write_text(AWAY)
    async with living(BOTH) as host:
        for n in range(MESSAGES):
            await host.say("/hello", user=str(n))
        await trio.sleep(60)
        assert len(host.peer.heard) == MESSAGES
        counts = host.parts.journal.counts()
        assert counts.claimed == HELD_PER_PLATFORM
        assert counts.ended["failed"] == MESSAGES - HELD_PER_PLATFORM
