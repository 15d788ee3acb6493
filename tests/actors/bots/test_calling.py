"""Actions of a platform, called by name from a handler."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import trio
from trio.testing import MockClock

from actors.bots import (
    Bot,
    CallFailed,
    CallRefused,
    CallUnknown,
    Context,
    NotConnected,
    TurnEnded,
)
from actors.messages import Inbound, InboundState
from actors.sender import OutcomeUnknown, Rejected, Retry
from tests.actors.bots.harness import running


class FakePlatform:
    """Answers with what it was asked, or raises what it is told to."""

    def __init__(self, raises: Exception | None = None) -> None:
        self.asked: list[tuple[str, str, str, Mapping[str, object]]] = []
        self.raises = raises

    async def call(
        self, platform: str, account: str, action: str, params: Mapping[str, object]
    ) -> object:
        await trio.lowlevel.checkpoint()
        self.asked.append((platform, account, action, params))
        if self.raises is not None:
            raise self.raises
        return {"name": "rooks", **params}


async def test_an_action_of_the_events_platform_is_called_on_its_account() -> None:
    bot, platform = Bot("test"), FakePlatform()

    @bot.command("group")
    async def group(ctx: Context) -> None:
        assert await ctx.call("get_group_info", group_id=42, no_cache=True) == {
            "name": "rooks",
            "group_id": 42,
            "no_cache": True,
        }

    async with running(bot, call=platform.call) as room:
        assert await room.says("/group").settled() is InboundState.DONE
    params = {"group_id": 42, "no_cache": True}
    assert platform.asked == [("qq", "10001", "get_group_info", params)]


async def test_an_event_without_a_chat_can_be_answered_with_an_action() -> None:
    bot, platform = Bot("test"), FakePlatform()

    @bot.on("contact.requested")
    async def accept(ctx: Context) -> None:
        await ctx.call("set_friend_add_request", flag=ctx.event.facts["flag"])

    async with running(bot, call=platform.call) as room:
        posted = room.event(
            Inbound("1", event="contact.requested", facts={"flag": "f"})
        )
        assert await posted.settled() is InboundState.DONE
    assert platform.asked == [("qq", "10001", "set_friend_add_request", {"flag": "f"})]


async def test_parameters_may_be_called_anything() -> None:
    bot, platform = Bot("test"), FakePlatform()

    @bot.command("odd")
    async def odd(ctx: Context) -> None:
        await ctx.call("odd", action="kick", self="me", platform="qq", params=[1])

    async with running(bot, call=platform.call) as room:
        assert await room.says("/odd").settled() is InboundState.DONE
    params = {"action": "kick", "self": "me", "platform": "qq", "params": [1]}
    assert platform.asked[0][3] == params


@pytest.mark.parametrize(
    ("raised", "seen", "why"),
    [
        (Retry(1.0, "no API connection"), NotConnected, "no API connection"),
        (Retry(1.0), NotConnected, "not now"),
        (Rejected("no such action"), CallRefused, "no such action"),
        (OutcomeUnknown("no answer"), CallUnknown, "no answer"),
    ],
)
async def test_what_goes_wrong_is_told_apart(
    raised: Exception, seen: type[CallFailed], why: str
) -> None:
    bot = Bot("test")
    caught: list[CallFailed] = []

    @bot.command("try")
    async def attempt(ctx: Context) -> None:
        with pytest.raises(CallFailed) as failed:
            await ctx.call("get_msg", message_id=1)
        caught.append(failed.value)

    async with running(bot, call=FakePlatform(raised).call) as room:
        assert await room.says("/try").settled() is InboundState.DONE
    assert [type(failed) for failed in caught] == [seen]
    assert (caught[0].action, caught[0].why) == ("get_msg", why)
    assert str(caught[0]) == f"get_msg: {why}"
    assert caught[0].__cause__ is raised


async def test_a_failed_call_that_nobody_catches_costs_the_event() -> None:
    bot = Bot("test")

    @bot.command("try")
    async def attempt(ctx: Context) -> None:
        await ctx.call("get_msg", message_id=1)

    async with running(bot) as room:
        posted = room.says("/try")
        assert await posted.settled() is InboundState.FAILED
        assert posted.why == "NotConnected: get_msg: qq/10001 is not connected"
        assert [fault.handler for fault in room.faults] == ["command:try"]


async def test_a_plain_function_calls_through_sync() -> None:
    bot, platform = Bot("test"), FakePlatform()

    @bot.command("group")
    def group(ctx: Context) -> str:
        return str(ctx.sync.call("get_group_info", group_id=42))

    @bot.command("wrong")
    def wrong(ctx: Context) -> None:
        _ = ctx.call("get_group_info", group_id=42)

    async with running(bot, call=platform.call) as room:
        assert await room.hears("/group") == ["{'name': 'rooks', 'group_id': 42}"]
        posted = room.says("/wrong")
        assert await posted.settled() is InboundState.FAILED
        assert "ctx.sync.call" in posted.why
    assert len(platform.asked) == 1


async def test_a_thread_that_is_late_calls_nothing(autojump_clock: MockClock) -> None:
    bot, platform = Bot("test"), FakePlatform()
    late = trio.Event()
    raised: list[BaseException] = []

    @bot.command("slow", timeout=5)
    def slow(ctx: Context) -> None:
        while True:
            try:
                ctx.sync.run(trio.sleep, 1)
            except TurnEnded:
                break
        try:
            ctx.sync.call("set_restart")
        except TurnEnded as ended:
            raised.append(ended)
        trio.from_thread.run_sync(late.set)

    async with running(bot, call=platform.call) as room:
        assert await room.says("/slow").settled() is InboundState.FAILED
        await late.wait()
    assert len(raised) == 1
    assert platform.asked == []
