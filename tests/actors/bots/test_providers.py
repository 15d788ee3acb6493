"""Dependencies: opened with the bot, closed with it, found by name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio
from trio.testing import MockClock

from actors.bots import Bot, BotActor, Context, Ready, use
from actors.kernel import ActorError, NeedsOperator, StartupFailed, System
from actors.messages import InboundState
from tests.actors.bots.harness import Room, running


async def test_providers_are_opened_in_order_and_closed_in_reverse() -> None:
    bot = Bot("test")
    steps: list[str] = []

    @bot.provide("db")
    async def db() -> AsyncIterator[str]:
        steps.append("open db")
        yield "the db"
        steps.append("close db")

    @bot.provide("cache")
    async def cache() -> AsyncIterator[str]:
        steps.append("open cache")
        yield "the cache"
        steps.append("close cache")

    @bot.provide("number")
    def number() -> int:
        return 7

    @bot.provide("word")
    async def word() -> str:
        await trio.lowlevel.checkpoint()
        return "rook"

    @bot.command("show")
    async def show(
        ctx: Context,
        text: str,
        db: str = use("db"),
        n: int = use("number"),
        *,
        word: str = use("word"),
    ) -> None:
        await ctx.reply(f"{text} {db} {n} {word}")

    async with running(bot) as room:
        assert await room.hears("/show me") == ["me the db 7 rook"]
        assert steps == ["open db", "open cache"]
    assert steps == ["open db", "open cache", "close cache", "close db"]


async def test_the_host_provides_what_the_bot_does_not() -> None:
    bot = Bot("test")
    bot.provide("mine")(lambda: "the bot's")

    @bot.command("show")
    async def show(
        ctx: Context, mine: str = use("mine"), tree: str = use("tree")
    ) -> None:
        await ctx.reply(f"{mine} {tree}")

    async with running(bot, provided={"tree": "a tree", "mine": "no"}) as room:
        assert await room.hears("/show") == ["the bot's a tree"]


async def test_a_dependency_nobody_provides_needs_an_operator() -> None:
    bot = Bot("test")

    @bot.command("show")
    async def show(ctx: Context, db: str = use("db")) -> None: ...

    room = Room(bot, provided={"tree": "x"})
    with pytest.raises(StartupFailed) as failed:
        async with System(lambda: BotActor(bot, room.desk, room.services)):
            pass
    said = repr(failed.value)
    assert NeedsOperator.__name__ in said
    assert "'command:show' of bot 'test' uses 'db', which nobody provides" in said
    assert "(provided: tree); add @bot.provide('db')" in said


async def test_a_provider_that_fails_is_a_crash_and_events_wait(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")
    broken = True

    @bot.provide("db")
    async def db() -> str:
        await trio.sleep(1)
        if broken:
            raise OSError
        return "the db"

    @bot.command("show")
    async def show(ctx: Context, db: str = use("db")) -> None:
        await ctx.reply(db)

    room = Room(bot)
    async with System(lambda: BotActor(bot, room.desk, room.services)) as system:
        posted = room.says("/show")
        with pytest.raises(ActorError):
            await system.find("/", BotActor).ask(Ready(), within=5)
        await system.ended()
        assert (posted.state, room.desk.waiting) == (InboundState.CLAIMED, 1)
    broken = False
    async with System(lambda: BotActor(bot, room.desk, room.services)):
        assert await posted.settled() is InboundState.DONE
    assert room.texts == ["the db"]
