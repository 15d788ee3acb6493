"""Middleware: composed once, in order, once per message."""

from __future__ import annotations

from actors.bots import Bot, Context, Next
from actors.bots.middleware import Middleware, compose
from actors.messages import InboundState
from tests.actors.bots.harness import running


def recording(name: str, steps: list[str]) -> Middleware:
    async def around(ctx: Context, call_next: Next) -> None:
        steps.append(f"{name} in")
        await call_next(ctx)
        steps.append(f"{name} out")

    return around


async def test_three_middlewares_run_in_order_around_the_handler() -> None:
    """D31: what comes next is bound when composing, not looked up when running."""
    bot = Bot("test")
    steps: list[str] = []
    for name in ("a", "b", "c"):
        bot.middleware(recording(name, steps))

    @bot.command("go")
    async def go(ctx: Context) -> None:
        steps.append("handler")

    async with running(bot) as room:
        await room.hears("/go")
        assert steps == ["a in", "b in", "c in", "handler", "c out", "b out", "a out"]


def test_composing_wraps_each_middleware_once() -> None:
    """D32: the chain is built once; running it builds nothing."""
    made: list[object] = []

    class Counting(list[Middleware]):
        def __reversed__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
            made.append(self)
            return super().__reversed__()

    steps: list[str] = []

    async def innermost(ctx: Context) -> None: ...

    compose(Counting([recording("a", steps), recording("b", steps)]), innermost)
    assert len(made) == 1


async def test_the_chain_of_a_bot_is_composed_when_it_starts() -> None:
    """D32: a middleware declared after the start is not part of the running chain."""
    bot = Bot("test")
    steps: list[str] = []
    bot.middleware(recording("a", steps))

    @bot.command("go")
    async def go(ctx: Context) -> None: ...

    async with running(bot) as room:
        bot.middleware(recording("late", steps))
        await room.hears("/go")
        await room.hears("/go")
        assert steps == ["a in", "a out"] * 2


async def test_it_runs_once_per_message_however_many_handlers_there_are() -> None:
    """D33: per message, not per handler."""
    bot = Bot("test")
    steps: list[str] = []
    bot.middleware(recording("a", steps))

    @bot.on("message")
    async def one(ctx: Context) -> None:
        steps.append("one")

    @bot.on("message")
    async def two(ctx: Context) -> None:
        steps.append("two")

    async with running(bot) as room:
        await room.hears("hello")
        assert steps == ["a in", "one", "two", "a out"]


async def test_it_may_keep_a_message_from_the_handlers_and_answer_itself() -> None:
    bot = Bot("test")

    @bot.middleware
    async def closed(ctx: Context, call_next: Next) -> None:
        if ctx.sender.id == "7":
            await ctx.reply("we are closed")
        else:
            await call_next(ctx)

    @bot.command("go")
    async def go(ctx: Context) -> None:
        await ctx.reply("gone")

    async with running(bot) as room:
        assert await room.hears("/go") == ["we are closed"]
        assert await room.hears("/go", user="8") == ["gone"]


async def test_it_sees_what_a_handler_raises_and_may_answer_for_it() -> None:
    bot = Bot("test")

    @bot.middleware
    async def apologise(ctx: Context, call_next: Next) -> None:
        try:
            await call_next(ctx)
        except LookupError as error:
            await ctx.reply(f"sorry: {error}")

    @bot.command("find")
    async def find(ctx: Context) -> None:
        msg = "not there"
        raise LookupError(msg)

    async with running(bot) as room:
        posted = room.says("/find")
        assert await posted.settled() is InboundState.DONE
        assert room.texts == ["sorry: not there"]
        assert room.faults == []


async def test_one_that_raises_is_an_outcome_like_any_other() -> None:
    bot = Bot("test")

    @bot.middleware
    async def broken(ctx: Context, call_next: Next) -> None:
        raise ValueError

    @bot.command("go")
    async def go(ctx: Context) -> None: ...

    async with running(bot) as room:
        posted = room.says("/go")
        assert await posted.settled() is InboundState.FAILED
        assert room.faults[0].handler == "middleware"
