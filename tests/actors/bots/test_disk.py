"""Law 13: while nothing can be written down, no handler begins."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from actors.bots import Bot, Context
from actors.messages import Chat, ChatKind, InboundState
from tests.actors.bots.harness import Posted, Room, living, running


def bot_that_says() -> Bot:
    bot = Bot("demo")

    @bot.command("say", timeout=60.0)
    async def say(ctx: Context, what: str) -> None:
        await ctx.reply(what)

    return bot


async def test_what_waits_in_a_lane_waits_for_the_disk(
    autojump_clock: MockClock,
) -> None:
    """Its deadline would pass, and it would be called failed, for no fault of its own."""
    async with running(bot_that_says()) as room:
        room.disk.trouble = True
        posted = [
            room.says(f"/say {chat} {n}", chat=Chat(ChatKind.GROUP, str(chat)))
            for n in range(3)
            for chat in range(100)
        ]
        await trio.sleep(200.0)
        assert room.texts == []

        room.disk.mend()
        for one in posted:
            assert await one.settled() is InboundState.DONE
        for chat in range(100):
            said = [text for text in room.texts if text.split()[0] == str(chat)]
            assert said == [f"{chat} {n}" for n in range(3)]


async def test_a_worker_that_rests_waits_for_the_disk_as_well(
    autojump_clock: MockClock,
) -> None:
    """What comes while others rest goes straight to one of them, past what is held."""
    async with running(bot_that_says()) as room:
        assert await room.says("/say before").settled() is InboundState.DONE
        room.disk.trouble = True
        posted = room.says("/say during")
        await trio.sleep(200.0)
        assert room.texts == ["before"]

        room.disk.mend()
        assert await posted.settled() is InboundState.DONE
        assert room.texts == ["before", "during"]


async def test_what_has_begun_goes_on_and_what_is_behind_it_does_not_begin(
    autojump_clock: MockClock,
) -> None:
    bot = bot_that_says()
    begun: list[str] = []

    @bot.command("wait", timeout=60.0)
    async def wait(_: Context, what: str) -> None:
        begun.append(what)
        await trio.sleep(30.0)

    async with running(bot) as room:
        first, second = room.says("/wait first"), room.says("/wait second")
        await trio.sleep(1.0)
        room.disk.trouble = True
        assert await first.settled() is InboundState.DONE
        await trio.sleep(100.0)
        assert begun == ["first"]

        room.disk.mend()
        assert await second.settled() is InboundState.DONE


async def test_a_bot_that_left_during_trouble_hands_everything_on(
    autojump_clock: MockClock,
) -> None:
    bot = bot_that_says()
    room = Room(bot)
    posted: list[Posted] = []
    async with living(bot, room):
        room.disk.trouble = True
        posted = [room.says(f"/say {n}") for n in range(3)]
        await trio.sleep(1.0)
    assert room.disk.rings == []
    async with living(bot, room):
        await trio.sleep(1.0)
        assert room.texts == []
        room.disk.mend()
        for one in posted:
            await one.settled()
        assert room.texts == ["0", "1", "2"]
