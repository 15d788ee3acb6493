"""What is in hand is finished when a host leaves, and nobody makes that take longer."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from rookery.host.leaving import DRAIN_SECONDS, drain
from tests.rookery.host.conftest import Living

SLOW = """\
import trio
from rookery import Bot, Context
bot = Bot("slow")

@bot.command("slow")
async def slow(ctx: Context) -> None:
    await trio.sleep(30)
"""


async def test_all_of_it_ends_in_time_also_where_two_do_not_answer(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Each had all of the time to itself: the tree was cut off before it had stopped."""
    (tmp_path / "slow.py").write_text(SLOW)
    async with living('[bots.slow]\nuse = "slow.py:bot"\n') as host:
        await host.say("/slow")
        await trio.sleep(1)
        sender = host.system.find("/core/sender")
        await host.system.suspend(sender)
        began = trio.current_time()
        await drain(host.parts)
        assert DRAIN_SECONDS <= trio.current_time() - began < DRAIN_SECONDS + 2
        host.system.resume(sender)
