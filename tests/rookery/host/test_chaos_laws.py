"""Any few faults, anywhere in the tree of a host: every event is handled, and once."""

from __future__ import annotations

from pathlib import Path

import trio
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from structlog.testing import capture_logs
from trio.testing import MockClock

from rookery.chaos import Campaigns
from supervision.chaos import (
    WAY,
    BlocksLoop,
    Chaos,
    Delays,
    Duplicates,
    FillsMailbox,
    Hangs,
    Kills,
    Raises,
    Reorders,
)
from supervision.chaos.strategies import plans
from tests.rookery.host.conftest import Living

# Losing mail is left out: between actors of one process it is no fault that happens.
EFFECTS = (
    Delays,
    Duplicates,
    Reorders,
    FillsMailbox,
    Raises,
    Kills,
    Hangs,
    BlocksLoop,
)
PATHS = (
    "/core/router",
    "/core/sender",
    "/core/outbox",
    "/core/tracker",
    "/core/monitor",
    "/core/announcer",
    "/core",
    "/journal",
    "/bots",
    "/bots/hello",
    "/bots/hello/*",
    "/platforms",
    "/control",
    "/manager",
    "/**",
)
ECHO = """\
from rookery import Bot, Context
bot = Bot("hello")

@bot.command("echo")
async def echo(ctx: Context, text: str) -> None:
    await ctx.reply(text)
"""
MAX_FAULTS = 4
"""Fewer than any supervisor of the host takes before it gives up."""
WORDS = [f"w{number}" for number in range(12)]


def is_honest(plan: Chaos) -> bool:
    """A mailbox that conflates is never full; its sender may rely on that."""
    return not any(
        isinstance(fault.effect, Raises) and fault.point in WAY for fault in plan.faults
    )


PLANS = (
    plans(PATHS, effects=EFFECTS, max_size=4, duration=30.0)
    .filter(is_honest)
    .map(lambda plan: evolve(plan, max_faults=MAX_FAULTS))
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(plan=PLANS)
def test_what_is_accepted_is_handled_and_said_once(
    plan: Chaos, living: Living, tmp_path: Path
) -> None:
    (tmp_path / "hello.py").write_text(ECHO)
    campaigns = Campaigns(block=lambda _: None)

    async def main() -> None:
        async with living('[bots.hello]\nuse = "hello.py:bot"\n', campaigns) as host:
            campaigns.hooks.install(plan)
            for number, word in enumerate(WORDS):
                await host.say(f"/echo {word}", chat=str(number % 3))
                await trio.sleep(1.5)
            campaigns.hooks.heal()
            with trio.move_on_after(120):
                await host.until(lambda: len(host.peer.heard) >= len(WORDS))
            await trio.sleep(5)
            assert sorted(host.peer.heard) == sorted(WORDS)
            for chat in range(3):
                mine = [w for w in host.peer.heard if int(w[1:]) % 3 == chat]
                assert mine == [w for w in WORDS if int(w[1:]) % 3 == chat]
            counts = host.parts.journal.counts()
            assert counts.ended["done"] == sum(counts.ended.values()) == len(WORDS)
            await host.until(
                lambda: all(
                    host.phase(path) == "running" for path in PATHS if "*" not in path
                )
            )

    with capture_logs():
        trio.run(main, clock=MockClock(autojump_threshold=0))
