"""The desk: events wait for an incarnation, and a reload loses none and mixes none."""

from __future__ import annotations

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.bots import Bot, Context
from actors.bots.desk import MAX_DEATHS
from actors.messages import Chat, ChatKind, InboundState
from tests.actors.bots.harness import Room, living

OTHER = Chat(ChatKind.GROUP, "43")

S = InboundState


def version(name: str, log: list[str]) -> Bot:
    bot = Bot("test")

    @bot.command("do", timeout=100)
    async def do(ctx: Context, seconds: float, what: str) -> None:
        log.append(f"{name} begins {what}")
        await trio.sleep(seconds)
        log.append(f"{name} ends {what}")

    return bot


async def test_events_wait_while_there_is_no_incarnation() -> None:
    steps: list[str] = []
    bot = version("one", steps)
    room = Room(bot)
    posted = [room.says(f"/do 0 {number}") for number in range(3)]
    assert room.desk.waiting == 3
    async with living(bot, room):
        for one in posted:
            assert await one.settled() is S.DONE
    assert [step for step in steps if "ends" in step] == [
        f"one ends {number}" for number in range(3)
    ]
    assert not room.desk.attached


async def test_a_reload_serves_no_chat_twice_at_a_time_and_loses_nothing(
    autojump_clock: MockClock,
) -> None:
    steps: list[str] = []
    old, new = version("old", steps), version("new", steps)
    room = Room(old)
    async with living(old, room):
        first = room.says("/do 3 a")
        second = room.says("/do 0 b")
        await trio.sleep(1)

        async def later() -> None:
            await trio.sleep(1)
            assert (await room.says("/do 0 c").settled()) is S.DONE

        async with trio.open_nursery() as nursery:
            nursery.start_soon(later)
            async with living(new, room):
                assert room.desk.attached
                assert (first.state, second.state) == (S.DONE, S.DONE)
                await room.says("/do 0 d").settled()
                await trio.sleep(5)
    assert steps == [
        "old begins a",
        "old ends a",
        "old begins b",
        "old ends b",
        "new begins c",
        "new ends c",
        "new begins d",
        "new ends d",
    ]


async def test_the_old_one_leaving_does_not_detach_the_new_one() -> None:
    """Clean-up compares identity, not names."""
    steps: list[str] = []
    old, new = version("old", steps), version("new", steps)
    room = Room(old)
    async with trio.open_nursery() as nursery:
        stop_old = trio.Event()
        old_is_up = trio.Event()

        async def live_old() -> None:
            async with living(old, room):
                old_is_up.set()
                await stop_old.wait()

        nursery.start_soon(live_old)
        await old_is_up.wait()
        async with living(new, room):
            stop_old.set()
            await trio.testing.wait_all_tasks_blocked()
            assert room.desk.attached
            assert await room.says("/do 0 a").settled() is S.DONE
    assert steps == ["new begins a", "new ends a"]


async def test_a_reload_does_not_wait_for_ever(autojump_clock: MockClock) -> None:
    steps: list[str] = []
    old, new = version("old", steps), version("new", steps)
    room = Room(old)
    async with living(old, room):
        slow = room.says("/do 60 a")
        behind = room.says("/do 0 b")
        await trio.sleep(1)
        with capture_logs() as logs:
            async with living(new, room):
                assert "bot.handover_impatient" in [entry["event"] for entry in logs]
                await room.says("/do 0 c", chat=OTHER).settled()
                assert behind.state is S.CLAIMED
                await slow.settled()
                assert await behind.settled() is S.DONE
    assert steps[-2:] == ["old begins b", "old ends b"]


async def test_a_chat_that_the_old_one_is_still_at_waits_for_it(
    autojump_clock: MockClock,
) -> None:
    """Law 2: in order, one at a time, also when a reload has lost its patience."""
    steps: list[str] = []
    old, new = version("old", steps), version("new", steps)
    room = Room(old)
    stop_old = trio.Event()
    async with trio.open_nursery() as nursery:
        old_is_up = trio.Event()

        async def live_old() -> None:
            async with living(old, room):
                old_is_up.set()
                await stop_old.wait()

        nursery.start_soon(live_old)
        await old_is_up.wait()
        slow = room.says("/do 60 a")
        async with living(new, room):  # after some seconds it waits no longer
            behind = room.says("/do 0 b")
            await room.says("/do 0 other", chat=OTHER).settled()
            await trio.sleep(1)
            stop_old.set()
            last = room.says("/do 0 c")
            assert [await one.settled() for one in (slow, behind, last)] == [S.DONE] * 3
    assert steps == [
        "old begins a",
        "new begins other",
        "new ends other",
        "new begins a",
        "new ends a",
        "new begins b",
        "new ends b",
        "new begins c",
        "new ends c",
    ]


async def test_a_chat_goes_on_with_the_new_one_when_the_old_one_is_done_with_it(
    autojump_clock: MockClock,
) -> None:
    steps: list[str] = []
    old, new = version("old", steps), version("new", steps)
    room = Room(old)
    async with living(old, room):
        room.says("/do 20 a")
        async with living(new, room):
            assert await room.says("/do 0 b").settled() is S.DONE
    assert steps == ["old begins a", "old ends a", "new begins b", "new ends b"]


async def test_what_a_bot_did_not_end_is_for_its_next_incarnation(
    autojump_clock: MockClock,
) -> None:
    """Law 8: accepted is handled, whichever incarnation does it."""
    steps: list[str] = []
    bot = version("one", steps)
    room = Room(bot)
    async with living(bot, room):
        running = room.says("/do 60 a")
        waiting = room.says("/do 0 b")
        await trio.sleep(1)
    assert [running.state, waiting.state] == [S.CLAIMED, S.CLAIMED]
    async with living(bot, room):
        assert await waiting.settled() is S.DONE
        assert await running.settled() is S.DONE
    assert steps == [
        "one begins a",
        "one begins a",
        "one ends a",
        "one begins b",
        "one ends b",
    ]


async def test_what_was_said_before_the_end_is_not_said_again(
    autojump_clock: MockClock,
) -> None:
    """Law 5: the same reply of the same event has the same key."""
    bot = Bot("test")

    @bot.command("do")
    async def do(ctx: Context) -> None:
        await ctx.reply("working")
        await trio.sleep(20)
        await ctx.reply("done")

    room = Room(bot)
    async with living(bot, room):
        posted = room.says("/do")
        await room.outbox.until(1)
    async with living(bot, room):
        assert await posted.settled() is S.DONE
    assert room.texts == ["working", "done"]


async def test_an_event_that_outlives_three_incarnations_is_quarantined(
    autojump_clock: MockClock,
) -> None:
    bot = version("one", [])
    room = Room(bot)
    posted = room.says("/do 60 a")
    for number in range(MAX_DEATHS):
        assert posted.state is S.CLAIMED
        async with living(bot, room):
            await trio.sleep(1)
        assert room.desk.waiting == (0 if number == MAX_DEATHS - 1 else 1)
    assert posted.state is S.QUARANTINED
    assert posted.why == "the bot ended 3 times with this in hand"


async def test_a_newcomer_that_goes_before_it_came_changes_nothing(
    autojump_clock: MockClock,
) -> None:
    steps: list[str] = []
    old, new = version("old", steps), version("new", steps)
    room = Room(old)
    async with living(old, room):
        room.says("/do 3 a")
        await trio.sleep(1)
        with trio.move_on_after(1):
            async with living(new, room):
                pass
        assert room.desk.attached
        assert await room.says("/do 0 b").settled() is S.DONE
    assert steps[-1] == "old ends b"


async def test_stopping_lets_what_is_in_hand_end(autojump_clock: MockClock) -> None:
    steps: list[str] = []
    bot = version("one", steps)
    room = Room(bot)
    async with living(bot, room):
        posted = room.says("/do 2 a")
        await trio.sleep(1)
    assert posted.state is S.DONE
    assert steps == ["one begins a", "one ends a"]


async def test_a_removed_bot_fails_what_still_waits_for_it() -> None:
    bot = version("one", [])
    room = Room(bot)
    waiting = room.says("/do 0 a")
    room.desk.close("the bot was removed")
    late = room.says("/do 0 b")
    assert [(one.state, one.why) for one in (waiting, late)] == [
        (S.FAILED, "the bot was removed")
    ] * 2


async def test_draining_waits_for_the_last_handler(autojump_clock: MockClock) -> None:
    bot = version("one", [])
    room = Room(bot)
    async with living(bot, room):
        posted = room.says("/do 3 a")
        assert not await room.desk.drain(1)
        assert await room.desk.drain(5)
        assert posted.state is S.DONE
    assert await room.desk.drain(0)


async def test_a_chat_goes_on_while_the_old_one_waits_for_an_answer(
    autojump_clock: MockClock,
) -> None:
    old = Bot("asks")

    @old.command("ask")
    async def ask(ctx: Context) -> None:
        await trio.sleep(10)
        await ctx.ask("and?", within=60)

    steps: list[str] = []
    new = version("new", steps)
    room = Room(old)
    async with living(old, room):
        room.says("/ask")
        async with living(new, room):
            began = trio.current_time()
            await room.says("/do 0 a", user="8").settled()
            assert trio.current_time() - began == 5
