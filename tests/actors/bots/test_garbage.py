"""What an event leaves behind: nothing that only the garbage collector could find."""

from __future__ import annotations

import gc

from actors.bots import Bot, Context
from tests.actors.bots.harness import running


async def test_an_event_leaves_no_circle_behind() -> None:
    """A collection stops the loop, and a thousand events a second would bring it often."""
    bot = Bot("test")

    @bot.command("ping")
    async def ping(ctx: Context) -> None:
        await ctx.reply("pong")

    async with running(bot) as room:
        await room.hears("/ping")  # whatever is made once is made now
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                await room.hears("/ping")
            found = gc.collect()
        finally:
            gc.enable()

    assert found < 100
