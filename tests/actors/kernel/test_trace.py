"""One trace id across every actor between; afterwards it is what it was. A03, A04."""

from __future__ import annotations

from contextlib import suppress

import trio
import trio.testing

from actors.kernel import ActorContext, current_trace, tracing
from tests.actors.kernel.keeper import (
    Boom,
    Do,
    Doer,
    Get,
    house,
    settle,
)


async def test_a_trace_follows_tell_send_and_ask() -> None:
    """A04."""
    seen: list[str] = []

    def look(*_: object) -> None:
        seen.append(current_trace())

    async with house() as home:
        far = await home.keep("far", Doer)
        near = await home.keep("near", Doer)

        async def pass_on(_: Doer, ctx: ActorContext) -> None:
            seen.append(ctx.trace)
            far.tell(Do(look))
            await far.send(Do(look), within=1)
            await far.ask(Get(look), within=1)

        with tracing("frame 1"):
            await near.ask(Get(pass_on), within=1)
        with tracing("frame 2"):
            await near.ask(Get(pass_on), within=1)
        far.tell(Do(look))
        await settle()

    assert seen == ["frame 1"] * 4 + ["frame 2"] * 4 + [""]


async def test_a_trace_is_what_it_was_afterwards() -> None:
    """A03."""
    assert current_trace() == ""
    with tracing("outer"):
        with suppress(Boom), tracing("inner"):
            assert current_trace() == "inner"
            raise Boom
        assert current_trace() == "outer"
    assert current_trace() == ""


async def test_an_actor_keeps_no_trace_of_the_message_before() -> None:
    """A03, A04: neither the last one's nor that of whoever spawned it."""
    seen: list[str] = []
    async with house() as home:
        with tracing("spawned under this"):
            actor = await home.keep("a", Doer)
            actor.tell(Do(lambda *_: seen.append(current_trace())))
            await settle()
        actor.tell(Do(lambda *_: seen.append(current_trace())))
        await settle()

    assert seen == ["spawned under this", ""]


async def test_a_one_shot_timer_keeps_the_trace_and_ticks_begin_their_own(
    autojump_clock: trio.testing.MockClock,
) -> None:
    once: list[str] = []
    ticks: list[str] = []

    async with house() as home:
        actor = await home.keep("a", Doer)

        def arm(_: Doer, ctx: ActorContext) -> None:
            ctx.after(1, Do(lambda *_: once.append(current_trace())))
            ctx.every(1, Do(lambda *_: ticks.append(current_trace())))

        with tracing("frame"):
            actor.tell(Do(arm))
        await trio.sleep(3.5)

    assert once == ["frame"]
    assert len(set(ticks)) == 3
    assert "frame" not in ticks
    assert "" not in ticks


async def test_a_task_begun_under_a_trace_keeps_it() -> None:
    """What a handler starts beside itself: `with tracing(ctx.trace)` around it."""
    seen: list[str] = []
    gate = trio.Event()

    class Session(Doer):
        async def start(self, ctx: ActorContext) -> None:
            self.nursery = await ctx.enter(trio.open_nursery())

        async def work(self) -> None:
            await gate.wait()
            seen.append(current_trace())

    async with house() as home:
        actor = await home.keep("a", Session)

        def begin(session: Doer, ctx: ActorContext) -> None:
            assert isinstance(session, Session)
            with tracing(ctx.trace):
                session.nursery.start_soon(session.work)

        with tracing("one"):
            actor.tell(Do(begin))
        await settle()
        with tracing("two"):
            actor.tell(Do(lambda *_: gate.set()))
        await settle()

    assert seen == ["one"]


async def test_a_trace_survives_a_retry_and_goes_to_the_shelf() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)

        def fail(*_: object) -> None:
            raise Boom

        with tracing("frame"):
            actor.tell(Do(fail))
        await settle()

        assert home.system.dead_letters.newest(1)[0].trace == "frame"
