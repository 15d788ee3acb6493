"""Who an event is for: a command takes it alone, everybody else shares it (B29)."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from actors.bots import Bot, Context
from actors.bots.arguments import WrongArguments
from actors.messages import Inbound, Mention, Sender, Text


def message(text: str, *, is_bot: bool = False) -> Inbound:
    return Inbound("1", sender=Sender("7", is_bot=is_bot), body=(Text(text),))


async def plain(ctx: Context) -> None: ...
async def two(ctx: Context, number: int, rest: str) -> None: ...


def names(bot: Bot, event: Inbound) -> list[str]:
    return [match.handler.name for match in bot.table().match(event)]


def a_bot(prefix: str = "/") -> Bot:
    bot = Bot("test", prefix)
    bot.command("ping", aliases=("乒",))(plain)
    bot.command("two")(two)
    bot.match("ping")(plain)
    bot.on("message")(plain)
    bot.match(lambda event: "!" in event.text)(plain)
    return bot


def test_a_command_takes_its_message_alone() -> None:
    """B29: declared, not guessed: one command, or every listener."""
    for text in ("/ping", "  /PING now", "/乒"):
        assert names(a_bot(), message(text)) == ["command:ping"]


def test_other_messages_go_to_every_listener_in_order() -> None:
    bot = a_bot()
    assert names(bot, message("ping!")) == [
        "match:plain",
        "on:message:plain",
        "match:plain#2",
    ]
    assert names(bot, message("/unknown")) == ["on:message:plain"]
    assert names(bot, message("/")) == ["on:message:plain"]
    assert names(bot, message("")) == ["on:message:plain"]


@given(text=st.text(max_size=20), prefix=st.sampled_from(["/", "!", "", "。"]))
def test_a_command_is_found_exactly_by_prefix_and_first_word(
    text: str, prefix: str
) -> None:
    words = text.split()
    is_ping = bool(words) and words[0].casefold() == f"{prefix}ping"
    assert (names(a_bot(prefix), message(text))[:1] == ["command:ping"]) is is_ping


def test_arguments_come_from_what_follows() -> None:
    (match,) = a_bot().table().match(message("/two 7  all the  rest "))
    assert match.values == {"number": 7, "rest": "all the  rest"}


def test_arguments_that_do_not_fit_are_still_the_commands_business() -> None:
    (match,) = a_bot().table().match(message("/two x y"))
    assert match.wrong == WrongArguments("NUMBER must be a whole number (got 'x')")


def test_a_command_for_a_mentioned_bot_is_found_behind_the_mention() -> None:
    event = Inbound("1", body=(Mention("10001"), Text(" /ping")))
    assert names(a_bot(), event) == ["command:ping"]


def test_commands_are_new_messages_only() -> None:
    bot = Bot("test")
    bot.command("ping")(plain)
    edited = Inbound("1", event="message.edited", body=(Text("/ping"),))
    assert names(bot, edited) == []


def test_other_bots_are_heard_only_by_who_asked() -> None:
    bot = a_bot()
    bot.on("message", bots=True)(plain)
    assert names(bot, message("hello", is_bot=True)) == ["on:message:plain#2"]
    assert names(bot, message("/ping", is_bot=True)) == []


def test_groups_of_a_pattern_are_arguments() -> None:
    bot = Bot("test")

    @bot.match(re.compile(r"weather in (?P<city>\w+)(?: for (?P<days>\S+) days)?"))
    async def weather(ctx: Context, city: str, days: int = 1) -> None: ...

    table = bot.table()
    (match,) = table.match(message("the weather in Oslo, please"))
    assert match.values == {"city": "Oslo", "days": 1}
    (match,) = table.match(message("weather in Oslo for 3 days"))
    assert match.values == {"city": "Oslo", "days": 3}
    (match,) = table.match(message("weather in Oslo for many days"))
    assert match.wrong == WrongArguments("DAYS must be a whole number (got 'many')")


def test_a_predicate_that_raises_costs_its_own_handler_only() -> None:
    """B29: exceptions are isolated."""
    bot = Bot("test")
    bot.match(lambda event: 1 / 0 > 0)(plain)
    bot.on("message")(plain)
    broken, fine = bot.table().match(message("hello"))
    assert isinstance(broken.broken, ZeroDivisionError)
    assert fine.broken is None
    assert fine.handler.name == "on:message:plain"
