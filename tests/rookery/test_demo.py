"""The demo bot: what somebody talks to who types `rookery run` without a file."""

from __future__ import annotations

import re

from actors.messages import InboundState
from rookery.demo import bot
from tests.actors.bots.harness import running

OPERATOR = frozenset({("qq", "14")})


def tree(path: str) -> str:
    return f"{path}\n  bots"


async def test_it_answers_ping_echo_and_help() -> None:
    async with running(bot, operators=OPERATOR, provided={"tree": tree}) as room:
        assert await room.hears("/ping") == ["pong"]
        assert await room.hears('/echo  as  "typed" ') == ['as  "typed"']
        assert await room.hears("/echo") == ["usage: /echo TEXT"]
        (text,) = await room.hears("/help")
        assert "/echo TEXT - Says TEXT back." in text.splitlines()
        assert "/crash" not in text
        (text,) = await room.hears("/help", user="14")
        assert "/crash" in text
        assert await room.hears("good morning") == []


async def test_the_demo_bot_reminds_and_says_when_it_cannot() -> None:
    async with running(bot, provided={"tree": tree}) as room:
        (said,) = await room.hears("/remind 5s the tea")
        assert re.fullmatch(r"I will, at \d\d:\d\d:\d\d UTC", said)
        (far,) = await room.hears("/remind 366d the year is over")
        assert re.fullmatch(r"I will, at \d\d:\d\d UTC on \d\d \w+ \d{4}", far)
        later, _ = room.laters.kept.values()
        await room.comes_due(later).settled()
        assert room.texts[-1] == "you asked me to remind you: the tea"
        (said,) = await room.hears("/remind soon the tea")
        assert "usage: /remind DELAY TEXT" in said
        room.laters.full = True
        assert await room.hears("/remind 5s the tea") == [
            "I have enough to remember in this chat already"
        ]


async def test_it_asks_and_understands() -> None:
    async with running(bot, provided={"tree": tree}) as room:
        room.says("/ask")
        await room.outbox.until(1)
        room.says(" Oslo ")
        assert await room.outbox.until(2) == [
            "which city are you in?",
            "greetings to Oslo",
        ]


async def test_what_shows_or_breaks_things_is_for_operators() -> None:
    async with running(bot, operators=OPERATOR, provided={"tree": tree}) as room:
        assert await room.hears("/crash") == ["/crash is for operators of this host"]
        assert await room.hears("/tree") == ["/tree is for operators of this host"]
        assert await room.hears("/tree", user="14") == ["/\n  bots"]
        assert await room.hears("/tree /a", user="14") == ["/a\n  bots"]
        crashed = room.says("/crash", user="14")
        assert await room.hears("/ping", user="14") == ["pong"]
        assert crashed.state is InboundState.FAILED
        assert crashed.why == "RuntimeError: somebody asked for it"
