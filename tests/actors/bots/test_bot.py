"""Declaring a bot: what is wrong is said where it is declared, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from actors.bots import Bot, BotMistake, Context, Next
from actors.messages import Inbound


async def handler(ctx: Context) -> None:
    """Does it."""


async def with_city(ctx: Context, city: str) -> None: ...


def declared(**options: object) -> Callable[[Bot], object]:
    return lambda bot: bot.command("do", **options)(handler)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda _: Bot("two words"), "a bot's name must be"),
        (lambda _: Bot(""), "a bot's name must be"),
        (lambda _: Bot("x", prefix="/ "), "without white space (got '/ ')"),
        (lambda bot: bot.command("two words")(handler), "must be one word"),
        (lambda bot: bot.command("")(handler), "must be one word (got '')"),
        (declared(aliases="alias"), "aliases must be a sequence"),
        (declared(allow="root"), "command 'do': allow must be one of anyone"),
        (declared(rate="often"), "command 'do': a rate must look like COUNT/UNIT"),
        (declared(timeout=0), "timeout must be a positive number of seconds (got 0)"),
        (declared(timeout=float("inf")), "timeout must be a positive number"),
        (declared(max_age="5m"), "max_age must be a positive number of seconds"),
        (declared(retry=-1), "retry must be a whole number from 0 to 10 (got -1)"),
        (declared(retry=True), "retry must be a whole number"),
        (lambda bot: bot.on("member.join"), "did you mean 'member.joined'?"),
        (lambda bot: bot.on(handler), "an event must be one of"),
        (lambda bot: bot.command(handler), "must be one word (got <function"),
        (declared(rate=5), "a rate must look like COUNT/UNIT"),
        (lambda bot: bot.on("nothing"), "a platform's own PLATFORM.KIND"),
        (lambda bot: bot.on("message")(with_city), "an event has no arguments"),
        (lambda bot: bot.match("[")(handler), "takes a regular expression (got '['"),
        (lambda bot: bot.match(7), "takes a pattern or a predicate (got 7)"),
        (lambda bot: bot.match("x")(with_city), "such as (?P<city>...)"),
        (lambda bot: bot.match(lambda _: True)(with_city), "fills no arguments"),
        (lambda bot: bot.middleware(handler), "async def name(ctx: Context, call_next"),
        (lambda bot: bot.provide("d b")(dict), "takes the name of a dependency"),
        (lambda bot: bot.provide("db")(with_city), "a function without arguments"),
    ],
)
def test_a_mistake_is_refused_where_it_is_made(
    declare: Callable[[Bot], object], said: str
) -> None:
    with pytest.raises(BotMistake) as refused:
        declare(Bot("test"))
    assert said in str(refused.value)


def test_two_commands_cannot_have_one_name() -> None:
    bot = Bot("test")
    bot.command("weather", aliases=("w",))(handler)
    said = re.escape("got '/w' for 'command:wind', which 'command:weather' has")
    with pytest.raises(BotMistake, match=said):
        bot.command("wind", aliases=("W",))(handler)


def test_two_dependencies_cannot_have_one_name() -> None:
    bot = Bot("test")
    bot.provide("db")(dict)
    with pytest.raises(BotMistake, match="provided once"):
        bot.provide("db")(dict)


def test_decorators_return_what_they_were_given() -> None:
    bot = Bot("test")

    async def around(ctx: Context, call_next: Next) -> None: ...

    assert bot.command("a")(handler) is handler
    assert bot.on("message")(handler) is handler
    assert bot.match("x")(handler) is handler
    assert bot.middleware(around) is around
    assert bot.provide("db")(dict) is dict


def test_handlers_have_stable_names_though_functions_share_theirs() -> None:
    bot = Bot("test")
    bot.on("message")(handler)
    bot.on("message")(handler)
    bot.command("a")(handler)
    assert [h.name for h in bot.handlers] == [
        "on:message:handler",
        "on:message:handler#2",
        "command:a",
    ]


def test_a_platforms_own_events_are_named_freely() -> None:
    bot = Bot("test")
    bot.on("onebot11.notice.poke")(handler)
    assert bot.table().events == {"onebot11.notice.poke"}


def test_a_table_is_not_changed_by_later_declarations() -> None:
    bot = Bot("test")
    before = bot.table()
    bot.on("member.joined")(handler)
    assert before.match(Inbound("1", event="member.joined")) == ()
    assert len(bot.table().match(Inbound("1", event="member.joined"))) == 1
