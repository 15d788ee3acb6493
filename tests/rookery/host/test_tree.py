"""The tree of the host, alive: parts of it are killed, and nobody else notices."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.kernel import Shutdown
from actors.monitor import Board, ConnectionChanged, ConnectionState, Phase
from rookery.host.announcer import announcement
from rookery.host.manager import Manager, Reload
from tests.rookery.host.conftest import HELLO, Living

ONE_BOT = '[bots.hello]\nuse = "hello.py:bot"\n'


@pytest.fixture(autouse=True)
def _hello(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO.format(said="hello"))


@pytest.mark.parametrize(
    "path",
    [
        "/journal",
        "/core",
        "/core/router",
        "/core/sender",
        "/core/outbox",
        "/core/tracker",
        "/core/scheduler",
        "/core/monitor",
        "/core/announcer",
        "/bots",
        "/bots/hello",
        "/bots/hello/v1",
        "/platforms",
        "/web",
        "/web/ingress",
        "/control",
        "/manager",
    ],
)
async def test_any_part_may_be_killed(
    living: Living, autojump_clock: MockClock, path: str
) -> None:
    """B15, and the promise: one part fails, nothing accepted is lost or said twice."""
    async with living(ONE_BOT) as host:
        await host.say("/hello")
        await host.hears("hello")

        await host.kill(path)
        await host.say("/hello")
        await host.hears("hello")

        others = {"/journal", "/control", "/manager", "/core"} - {path}
        assert {host.lives(other) for other in others} == {1}


async def test_what_is_said_while_bots_are_away_waits_for_them(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT) as host:
        incarnation = host.system.find("/bots").cell.incarnation
        assert incarnation is not None
        incarnation.kill()
        for _ in range(3):
            await host.say("/hello")

        await host.hears("hello", "hello", "hello")


async def test_two_hosts_in_one_process_do_not_see_each_other(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """B01: no globals."""
    async with living(ONE_BOT) as first:
        (first.folder / "rookery-data" / "control.sock").unlink()
        async with living(ONE_BOT) as second:
            await second.say("/hello")
            await second.hears("hello")
            assert first.peer.heard == []
            await second.system.stop(Shutdown("test"))
            await first.say("/hello")
            await first.hears("hello")


async def test_it_gives_up_on_what_restarting_does_not_help(
    living: Living, autojump_clock: MockClock
) -> None:
    """B16: the root ends, and the process with it."""
    async with living(ONE_BOT) as host:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_kill_for_ever, host)
            with trio.fail_after(600):
                reason = await host.system.ended()
            nursery.cancel_scope.cancel()

        assert isinstance(reason, Shutdown)


async def test_it_never_gives_up_on_what_chats_can_do_without(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT) as host:
        for _ in range(20):
            await host.kill("/control")
            await host.kill("/manager")
        await host.say("/hello")
        await host.hears("hello")
        assert host.lives("/") == host.lives("/bots") == 1


async def test_without_its_control_socket_it_still_serves(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    (tmp_path / "rookery-data" / "control.sock").mkdir(parents=True)
    async with living(ONE_BOT) as host:
        assert host.phase("/control") == "needs_operator"
        await host.say("/hello")
        await host.hears("hello")


async def _kill_for_ever(host: object) -> None:
    from tests.rookery.host.conftest import LivingHost

    assert isinstance(host, LivingHost)
    while True:
        incarnation = host.system.find("/core").cell.incarnation
        if incarnation is not None:
            incarnation.kill()
        await trio.sleep(0.01)


async def test_a_bot_that_fails_again_and_again_needs_an_operator(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """One bot's supervisor gives up: that bot needs an operator, nothing more."""
    async with living(ONE_BOT) as host:
        (host.folder / "weak.py").write_text(
            HELLO.format(said="strong now").replace("hello", "weak")
            + "\n@bot.provide('db')\nasync def db():\n    raise OSError('no database')\n    yield\n"
        )
        file = host.folder / "rookery.toml"
        file.write_text(ONE_BOT + '[bots.weak]\nuse = "weak.py:bot"\n')
        manager = host.system.find("/manager", Manager)
        await manager.ask(Reload(), within=80)

        await host.until(lambda: host.parts.estate.bots["weak"].needs_operator)
        assert host.phase("/bots/weak") == "needs_operator"
        # The reason is the supervisor's own: how often, and what the last one was.
        why = host.parts.estate.bots["weak"].needs_operator
        assert "v1 failed" in why
        assert "times, last with crash" in why
        assert "bots.weak" in host.parts.estate.faults
        await host.say("/hello")
        await host.say("/weak")
        await host.hears("hello")
        assert host.parts.desks.in_hand == 0

        source = (host.folder / "weak.py").read_text().partition("\n@bot.provide")[0]
        (host.folder / "weak.py").write_text(source)
        report = await manager.ask(Reload(), within=80)
        assert report.faults == ()
        await host.say("/weak")
        await host.hears("strong now")


async def test_a_removed_bot_finishes_what_it_has_in_hand(
    living: Living, autojump_clock: MockClock
) -> None:
    """B06: drain, then stop; what came too late is accounted for."""
    slow = HELLO.format(said="slept").replace(
        "    await ctx.reply",
        "    import trio; await trio.sleep(2)\n    await ctx.reply",
    )
    async with living(ONE_BOT) as host:
        (host.folder / "hello.py").write_text(slow)
        manager = host.system.find("/manager", Manager)
        await manager.ask(Reload(), within=80)
        await host.say("/hello")
        await trio.sleep(0.5)

        (host.folder / "rookery.toml").write_text("")
        report = await manager.ask(Reload(), within=80)

        assert report.bots["removed"] == ["hello"]
        await host.hears("slept")
        await host.say("/hello")
        await trio.sleep(5)
        assert host.peer.heard == []
        counts = host.parts.journal.counts()
        assert (counts.new, counts.claimed) == (0, 0)


async def test_reloads_at_the_same_time_end_as_one(
    living: Living, autojump_clock: MockClock
) -> None:
    """B03, B18: they go through one mailbox."""
    async with living(ONE_BOT) as host:
        manager = host.system.find("/manager", Manager)
        (host.folder / "hello.py").write_text(HELLO.format(said="new"))

        async def reload() -> None:
            report = await manager.ask(Reload(), within=80)
            assert report.faults == ()

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(reload)

        assert [c.name for c in host.system.snapshot("/bots/hello").children] == ["v6"]
        await host.say("/hello")
        await host.hears("new")


@pytest.mark.parametrize(
    ("before", "after", "account", "event"),
    [
        (None, Phase.CONNECTING, "1", None),
        (Phase.CONNECTING, Phase.UP, "1", "platform.up"),
        (Phase.UP, Phase.DEGRADED, "1", None),
        (Phase.DEGRADED, Phase.BACKING_OFF, "1", "platform.down"),
        (Phase.BACKING_OFF, Phase.CONNECTING, "1", None),
        (Phase.UP, Phase.NEEDS_OPERATOR, "1", "platform.needs_operator"),
        (None, Phase.UP, "", None),
        (Phase.STARTING, Phase.NEEDS_OPERATOR, "", "platform.needs_operator"),
    ],
)
def test_what_a_change_is_called(
    before: Phase | None, after: Phase, account: str, event: str | None
) -> None:
    first = None if before is None else ConnectionState(before)
    change = ConnectionChanged("qq", account, first, ConnectionState(after), 0.0)

    assert announcement(change) == event


async def test_bots_hear_how_connections_are(
    living: Living, autojump_clock: MockClock
) -> None:
    listening = """
from rookery import Bot, Context
bot = Bot("hello")

@bot.on("platform.up")
async def up(ctx: Context) -> None:
    await ctx.send("fake/me/group:1", f"{ctx.platform}/{ctx.account} is up")

@bot.on("platform.down")
async def down(ctx: Context) -> None:
    await ctx.send("fake/me/group:1", "down")
"""
    async with living(ONE_BOT) as host:
        (host.folder / "hello.py").write_text(listening)
        await host.system.find("/manager", Manager).ask(Reload(), within=80)
        board: Board = host.parts.board

        board.report("qq", "1", ConnectionState(Phase.UP))
        await host.hears("qq/1 is up")
        board.report("qq", "1", ConnectionState(Phase.CONNECTING, "it hung up"))
        await host.hears("down")
