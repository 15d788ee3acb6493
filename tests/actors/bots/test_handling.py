"""From an event to a settled row: whatever a handler does, it costs that event only."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import structlog
import trio
from structlog.contextvars import bind_contextvars, bound_contextvars
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.bots import Bot, Context, HandlerTimedOut, Next, Nonsense, use
from actors.kernel import Actor, ActorContext, System, current_trace
from actors.messages import (
    Chat,
    ChatKind,
    Image,
    Inbound,
    InboundState,
    OutboundKind,
    Role,
    Sender,
    Text,
)
from tests.actors.bots.harness import ROOM, Posted, add_told, running, told

OTHER = Chat(ChatKind.GROUP, "43")


async def test_messages_of_one_chat_are_handled_in_order_and_chats_side_by_side(
    autojump_clock: MockClock,
) -> None:
    """B28: one slow handler holds up its own chat only."""
    bot = Bot("test")

    @bot.command("wait")
    async def wait(ctx: Context, seconds: float, name: str) -> None:
        await trio.sleep(seconds)
        await ctx.reply(name)

    async with running(bot) as room:
        started = trio.current_time()
        slow = room.says("/wait 30 slow")
        after = room.says("/wait 1 after")
        other = room.says("/wait 2 other", chat=OTHER)
        await other.settled()
        assert trio.current_time() - started == 2
        assert slow.state is InboundState.CLAIMED
        await after.settled()
        assert trio.current_time() - started == 31
        assert room.texts == ["other", "slow", "after"]


async def test_a_handler_that_raises_fails_its_event_and_the_chat_goes_on() -> None:
    """B29: exceptions are isolated."""
    bot = Bot("test")

    @bot.command("crash")
    async def crash(ctx: Context) -> None:
        msg = "no such luck"
        raise LookupError(msg)

    @bot.command("ping")
    async def ping(ctx: Context) -> None:
        await ctx.reply("pong")

    async with running(bot) as room:
        crashed = room.says("/crash")
        assert await room.hears("/ping") == ["pong"]
        assert crashed.state is InboundState.FAILED
        assert crashed.why == "LookupError: no such luck"
        (fault,) = room.faults
        assert (fault.bot, fault.handler, fault.trace) == (
            "test",
            "command:crash",
            "t1",
        )
        assert isinstance(fault.error, LookupError)


async def test_the_traceback_of_a_fault_begins_in_the_authors_code() -> None:
    bot = Bot("test")

    @bot.command("crash")
    async def crash(ctx: Context) -> None:
        await ctx.send("nowhere", "hello")

    async with running(bot) as room:
        await room.hears("/crash")
        error = room.faults[0].error
        assert isinstance(error, ValueError)
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert frames[0] == "crash"
        assert frames[-1] == "parse"


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_handler_cannot_end_the_host(in_thread: bool) -> None:
    bot = Bot("test")

    async def exits(ctx: Context) -> None:
        sys.exit(3)

    def exits_in_a_thread(ctx: Context) -> None:
        sys.exit(3)

    async def exits_in_a_nursery(ctx: Context) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(exits, ctx)
            nursery.start_soon(trio.sleep_forever)

    bot.command("exit")(exits_in_a_thread if in_thread else exits)
    bot.command("nursery")(exits_in_a_nursery)

    async with running(bot) as room:
        one, two = room.says("/exit"), room.says("/nursery")
        assert await two.settled() is one.state is InboundState.FAILED
        assert "raised SystemExit(3); a handler cannot end the host" in one.why
        assert "HandlerExited" in two.why


@pytest.mark.parametrize("in_thread", [False, True])
async def test_an_interrupt_that_a_handler_raises_is_not_the_keyboards(
    *, in_thread: bool
) -> None:
    """The host's own signals never arrive as an exception: this one is of the author."""
    bot = Bot("test")

    async def interrupts(ctx: Context) -> None:
        raise KeyboardInterrupt

    def interrupts_in_a_thread(ctx: Context) -> None:
        raise KeyboardInterrupt

    @bot.middleware
    async def around(ctx: Context, call_next: Next) -> None:
        await call_next(ctx)
        if ctx.text == "/later":
            raise KeyboardInterrupt

    bot.command("now")(interrupts_in_a_thread if in_thread else interrupts)

    @bot.command("later")
    async def later(ctx: Context) -> None:
        pass

    async with running(bot) as room:
        one, two = room.says("/now"), room.says("/later")
        assert await one.settled() is await two.settled() is InboundState.FAILED
        for each in (one, two):
            assert "KeyboardInterrupt(); a handler cannot end the host" in each.why


async def test_an_exception_that_cannot_say_what_it_is_ends_its_event() -> None:
    bot = Bot("test")

    class Mute(Exception):
        def __str__(self) -> str:
            raise LookupError

    @bot.command("mute")
    async def mute(ctx: Context) -> None:
        raise Mute

    async with running(bot) as room:
        posted = room.says("/mute")
        with trio.fail_after(60):
            assert await posted.settled() is InboundState.FAILED
        assert posted.why == "Mute"


async def test_an_exception_of_which_nothing_can_be_set_ends_its_event() -> None:
    bot = Bot("test")

    @dataclass(frozen=True)
    class Refused(Exception):
        code: int

    @bot.command("refuse")
    async def refuse(ctx: Context) -> None:
        raise Refused(7)

    async with running(bot) as room:
        posted = room.says("/refuse")
        with trio.fail_after(60):
            assert await posted.settled() is InboundState.FAILED
        assert posted.why == "Refused: 7"


async def test_a_handler_that_hangs_costs_its_chat_until_its_deadline(
    autojump_clock: MockClock,
) -> None:
    """B28: it hangs; the next message of its chat is handled at the deadline."""
    bot = Bot("test")

    @bot.command("hang", timeout=5)
    async def hang(ctx: Context) -> None:
        await trio.sleep_forever()

    @bot.command("ping")
    async def ping(ctx: Context) -> None:
        await ctx.reply("pong")

    async with running(bot) as room:
        started = trio.current_time()
        hung = room.says("/hang")
        assert await room.hears("/ping") == ["pong"]
        assert trio.current_time() - started == 5
        assert hung.state is InboundState.FAILED
        assert hung.why == "HandlerTimedOut: 'command:hang' did not end within 5 s"
        assert isinstance(room.faults[0].error, HandlerTimedOut)


@pytest.mark.parametrize("value", [42, object, {"a": 1}, [1, "a"], True, b"x"])
async def test_a_handler_that_returns_nonsense_fails_its_event(value: object) -> None:
    bot = Bot("test")

    @bot.command("odd")
    async def odd(ctx: Context) -> object:
        return value

    async with running(bot) as room:
        posted = room.says("/odd")
        assert await posted.settled() is InboundState.FAILED
        assert "must return None, a str, a segment or a sequence" in posted.why
        assert isinstance(room.faults[0].error, Nonsense)
        assert room.texts == []


@pytest.mark.parametrize("value", ["", [], ()])
async def test_a_handler_that_says_nothing_is_told_how(value: object) -> None:
    bot = Bot("test")

    @bot.command("odd")
    async def odd(ctx: Context) -> object:
        return value

    async with running(bot) as room:
        posted = room.says("/odd")
        assert await posted.settled() is InboundState.FAILED
        assert posted.why.endswith(f"(got {value!r}; None says nothing)")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hi", (Text("hi"),)),
        (Image("u"), (Image("u"),)),
        (["a", Image("u")], (Text("a"), Image("u"))),
    ],
)
async def test_what_a_handler_returns_is_said(
    value: object, said: tuple[object, ...]
) -> None:
    bot = Bot("test")

    @bot.command("say")
    async def say(ctx: Context) -> object:
        return value

    async with running(bot) as room:
        await room.hears("/say")
        (out,) = room.outbox.said.values()
        assert out.body == said
        assert out.kind is OutboundKind.REPLY


async def test_returning_the_receipt_of_a_reply_says_nothing_twice() -> None:
    bot = Bot("test")

    @bot.command("say")
    async def say(ctx: Context) -> object:
        return await ctx.reply("once")

    async with running(bot) as room:
        assert await room.hears("/say") == ["once"]


async def test_every_listener_runs_though_one_raises_and_one_hangs(
    autojump_clock: MockClock,
) -> None:
    """B29: many handlers of one event: fan-out, each with its own deadline."""
    bot = Bot("test")

    @bot.on("message", timeout=3)
    async def hangs(ctx: Context) -> None:
        await trio.sleep_forever()

    @bot.on("message")
    async def raises(ctx: Context) -> None:
        raise ValueError

    @bot.match("hello")
    async def greets(ctx: Context) -> None:
        await ctx.reply("hi")

    async with running(bot) as room:
        posted = room.says("hello")
        assert await posted.settled() is InboundState.FAILED
        assert room.texts == ["hi"]
        assert posted.why.startswith("ExceptionGroup: 2 handlers of one event failed")
        (fault,) = room.faults
        assert fault.handler == "on:message:hangs, on:message:raises"


async def test_retry_runs_it_again_and_says_nothing_twice() -> None:
    bot = Bot("test")
    runs = 0

    @bot.command("flaky", retry=2)
    async def flaky(ctx: Context) -> None:
        nonlocal runs
        runs += 1
        await ctx.reply("working")
        if runs < 3:
            raise OSError
        await ctx.reply("done")

    async with running(bot) as room:
        posted = room.says("/flaky")
        assert await posted.settled() is InboundState.DONE
        assert runs == 3
        # The same reply of the same event has the same key, whichever run says it.
        assert room.texts == ["working", "done"]
        assert room.outbox.calls == 4


async def test_a_handler_that_always_fails_is_tried_as_often_as_declared_and_no_more(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")
    runs = 0

    @bot.command("broken", retry=2, timeout=7)
    async def broken(ctx: Context) -> None:
        nonlocal runs
        runs += 1
        await trio.sleep_forever()

    async with running(bot) as room:
        started = trio.current_time()
        posted = room.says("/broken")
        assert await posted.settled() is InboundState.FAILED
        assert (runs, trio.current_time() - started) == (3, 21)
        assert len(room.faults) == 1


async def test_a_command_that_waited_too_long_is_expired_and_logged(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")
    ran = []

    @bot.command("late", timeout=1000)
    async def late(ctx: Context) -> None:
        ran.append(ctx.text)
        await trio.sleep(400)

    async with running(bot) as room:
        first, second = room.says("/late 1"), room.says("/late 2")
        with capture_logs() as logs:
            assert await second.settled() is InboundState.EXPIRED
        assert first.state is InboundState.DONE
        assert ran == ["/late 1"]
        assert second.why == "400 s old, older than 300 s"
        assert "handler.event_expired" in [entry["event"] for entry in logs]
        assert room.texts == []


async def test_wrong_arguments_are_answered_with_the_usage_line() -> None:
    bot = Bot("test")

    @bot.command("weather")
    async def weather(ctx: Context, city: str) -> None: ...

    @bot.command("roll")
    async def roll(ctx: Context, sides: int = 6) -> None: ...

    async with running(bot) as room:
        assert await room.hears("/weather") == ["usage: /weather CITY"]
        assert await room.hears("/roll six") == [
            "usage: /roll [SIDES]\nSIDES must be a whole number (got 'six')"
        ]
        assert room.faults == []


async def test_a_refused_command_says_so_once_to_each(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")

    @bot.command("ban", allow="admin")
    async def ban(ctx: Context) -> None:
        await ctx.reply("banned")

    async with running(bot, operators=frozenset({("qq", "1")})) as room:
        assert await room.hears("/ban", user="1") == ["/ban is for admins of this chat"]
        assert await room.hears("/ban", user="1") == []
        assert await room.hears("/ban", user="2") == ["/ban is for admins of this chat"]
        await room.says("/ban", user="1", role=Role.OWNER).settled()
        assert room.texts[-1] == "banned"


async def test_operators_are_those_of_the_platform() -> None:
    bot = Bot("test")

    @bot.command("stop", allow="operator")
    async def stop(ctx: Context) -> None:
        await ctx.reply("stopped")

    async with running(bot, operators=frozenset({("qq", "1")})) as room:
        await room.says("/stop", user="1", platform="irc", role=Role.OWNER).settled()
        assert room.texts == ["/stop is for operators of this host"]
        assert await room.hears("/stop", user="1") == ["stopped"]


async def test_beyond_its_rate_a_command_is_dropped_with_one_notice(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("test")

    @bot.command("roll", rate="2/min per user")
    async def roll(ctx: Context) -> None:
        await ctx.reply("4")

    @bot.match("hello", rate="1/min")
    async def greet(ctx: Context) -> None:
        await ctx.reply("hi")

    async with running(bot) as room:
        said = [await room.hears("/roll") for _ in range(4)]
        assert said == [
            ["4"],
            ["4"],
            ["/roll may be used 2/min per user; try again in 60 s"],
            [],
        ]
        assert await room.hears("/roll", user="8") == ["4"]
        # Nobody asked for a greeting, so nobody is told that there is none.
        assert [await room.hears("hello") for _ in range(2)] == [["hi"], []]
        await trio.sleep(60)
        assert await room.hears("/roll") == ["4"]


async def test_who_may_not_spends_no_allowance(autojump_clock: MockClock) -> None:
    bot = Bot("test")

    @bot.command("ban", allow="admin", rate="1/day")
    async def ban(ctx: Context) -> None:
        await ctx.reply("banned")

    async with running(bot) as room:
        await room.hears("/ban")
        await room.says("/ban", role=Role.ADMIN).settled()
        assert room.texts[-1] == "banned"


async def test_what_we_and_other_bots_say_is_ignored_unless_asked_for() -> None:
    bot = Bot("test")

    @bot.command("ping")
    async def ping(ctx: Context) -> None:
        await ctx.reply("pong")

    @bot.command("peer", bots=True)
    async def peer(ctx: Context) -> None:
        await ctx.reply("hello, machine")

    async with running(bot) as room:
        for posted in (
            room.says("/ping", from_self=True),
            room.says("/peer", from_self=True),
            room.says("/ping", is_bot=True),
            room.says("/peer", is_bot=True),
        ):
            assert await posted.settled() is InboundState.DONE
        assert room.texts == ["hello, machine"]
        ours = room.says("/ping", from_self=True)
        assert not room.desk.wants(ours.row)
        room.desk.put(ours.row, (again := Posted(ours.row)).settle)
        assert again.why == "our own message"


async def test_a_context_says_who_did_what_where() -> None:
    bot = Bot("test")
    seen: list[Context] = []

    @bot.on("member.joined")
    async def joined(ctx: Context) -> None:
        seen.append(ctx)
        await ctx.reply("welcome")
        await ctx.send("irc/rook/channel:a%2Fb", "somebody joined", Image("u"))

    event = Inbound(
        "e1",
        event="member.joined",
        chat=ROOM,
        sender=Sender("7", "Ann"),
        facts={"by": "8"},
        raw={"post_type": "notice"},
    )
    async with running(bot) as room:
        await room.event(event).settled()
        (ctx,) = seen
        assert (ctx.platform, ctx.account, ctx.trace) == ("qq", "10001", "t1")
        assert (ctx.sender.name, ctx.chat, ctx.text) == ("Ann", ROOM, "")
        assert str(ctx.address) == "qq/10001/group:42"
        assert ctx.raw == {"post_type": "notice"}
        assert ctx.event.facts == {"by": "8"}
        reply, notice = room.outbox.said.values()
        assert (reply.kind, notice.kind) == (OutboundKind.REPLY, OutboundKind.NOTICE)
        assert str(notice.to) == "irc/rook/channel:a%2Fb"
        assert {reply.trace, notice.trace} == {"t1"}


async def test_an_event_without_a_chat_has_nowhere_to_reply() -> None:
    bot = Bot("test")

    @bot.on("platform.up")
    async def up(ctx: Context) -> None:
        await ctx.reply("hello")

    async with running(bot) as room:
        posted = room.event(Inbound("e1", event="platform.up"))
        assert await posted.settled() is InboundState.FAILED
        assert "use ctx.send(address, ...)" in posted.why


@pytest.mark.parametrize("body", [(), ("",), (7,), (["a"],)])
async def test_an_empty_reply_is_refused_where_it_is_made(
    body: tuple[str, ...],
) -> None:
    bot = Bot("test")

    @bot.command("say")
    async def say(ctx: Context) -> None:
        await ctx.reply(*body)

    async with running(bot) as room:
        posted = room.says("/say")
        assert await posted.settled() is InboundState.FAILED
        assert posted.why.startswith("BotMistake: a ")


async def test_ordinals_are_taken_in_the_order_of_the_calls() -> None:
    """Two tasks race to the outbox; the keys follow the calls, run after run."""
    keys: list[dict[str, str]] = []
    for _ in range(8):
        bot = Bot("test")

        @bot.command("two")
        async def two(ctx: Context) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ctx.reply, "first")
                nursery.start_soon(ctx.reply, "second")

        async with running(bot) as room:
            await room.hears("/two")
            said = room.outbox.said
            keys.append(
                {
                    out.key: text
                    for out, text in zip(said.values(), room.texts, strict=True)
                }
            )
    assert all(key == keys[0] for key in keys)
    assert len(keys[0]) == 2


async def test_a_key_of_ones_own_does_not_depend_on_order() -> None:
    bot = Bot("test")

    @bot.command("say")
    async def say(ctx: Context) -> None:
        one = await ctx.reply("a", key="a")
        assert (await ctx.reply("a", key="a")).id == one.id
        assert (await ctx.reply("b")).id != one.id

    async with running(bot) as room:
        assert await room.hears("/say") == ["a", "b"]


async def test_each_turn_logs_its_trace_and_puts_it_back() -> None:
    """A03, A04: known per turn, from the event, and afterwards it is what it was."""
    bot = Bot("test")
    bound: list[dict[str, object]] = []
    log = structlog.get_logger()

    @bot.command("look")
    async def look(ctx: Context) -> None:
        bound.append(told())
        assert current_trace() == ctx.trace
        log.info("third_party.spoke")
        await trio.to_thread.run_sync(lambda: bound.append(told()))
        ctx.log.info("handler.spoke")

    @bot.command("crash")
    async def crash(ctx: Context) -> None:
        raise ValueError

    async with running(bot) as room:
        with capture_logs(processors=[add_told]) as logs:
            await room.hears("/look")
            await room.hears("/crash")
            await room.hears("/look")
        assert [one["trace"] for one in bound] == ["t1", "t1", "t3", "t3"]
        assert bound[0] == {
            "trace": "t1",
            "bot": "test",
            "platform": "qq",
            "account": "10001",
            "chat": "group:42",
        }
        assert told() == {"trace": ""}
        traced = [(entry["event"], entry["trace"]) for entry in logs]
        assert traced == [
            ("third_party.spoke", "t1"),
            ("handler.spoke", "t1"),
            ("handler.failed", "t2"),
            ("third_party.spoke", "t3"),
            ("handler.spoke", "t3"),
        ]


async def test_a_worker_keeps_nothing_of_the_turn_before() -> None:
    """A03: after a turn the trace is what it was, and what an author bound is gone."""
    bot = Bot("test")
    seen: list[dict[str, object]] = []

    @bot.command("bind")
    async def bind(ctx: Context) -> None:
        bind_contextvars(secret="mine")

    @bot.on("platform.up")
    async def look(ctx: Context) -> None:
        seen.append(told())

    async with running(bot) as room:
        # Twice: what was bound once and cleared is bound again in the same task.
        for _ in range(2):
            posted = room.says("/bind")
            await posted.settled()
            assert posted.bound == {"secret": "mine"}
        await room.event(Inbound("e", event="platform.up")).settled()
        assert seen[0]["chat"] == ""
        assert "secret" not in seen[0]


async def test_a_turn_has_nothing_of_whoever_handed_the_event_in() -> None:
    """A04: a worker's task does not keep the context it was born with."""
    bot = Bot("test")
    seen: list[dict[str, object]] = []

    @bot.command("look")
    async def look(ctx: Context) -> None:
        seen.append(told())

    async with running(bot) as room:
        with bound_contextvars(trace="session", peer="10.0.0.1"):
            posted = room.says("/look")
        await posted.settled()
        assert seen[0]["trace"] == "t1"
        assert "peer" not in seen[0]
        assert "trace" not in posted.bound


async def test_what_outlives_its_turn_keeps_its_trace_and_its_facts() -> None:
    """A03, A04: the worker has gone on to the next event by then."""
    bot = Bot("test")
    seen: list[dict[str, object]] = []
    go_on = trio.Event()

    @bot.provide("nursery")
    async def nursery() -> AsyncIterator[trio.Nursery]:
        async with trio.open_nursery() as nursery:
            yield nursery

    async def later() -> None:
        await go_on.wait()
        seen.append(told())

    @bot.command("start")
    async def start(ctx: Context, nursery: trio.Nursery = use("nursery")) -> None:
        nursery.start_soon(later)

    @bot.command("next")
    async def following(ctx: Context) -> None:
        go_on.set()
        while not seen:
            await trio.lowlevel.checkpoint()
        seen.append(told())

    async with running(bot) as room:
        await room.says("/start").settled()
        await room.says("/next").settled()
    assert [one["trace"] for one in seen] == ["t1", "t2"]
    assert [one["bot"] for one in seen] == ["test", "test"]


async def test_a_message_that_is_sent_in_a_turn_carries_its_trace() -> None:
    bot = Bot("test")
    heard: list[str] = []

    class Listener(Actor[str]):
        async def handle(self, ctx: ActorContext, message: str) -> None:
            heard.append(f"{message} {ctx.trace}")

    async with System(Listener) as other:
        address = other.find("/", Listener)

        @bot.command("tell")
        async def tell(ctx: Context) -> None:
            address.tell("once")
            await address.send("twice", within=5)

        async with running(bot) as room:
            await room.says("/tell").settled()
            await room.says("/tell").settled()
    assert heard == ["once t1", "twice t1", "once t2", "twice t2"]
