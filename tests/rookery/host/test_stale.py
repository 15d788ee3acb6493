"""What was too old for its handler is seen to have expired, whoever else looked at it."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from tests.rookery.host.conftest import Living

COMMANDS = """\
from rookery import Bot, Context
bot = Bot("commands")

@bot.command("say", max_age=60)
async def say(ctx: Context, text: str) -> None:
    await ctx.reply(text)
"""
LISTENS = """\
from rookery import Bot, Context
bot = Bot("listens")

@bot.match(r"^good morning")
async def morning(ctx: Context) -> None:
    await ctx.reply("good morning")
"""
BOTH = """\
[bots.commands]
use = "commands.py:bot"
[bots.listens]
use = "listens.py:bot"
"""


async def test_a_bot_that_looked_in_vain_has_not_done_what_expired(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    (tmp_path / "commands.py").write_text(COMMANDS)
    (tmp_path / "listens.py").write_text(LISTENS)
    async with living(BOTH) as host:
        router = host.system.find("/core/router")
        await host.system.suspend(router)
        await host.say("/say hello")
        await host.say("/say again")
        await host.say("nothing for anybody")
        await trio.sleep(61)
        host.system.resume(router)
        await trio.sleep(1)
        ended = host.parts.journal.counts().ended
        assert (ended["expired"], ended["done"]) == (2, 1)
        assert host.peer.heard == []
