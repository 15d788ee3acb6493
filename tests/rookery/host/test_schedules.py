"""Work that no message started, in a whole host on a virtual clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from rookery.control import DoLetters, ListLetters
from rookery.host.manager import Manager, Reload
from rookery.host.messages import MessageDesk
from rookery.host.operations import HostOperations
from tests.rookery.host.conftest import Living, LivingHost

BOT = """\
from datetime import timedelta
from rookery import Bot, Context
bot = Bot("clock")

@bot.every("{period}")
async def tick(ctx: Context) -> None:
    await ctx.send("fake/me/group:42", "tick")

@bot.later()
async def ring(ctx: Context, text: str) -> None:
    await ctx.reply(text)

@bot.command("remind")
async def remind(ctx: Context, delay: timedelta, text: str) -> None:
    await ctx.later(delay, ring, text)
"""
ONE_BOT = '[bots.clock]\nuse = "clock.py:bot"\n'


def write(folder: Path, period: str = "1h") -> None:
    (folder / "clock.py").write_text(BOT.format(period=period))


@pytest.fixture(autouse=True)
def _clock(tmp_path: Path) -> None:
    write(tmp_path)


@pytest.fixture(autouse=True)
def _wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock goes with the virtual one."""
    monkeypatch.setattr(
        "tests.rookery.host.conftest.wall_clock",
        lambda: 1_767_571_200.0 + trio.current_time(),
    )


async def reload(host: LivingHost) -> None:
    await host.system.find("/manager", Manager).ask(Reload(), within=60)


async def test_it_ticks_and_reminds(living: Living, autojump_clock: MockClock) -> None:
    async with living(ONE_BOT) as host:
        await host.say("/remind 30m tea")
        await trio.sleep(1800)
        await host.hears("tea")
        await trio.sleep(2 * 3600)
        await host.hears("tick", "tick")


@pytest.mark.parametrize(
    "path", ["/core/scheduler", "/core", "/core/router", "/bots/clock/v1", "/journal"]
)
async def test_any_part_may_be_killed_and_nothing_is_missed_or_doubled(
    living: Living, autojump_clock: MockClock, path: str
) -> None:
    async with living(ONE_BOT) as host:
        await host.say("/remind 90m tea")
        await trio.sleep(1800)
        await host.kill(path)
        await trio.sleep(1800)
        await host.kill(path)
        await trio.sleep(1800)
        await host.kill(path)
        await trio.sleep(1900)
        await host.hears("tick", "tea", "tick")


async def test_a_reload_disturbs_no_schedule_that_did_not_change(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT) as host:
        await trio.sleep(1800)
        await reload(host)
        await trio.sleep(1900)
        await host.hears("tick")
        write(host.folder, "10m")
        await reload(host)
        await trio.sleep(1300)
        await host.hears("tick", "tick")


async def test_each_bot_runs_its_own_schedules_only(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(
        ONE_BOT + ONE_BOT.replace("[bots.clock]", "[bots.other]")
    ) as host:
        await trio.sleep(3700)
        await host.hears("tick", "tick")
        await host.say("/remind 10m tea", chat="7")
        await trio.sleep(700)
        await host.hears("tea", "tea")


async def test_a_bot_that_is_removed_is_run_no_more(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT) as host:
        await host.say("/remind 90m tea")
        await trio.sleep(3700)
        await host.hears("tick")
        (host.folder / "rookery.toml").write_text("")
        await reload(host)
        with capture_logs() as logs:
            await trio.sleep(4 * 3600)
        await host.hears()
        (line,) = [entry for entry in logs if entry["event"] == "schedule.run_dropped"]
        assert (line["bot"], line["handler"]) == ("clock", "later:ring")
        desk = MessageDesk(host.parts)
        page = await desk.perform(ListLetters(kinds=("failed",)))
        (promised,) = cast(list[Mapping[str, str]], page["dead_letters"])
        assert (promised["where"], "later:ring" in promised["why"]) == (
            "fake/me/group:42",
            True,
        )
        (host.folder / "rookery.toml").write_text(ONE_BOT)
        await reload(host)
        await desk.perform(DoLetters(deed="retry", ids=(promised["id"],)))
        await trio.sleep(3500)
        await host.hears("tea")
        await trio.sleep(200)
        await host.hears("tick")


async def test_an_operator_sees_what_is_due(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT) as host:
        await host.say("/remind 30m tea")
        await trio.sleep(60)
        told = await HostOperations(host.parts).schedules()
    assert told == {
        "schedules": [
            {
                "bot": "clock",
                "handler": "every:tick",
                "plan": "every 1h",
                "missed": "once",
                "due": "2026-01-05T01:00:00+00:00",
            }
        ],
        "laters": [
            {
                "bot": "clock",
                "handler": "later:ring",
                "to": "fake/me/group:42",
                "due": "2026-01-05T00:30:00+00:00",
            }
        ],
        "waiting": 1,
    }
