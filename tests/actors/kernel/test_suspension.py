"""Suspending and resuming, at awkward moments."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.kernel import ActorContext, Address, Shutdown, WouldDeadlock
from tests.actors.kernel.keeper import Doer, Gate, Get, Order, boom, house, settle


async def test_a_resume_right_after_a_stop_request_does_not_undo_it() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        await settle()
        home.life("a").request_stop(Shutdown("test"))
        home.system.resume(actor)
        await settle()

        assert home.reasons("a") == [Shutdown("test")]


async def test_who_waits_for_a_suspension_that_is_taken_back_waits_no_more() -> None:
    gate = Gate()
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        actor.tell(gate.order)
        await gate.reached.wait()
        returned = trio.Event()

        async def suspend() -> None:
            await home.system.suspend(actor)
            returned.set()

        nursery.start_soon(suspend)
        await settle()
        assert not returned.is_set()
        home.system.resume(actor)
        await settle()
        assert returned.is_set()
        gate.open()


async def test_a_suspension_outlives_a_crash_and_the_retry_waits() -> None:
    gate = Gate()
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell(boom())
        actor.tell("after")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(home.system.suspend, actor)
            await settle()
            gate.open()
        await settle()
        assert home.cell("a").depth == 2
        home.system.resume(actor)
        await settle()
        assert diary == ["after"]


async def test_waiting_for_ones_own_message_to_end_is_refused_by_name(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Of one's own hand, or of somebody's who waits for us: nothing is suspended."""

    async def suspend(_: Doer, ctx: ActorContext, target: str) -> tuple[str, ...]:
        with pytest.raises(WouldDeadlock) as caught:
            await ctx.system.suspend(ctx.find(target))
        return caught.value.path

    async with house() as home:
        actor = await home.keep("a", Doer)
        other: Address[Order] = await home.keep("b", Doer)
        own = Get(lambda doer, ctx: suspend(doer, ctx, "/a"))
        assert await actor.ask(own, within=5) == ("/a", "/a")

        askers = Get(lambda doer, ctx: suspend(doer, ctx, "/a"))
        ask = Get(lambda *_: other.ask(askers, within=5))
        assert await actor.ask(ask, within=5) == ("/b", "/a", "/b")
        assert not home.cell("a").suspended
        assert trio.current_time() == 0
