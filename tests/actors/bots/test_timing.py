"""Handlers that no message starts: `every`, `cron`, `later`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trio
from attrs import evolve
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.bots import Bot, BotMistake, Context, use
from actors.bots.timing import ARGUMENT_BYTES
from actors.messages import ChatKind, InboundState
from actors.schedule import Later, Missed, TooManyLaters, cron, event_of, every
from tests.actors.bots.harness import ROOM, Room, living, running


def a_bot() -> Bot:
    return Bot("demo")


# --- declared -----------------------------------------------------------------------------


def test_a_bot_tells_what_is_run_and_when() -> None:
    bot = a_bot()

    @bot.every("1h")
    @bot.cron("0 9 * * 1-5", tz="Asia/Shanghai", missed="skip")
    async def report(ctx: Context) -> None: ...

    hourly, morning = sorted(
        bot.schedules, key=lambda schedule: schedule.handler, reverse=True
    )
    assert (hourly.handler, hourly.plan, hourly.missed) == (
        "every:report",
        every("1h"),
        Missed.ONCE,
    )
    assert (morning.handler, morning.plan, morning.missed) == (
        "cron:report",
        cron("0 9 * * 1-5", "Asia/Shanghai"),
        Missed.SKIP,
    )


@pytest.mark.parametrize(
    ("declare", "why"),
    [
        (lambda bot: bot.every("soon"), "every: a period must be"),
        (lambda bot: bot.cron("soon"), "cron: a cron expression must have five"),
        (lambda bot: bot.cron("* * * * *", tz="Mars"), "cron: tz must be the name"),
        (lambda bot: bot.every("1h", missed="never"), "missed must be one of 'skip'"),
        (lambda bot: bot.every("1h", timeout=0), "timeout must be a positive"),
        (lambda bot: bot.later(retry=-1), "retry must be a whole number"),
    ],
)
def test_what_does_not_hold_is_refused_where_it_is_declared(
    declare: Callable[[Bot], Callable[[object], object]], why: str
) -> None:
    async def handler(ctx: Context) -> None: ...

    with pytest.raises(BotMistake, match=why):
        declare(a_bot())(handler)


def test_a_run_has_no_arguments_but_what_is_provided() -> None:
    bot = a_bot()

    @bot.every("1h")
    async def fine(ctx: Context, db: str = use("db")) -> None: ...

    async def wrong(ctx: Context, city: str) -> None: ...

    with pytest.raises(BotMistake, match="give 'city' a default of use"):
        bot.every("1h")(wrong)


def test_a_handler_for_later_has_a_name_of_its_own() -> None:
    bot = a_bot()

    @bot.later()
    async def remind(ctx: Context) -> None: ...

    with pytest.raises(BotMistake, match="must have a name of its own"):
        bot.later()(remind)


def test_runs_are_heard_by_their_handlers_only() -> None:
    with pytest.raises(BotMistake, match="an event must be one of"):
        a_bot().on("schedule.due")


# --- run -------------------------------------------------------------------------------------


async def test_a_run_says_something_by_address_and_knows_when_it_was_due() -> None:
    bot = a_bot()
    due: list[datetime | None] = []

    @bot.cron("0 9 * * *", tz="Asia/Shanghai")
    async def morning(ctx: Context) -> None:
        due.append(ctx.due)
        await ctx.send("qq/10001/group:42", "good morning")

    @bot.every("1h")
    async def other(ctx: Context) -> None:
        pytest.fail("this one is not due")

    async with running(bot) as room:
        assert await room.runs("cron:morning", 3600.0).settled() is InboundState.DONE
        assert room.texts == ["good morning"]
        (out,) = room.outbox.said.values()
        assert str(out.to) == "qq/10001/group:42"
    assert due == [datetime(1970, 1, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))]


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (lambda ctx: ctx.reply("hm"), "NoChat: an event 'schedule.due' belongs to no"),
        (lambda ctx: ctx.ask("hm"), "NoChat: an event 'schedule.due' belongs to no"),
        (lambda ctx: ctx.call("hm"), "CallRefused: hm: no platform began this run"),
    ],
)
async def test_there_is_no_chat_to_reply_in(
    say: Callable[[Context], Any], why: str
) -> None:
    bot = a_bot()

    @bot.every("1h")
    async def report(ctx: Context) -> None:
        assert ctx.chat is None
        await say(ctx)

    async with running(bot) as room:
        posted = room.runs("every:report")
        assert await posted.settled() is InboundState.FAILED
        assert posted.why.startswith(why)
        assert len(room.faults) == 1


async def test_a_plain_function_is_run_in_a_thread() -> None:
    bot = a_bot()

    @bot.every("1h")
    def report(ctx: Context) -> None:
        ctx.sync.send("qq/10001/group:42", "from a thread")

    async with running(bot) as room:
        assert await room.runs("every:report").settled() is InboundState.DONE
        assert room.texts == ["from a thread"]


async def test_runs_of_one_schedule_do_not_overlap_those_of_two_do(
    autojump_clock: MockClock,
) -> None:
    bot = a_bot()
    at_work = {"slow": 0, "other": 0}
    most = {"slow": 0, "all": 0}

    async def work(name: str) -> None:
        at_work[name] += 1
        most["slow"] = max(most["slow"], at_work["slow"])
        most["all"] = max(most["all"], sum(at_work.values()))
        await trio.sleep(5)
        at_work[name] -= 1

    @bot.every("1s")
    async def slow(ctx: Context) -> None:
        await work("slow")

    @bot.every("2s")
    async def other(ctx: Context) -> None:
        await work("other")

    async with running(bot) as room:
        posted = [
            room.runs("every:slow", 1.0),
            room.runs("every:slow", 2.0),
            room.runs("every:other", 2.0),
        ]
        for one in posted:
            await one.settled()
    assert most == {"slow": 1, "all": 2}


async def test_a_run_that_waited_too_long_is_expired(
    autojump_clock: MockClock,
) -> None:
    bot = a_bot()

    @bot.every("1s", max_age=8)
    async def slow(ctx: Context) -> None:
        await trio.sleep(5)

    async with running(bot) as room:
        posted = [room.runs("every:slow", float(due)) for due in range(4)]
        states = [await one.settled() for one in posted]
    assert states == [InboundState.DONE] * 2 + [InboundState.EXPIRED] * 2


async def test_what_the_bot_does_not_have_any_more_is_dropped_with_a_line() -> None:
    bot, before = a_bot(), a_bot()

    @before.every("1h")
    async def gone(ctx: Context) -> None: ...

    @bot.every("1h")
    async def here(ctx: Context) -> None: ...

    room = Room(bot)
    room.bot = before
    async with living(bot, room):
        with capture_logs() as logs:
            assert await room.runs("every:gone").settled() is InboundState.DONE
    (line,) = [entry for entry in logs if entry["event"] == "schedule.run_dropped"]
    assert (line["bot"], line["handler"]) == ("demo", "every:gone")


async def test_a_later_without_its_handler_is_failed() -> None:
    """Law 8: it was promised to somebody, and `done` would say that it was kept."""
    after = a_bot()

    @after.every("1h")
    async def here(ctx: Context) -> None: ...

    later = Later(id="a", bot="demo", handler="later:remind", due=0.0)
    async with running(after) as room:
        posted = room.event(event_of(later), platform="schedule", account="demo/later")
        assert await posted.settled() is InboundState.FAILED
        assert "later:remind" in posted.why


# --- later -------------------------------------------------------------------------------------


def reminding() -> Bot:
    bot = a_bot()

    @bot.later()
    async def remind(ctx: Context, text: str, times: int = 1) -> None:
        await ctx.reply(f"{ctx.sender.id}: {text * times}")

    @bot.command("remind")
    async def ask(ctx: Context, delay: timedelta, text: str) -> None:
        due = await ctx.later(delay, remind, text, times=2)
        await ctx.reply(f"{due:%H:%M:%S}")

    return bot


async def test_a_later_runs_in_the_chat_it_was_asked_for_in(
    autojump_clock: MockClock,
) -> None:
    async with running(reminding()) as room:
        assert await room.hears("/remind 5m tea ") == ["13:51:40"]
        (later,) = room.laters.kept.values()
        assert later.due == 1_000_300.0
        assert later.args == {"text": "tea", "times": 2}
        assert (str(later.to), later.trace) == ("qq/10001/group:42", "t1")
        posted = room.comes_due(later)
        assert await posted.settled() is InboundState.DONE
        assert room.texts[1:] == ["7: teatea"]
        assert list(room.outbox.said.values())[1].to == later.to


async def test_a_later_takes_its_turn_in_the_chat(autojump_clock: MockClock) -> None:
    bot = reminding()

    @bot.command("slow")
    async def slow(ctx: Context) -> None:
        await trio.sleep(5)
        await ctx.reply("slow")

    async with running(bot) as room:
        await room.hears("/remind 1s tea")
        (later,) = room.laters.kept.values()
        room.says("/slow")
        room.comes_due(later)
        assert await room.outbox.until(3) == ["13:46:41", "slow", "7: teatea"]


async def test_a_later_is_no_answer_to_a_question(autojump_clock: MockClock) -> None:
    bot = reminding()

    @bot.command("ask")
    async def ask(ctx: Context) -> None:
        answer = await ctx.ask("well?")
        await answer.reply(f"you said {answer.text}")

    async with running(bot) as room:
        await room.hears("/remind 1s tea")
        (later,) = room.laters.kept.values()
        room.says("/ask")
        await room.outbox.until(2)
        room.comes_due(later)
        await room.outbox.until(3)
        room.says("yes")
        assert (await room.outbox.until(4))[2:] == ["7: teatea", "you said yes"]


async def test_a_handler_that_is_run_again_asks_for_the_same_later(
    autojump_clock: MockClock,
) -> None:
    bot = a_bot()
    runs = 0

    @bot.later()
    async def remind(ctx: Context, number: int) -> None: ...

    @bot.command("twice", retry=1)
    async def twice(ctx: Context) -> None:
        nonlocal runs
        runs += 1
        for number in range(2):
            await ctx.later(60, remind, number)
        if runs == 1:
            msg = "again"
            raise RuntimeError(msg)

    async with running(bot) as room:
        assert await room.says("/twice").settled() is InboundState.DONE
        assert runs == 2
        assert [one.args for one in room.laters.kept.values()] == [
            {"number": 0},
            {"number": 1},
        ]


async def test_a_later_may_be_asked_for_where_there_is_no_chat() -> None:
    bot = a_bot()
    seen: list[object] = []

    @bot.later()
    async def again(ctx: Context, wait: list[str]) -> None:
        seen.extend([wait, ctx.due, ctx.chat])

    @bot.every("1h")
    def report(ctx: Context) -> None:
        ctx.sync.later("90s", again, ["a", "b"])

    async with running(bot) as room:
        assert await room.runs("every:report").settled() is InboundState.DONE
        (later,) = room.laters.kept.values()
        assert (later.to, later.platform, later.account) == (
            None,
            "schedule",
            "demo/later:again",
        )
        assert await room.comes_due(later).settled() is InboundState.DONE
    assert seen == [["a", "b"], datetime.fromtimestamp(later.due, UTC), None]


async def test_a_later_whose_arguments_do_not_fit_any_more_fails() -> None:
    """The bot was changed and reloaded meanwhile."""
    async with running(reminding()) as room:
        await room.hears("/remind 1s tea")
        (later,) = room.laters.kept.values()
        posted = room.comes_due(evolve(later, args={"said": "tea"}))
        assert await posted.settled() is InboundState.FAILED
        assert "said" in posted.why


async def test_who_asks_for_too_much_is_told() -> None:
    bot = reminding()
    async with running(bot) as room:
        room.laters.full = True
        posted = room.says("/remind 5m tea")
        assert await posted.settled() is InboundState.FAILED
        assert posted.why.startswith(TooManyLaters.__name__)


async def test_a_delay_is_read_from_the_message() -> None:
    async with running(reminding()) as room:
        (said,) = await room.hears("/remind soon tea")
        assert said.splitlines() == [
            "usage: /remind DELAY TEXT",
            "DELAY must be a duration such as 30s, 5m, 1h or 2d, at most a year (got 'soon')",
        ]
        (said,) = await room.hears("/remind 2000d tea")
        assert "at most a year" in said
        assert room.laters.kept == {}


class Odd:
    pass


async def nothing(ctx: Context) -> None: ...


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda ctx, remind: ctx.later("soon", remind, "x"), "a delay must be"),
        (lambda ctx, remind: ctx.later(-1, remind, "x"), "a delay must be"),
        (lambda ctx, remind: ctx.later("367d", remind, "x"), "at most 366 days"),
        (lambda ctx, remind: ctx.later(5, nothing), "declared with @bot.later"),
        (lambda ctx, remind: ctx.later(5, "remind", "x"), "declared with @bot.later"),
        (lambda ctx, remind: ctx.later(5, remind), "missing a required argument"),
        (lambda ctx, remind: ctx.later(5, remind, "x", 1, 2, 3), "too many positional"),
        (lambda ctx, remind: ctx.later(5, remind, "x", db=1), "'db' from use"),
        (lambda ctx, remind: ctx.later(5, remind, Odd()), "what JSON can hold"),
        (lambda ctx, remind: ctx.later(5, remind, (1, 2)), "what JSON can hold"),
        (lambda ctx, remind: ctx.later(5, remind, {1: 2}), "what JSON can hold"),
        (lambda ctx, remind: ctx.later(5, remind, float("nan")), "what JSON can hold"),
        (lambda ctx, remind: ctx.later(5, remind, "\ud800"), "what JSON can hold"),
        (lambda ctx, remind: ctx.later(5, remind, ROOM), "what JSON can hold"),
        (
            lambda ctx, remind: ctx.later(5, remind, "x" * ARGUMENT_BYTES),
            "at most 65536 bytes",
        ),
    ],
)
async def test_what_cannot_be_kept_is_refused_where_it_is_asked_for(
    ask: Callable[..., Any], why: str
) -> None:
    bot = a_bot()

    @bot.provide("db")
    def db() -> str:
        return "db"

    @bot.later()
    async def remind(
        ctx: Context, text: object, times: int = 1, db: str = use("db")
    ) -> None: ...

    @bot.command("go")
    async def go(ctx: Context) -> None:
        with pytest.raises(BotMistake, match=why):
            await ask(ctx, remind)
        await ctx.reply("refused")

    async with running(bot) as room:
        assert await room.hears("/go") == ["refused"]
        assert room.laters.kept == {}


async def test_everything_json_holds_comes_back_as_it_was() -> None:
    bot = a_bot()
    values = {"a": [1, 2.5, None, True, "ö", ChatKind.GROUP]}
    seen: list[object] = []

    @bot.later()
    async def remind(ctx: Context, what: object) -> None:
        seen.append(what)

    @bot.command("go")
    async def go(ctx: Context) -> None:
        await ctx.later("1s", remind, values)
        values["a"].clear()  # what was asked for does not change

    async with running(bot) as room:
        await room.hears("/go")
        (later,) = room.laters.kept.values()
        await room.comes_due(later).settled()
    assert seen == [{"a": [1, 2.5, None, True, "ö", "group"]}]
