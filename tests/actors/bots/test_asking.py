"""`ctx.ask`: the handler waits outside of its lane, and the chat goes on."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from actors.bots import Bot, Context, NoAnswer
from actors.bots.asking import Asked, Questions
from actors.journal import InboundRow
from actors.messages import Chat, ChatKind, Inbound, InboundState, Sender, Text
from actors.router import IN_VAIN
from tests.actors.bots.harness import ROOM, living, running

S = InboundState


def a_bot() -> Bot:
    bot = Bot("test")

    @bot.command("city", timeout=5)
    async def city(ctx: Context) -> None:
        answer = await ctx.ask("which city?", within=60)
        await answer.reply(f"{answer.text}, {answer.sender.id}")

    @bot.command("ping")
    async def ping(ctx: Context) -> None:
        await ctx.reply("pong")

    return bot


async def test_the_answer_comes_back_as_a_context(autojump_clock: MockClock) -> None:
    async with running(a_bot()) as room:
        asked = room.says("/city")
        assert await room.outbox.until(1) == ["which city?"]
        assert asked.state is S.PARKED
        answer = room.says("Oslo")
        assert await asked.settled() is S.DONE
        assert asked.states == [S.CLAIMED, S.PARKED, S.DONE]
        assert (answer.state, answer.why) == (S.DONE, "an answer")
        assert room.texts == ["which city?", "Oslo, 7"]


async def test_the_lane_goes_on_and_the_deadline_stands_still(
    autojump_clock: MockClock,
) -> None:
    async with running(a_bot()) as room:
        asked = room.says("/city")
        await room.outbox.until(1)
        # Somebody else in the same chat is served meanwhile.
        assert await room.hears("/ping", user="8") == ["pong"]
        # Much longer than the handler's deadline of 5 s.
        await trio.sleep(50)
        room.says("Oslo")
        assert await asked.settled() is S.DONE


async def test_after_the_answer_the_deadline_goes_on(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")

    @bot.command("slow", timeout=5)
    async def slow(ctx: Context) -> None:
        await trio.sleep(3)
        await ctx.ask("well?")
        await trio.sleep(3)

    async with running(bot) as room:
        posted = room.says("/slow")
        await room.outbox.until(1)
        await trio.sleep(20)
        answered = trio.current_time()
        room.says("yes")
        assert await posted.settled() is S.FAILED
        assert trio.current_time() - answered == 2
        assert posted.why.startswith("HandlerTimedOut")


async def test_only_the_same_person_in_the_same_chat_answers(
    autojump_clock: MockClock,
) -> None:
    other = Chat(ChatKind.PRIVATE, "7")
    async with running(a_bot()) as room:
        asked = room.says("/city")
        await room.outbox.until(1)
        room.says("Rome", user="8")
        room.says("Paris", chat=other)
        room.says("Cairo", platform="irc")
        edited = Inbound(
            "e",
            event="message.edited",
            chat=ROOM,
            sender=Sender("7"),
            body=(Text("x"),),
        )
        room.event(edited)
        await trio.sleep(1)
        assert asked.state is S.PARKED
        # Anything this person says is the answer, even what looks like a command.
        room.says("/ping")
        await asked.settled()
        assert room.texts == ["which city?", "/ping, 7"]


async def test_when_nobody_answers_the_handler_is_told(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")

    @bot.command("city")
    async def city(ctx: Context) -> None:
        try:
            await ctx.ask("which city?", within=30)
        except NoAnswer as error:
            await ctx.reply(str(error))

    async with running(bot) as room:
        posted = room.says("/city")
        assert await posted.settled() is S.DONE
        assert room.texts[1] == "nobody answered 'which city?' within 30 s"
        # The question is closed: the next message is an ordinary one.
        assert room.says("Oslo").why == IN_VAIN


async def test_an_answer_nobody_gave_is_a_failed_event_but_no_fault(
    autojump_clock: MockClock,
) -> None:
    async with running(a_bot()) as room:
        posted = room.says("/city")
        assert await posted.settled() is S.FAILED
        assert "nobody answered 'which city?' within 60 s" in posted.why
        assert room.faults == []


async def test_people_type_ahead() -> None:
    """The answer is already there when the question is asked (piped input)."""
    async with running(a_bot()) as room:
        asked, answer, ping = room.says("/city"), room.says("Oslo"), room.says("/ping")
        assert [await one.settled() for one in (asked, answer, ping)] == [S.DONE] * 3
        assert sorted(room.texts) == ["Oslo, 7", "pong", "which city?"]


async def test_one_handler_may_ask_again_and_again(autojump_clock: MockClock) -> None:
    bot = Bot("test")

    @bot.command("add")
    async def add(ctx: Context) -> None:
        first = await ctx.ask("first?")
        second = await first.ask("second?")
        await second.reply(str(int(first.text) + int(second.text)))

    async with running(bot) as room:
        posted = room.says("/add")
        for number, text in enumerate(("3", "4"), 1):
            await room.outbox.until(number)
            await trio.sleep(1)
            room.says(text)
        assert await posted.settled() is S.DONE
        assert room.texts == ["first?", "second?", "7"]
        assert posted.states.count(S.PARKED) == 1


async def test_several_handlers_of_one_message_may_ask(
    autojump_clock: MockClock,
) -> None:
    """Handlers that share an event have deadlines of their own, which stand still, too."""
    bot = Bot("test")

    @bot.on("message", timeout=2)
    async def ask(ctx: Context) -> None:
        answer = await ctx.ask("why?")
        await answer.reply(f"because {answer.text}")

    @bot.on("message")
    async def note(ctx: Context) -> None:
        await ctx.reply("noted")

    async with running(bot) as room:
        posted = room.says("hm")
        await room.outbox.until(1)
        await trio.sleep(10)
        room.says("so")
        assert await posted.settled() is S.DONE
        assert room.texts == ["why?", "because so", "noted"]


async def test_deadlines_of_their_own_go_on_after_the_answer(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")

    @bot.on("message", timeout=5)
    async def slow(ctx: Context) -> None:
        await trio.sleep(3)
        await ctx.ask("well?")
        await trio.sleep(100)

    bot.on("message")(_nothing)

    async with running(bot) as room:
        posted = room.says("hm")
        await room.outbox.until(1)
        await trio.sleep(20)
        answered = trio.current_time()
        room.says("yes")
        assert await posted.settled() is S.FAILED
        assert trio.current_time() - answered == 2


async def _nothing(ctx: Context) -> None: ...


def test_the_newest_question_is_answered_first_and_dropping_twice_is_fine() -> None:
    async def main() -> None:
        questions = Questions()
        asked: Asked = ("qq", "1", ROOM, "7")
        event = Inbound("1", chat=ROOM, sender=Sender("7"))
        row = InboundRow(1, "qq", "1", event, "t", 0.0)
        old, new = questions.ask(asked), questions.ask(asked)
        assert questions.awaits(row)
        assert questions.take(row)
        assert (new.answer, old.answer) == (row, None)
        questions.drop(new)
        questions.drop(old)
        assert not questions.awaits(row)
        assert not questions.take(row)

    trio.run(main)


async def test_a_bot_that_stops_interrupts_those_who_wait(
    autojump_clock: MockClock,
) -> None:
    """Law 2: it ends as `failed(interrupted)`."""
    bot = a_bot()
    async with running(bot) as room:
        pass
    async with living(bot, room):
        posted = room.says("/city")
        await room.outbox.until(1)
        await trio.sleep(1)
    assert (posted.state, posted.why) == (S.FAILED, "interrupted")
