"""Plain functions: in threads, few at a time, and left behind when they are late."""

from __future__ import annotations

import threading

import trio
import trio.lowlevel
from structlog.testing import capture_logs

from actors.bots import Bot, Context, TurnEnded
from actors.messages import InboundState
from actors.tracker import Receipt
from tests.actors.bots.harness import running


async def test_a_plain_function_runs_beside_the_loop_and_talks_through_sync() -> None:
    bot = Bot("test")

    @bot.command("add")
    def add(ctx: Context, a: int, b: int) -> str:
        assert threading.current_thread() is not threading.main_thread()
        receipt = ctx.sync.reply("adding")
        assert isinstance(receipt, Receipt)
        ctx.sync.send("irc/rook/private:ann", "somebody adds")
        return str(a + b)

    async with running(bot) as room:
        assert await room.hears("/add 3 4") == ["adding", "somebody adds", "7"]


async def test_a_plain_function_may_ask() -> None:
    bot = Bot("test")

    @bot.command("city")
    def city(ctx: Context) -> None:
        answer = ctx.sync.ask("which city?")
        answer.sync.reply(f"{answer.text}!")

    async with running(bot) as room:
        posted = room.says("/city")
        await room.outbox.until(1)
        while posted.state is not InboundState.PARKED:
            await trio.lowlevel.checkpoint()
        room.says("Oslo")
        assert await posted.settled() is InboundState.DONE
        assert room.texts == ["which city?", "Oslo!"]


async def test_a_plain_function_may_await_anything_through_sync() -> None:
    bot = Bot("test")

    async def double(number: int, *, plus: int) -> int:
        await trio.lowlevel.checkpoint()
        return 2 * number + plus

    @bot.command("double")
    def twice(ctx: Context) -> str:
        return str(ctx.sync.run(double, 4, plus=1))

    async with running(bot) as room:
        assert await room.hears("/double") == ["9"]


async def test_awaiting_in_a_plain_function_is_refused_with_the_remedy() -> None:
    bot = Bot("test")

    @bot.command("forgot")
    def forgot(ctx: Context) -> object:
        return ctx.reply("never said")

    async with running(bot) as room:
        posted = room.says("/forgot")
        assert await posted.settled() is InboundState.FAILED
        assert (
            "call ctx.sync.reply(...), or write the handler as `async def`"
            in posted.why
        )


async def test_a_plain_function_that_returns_a_coroutine_is_nonsense() -> None:
    bot = Bot("test")

    async def inner() -> None: ...

    @bot.command("wrapped")
    def wrapped(ctx: Context) -> object:
        return inner()

    async with running(bot) as room:
        posted = room.says("/wrapped")
        assert await posted.settled() is InboundState.FAILED
        assert "write it as `async def`" in posted.why


async def test_a_late_thread_is_left_behind_and_can_no_longer_speak() -> None:
    """B28: it cannot be killed; its chat goes on without it."""
    bot = Bot("test")
    release, ended = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    @bot.command("hang", timeout=0.05)
    def hang(ctx: Context) -> None:
        release.wait(60)
        try:
            ctx.sync.reply("too late")
        except TurnEnded as error:
            errors.append(error)
        ended.set()

    @bot.command("ping")
    async def ping(ctx: Context) -> None:
        await ctx.reply("pong")

    async with running(bot) as room:
        with capture_logs() as logs:
            hung = room.says("/hang")
            assert await room.hears("/ping") == ["pong"]
        assert hung.state is InboundState.FAILED
        assert "handler.thread_left_behind" in [entry["event"] for entry in logs]
        release.set()
        assert await trio.to_thread.run_sync(ended.wait, 60)
        assert [type(error) for error in errors] == [TurnEnded]
        assert room.texts == ["pong"]
