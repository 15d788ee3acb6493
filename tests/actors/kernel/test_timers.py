"""Timers and watches: they belong to one life, come once, and give their slots back."""

from __future__ import annotations

from math import nan

import pytest
import trio
import trio.testing

from actors.kernel import (
    Actor,
    ActorContext,
    Crash,
    Down,
    Mailbox,
    NeedsOperator,
    Normal,
    Poison,
    Shutdown,
    StopRequested,
    System,
    Timer,
    Watch,
)
from actors.kernel.alarms import Alarms
from tests.actors.kernel.keeper import (
    Boom,
    Do,
    Doer,
    Gate,
    Get,
    boom,
    doer,
    house,
    is_boom,
    settle,
    sleeping,
)


async def test_a_timer_comes_once_and_on_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    at: list[float] = []
    async with house() as home:
        actor = await home.keep("a", Doer)
        began = trio.current_time()
        tick = Do(lambda *_: at.append(trio.current_time() - began))
        actor.tell(Do(lambda _, ctx: ctx.after(1.5, tick)))
        await trio.sleep(100)

        assert at == [1.5]
        assert home.cell("a").reserved == 0


async def test_ticks_never_pile_up(autojump_clock: trio.testing.MockClock) -> None:
    diary: list[object] = []
    timers: list[Timer] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(Do(lambda _, ctx: timers.append(ctx.every(1, "tick"))))
        await trio.sleep(3.5)
        assert diary == ["tick"] * 3

        actor.tell(Do(sleeping(10)))
        await trio.sleep(9.8)
        assert diary == ["tick"] * 3
        await trio.sleep(0.4)
        assert diary == ["tick"] * 4
        assert timers[0].skipped == 9
        assert home.cell("a").reserved == 1


async def test_a_cancelled_timer_does_not_come(
    autojump_clock: trio.testing.MockClock,
) -> None:
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))

        def cancel(_: Doer, ctx: ActorContext) -> None:
            for timer in (ctx.after(1, "once"), ctx.every(1, "always")):
                timer.cancel()
                timer.cancel()

        actor.tell(Do(cancel))
        await trio.sleep(10)

        assert diary == []
        assert home.cell("a").reserved == 0


async def test_timers_that_are_over_are_forgotten(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """An actor that arms and disarms one per message must not grow."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        other = await home.keep("other", Doer)

        def rearm(_: Doer, ctx: ActorContext) -> None:
            for _n in range(500):
                ctx.after(60, "timeout").cancel()
                ctx.watch(other).cancel()
            ctx.after(1, "once")

        await actor.ask(Get(rearm), within=1)
        await trio.sleep(2)

        assert not home.life("a").timers
        assert not home.life("a").watches
        assert not home.cell("other").watchers
        assert home.cell("a").reserved == 0


@pytest.mark.parametrize("waiting", [False, True])
async def test_timers_die_with_their_incarnation(
    waiting: bool, autojump_clock: trio.testing.MockClock
) -> None:
    """K9: also those whose tick waits in the lane already: it is not the next one's."""
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))

        def arm(_: Doer, ctx: ActorContext) -> None:
            ctx.after(1, "once")
            ctx.every(1, "always")

        actor.tell(Do(arm))

        async def fail(*_: object) -> None:
            await trio.sleep(2.5 if waiting else 0)
            raise Boom

        actor.tell(Do(fail))
        await trio.sleep(10)

        assert home.life("a").number == 2
        assert diary == []
        assert home.cell("a").reserved == 0


def test_a_period_must_be_positive() -> None:
    async def main() -> None:
        async with house() as home:
            actor = await home.keep("a", Doer)

            def arm(_: Doer, ctx: ActorContext) -> str:
                with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared whole below
                    ctx.every(0, "never")
                return str(caught.value)

            assert await actor.ask(Get(arm), within=1) == (
                "a period must be above 0 seconds (got 0)"
            )

    trio.run(main)


@pytest.mark.parametrize("how", ["after", "every"])
async def test_an_instant_that_is_no_number_is_refused(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    """One such alarm would end the task of all alarms, and the system with it."""
    async with house() as home:
        actor = await home.keep("a", Doer)

        def arm(_: Doer, ctx: ActorContext) -> None:
            with pytest.raises(ValueError, match=r"seconds \(got nan\)"):
                getattr(ctx, how)(nan, "never")

        await actor.ask(Get(arm), within=1)
        await trio.sleep(1)
        assert home.cell("a").reserved == 0


@pytest.mark.parametrize("period", [5e-324, 1e-300, 1e-6])
async def test_a_period_shorter_than_a_turn_starves_nobody(
    period: float, mock_clock: trio.testing.MockClock
) -> None:
    timers: list[Timer] = []
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(Do(lambda _, ctx: timers.append(ctx.every(period, "tick"))))
        await settle()
        mock_clock.jump(3600)
        for _ in range(10):
            await trio.lowlevel.checkpoint()

        assert timers[0].skipped >= min(3600 / period, 2.0**63) - 10
        assert 1 <= len(diary) <= 10
        timers[0].cancel()


async def test_many_cancelled_alarms_are_swept() -> None:
    alarms = Alarms(trio.current_time)
    for number in range(10_000):
        alarms.at(1000 + number, lambda: None).cancel()

    assert len(alarms._heap) < 200


async def test_alarms_fire_in_order_of_their_instants(
    autojump_clock: trio.testing.MockClock,
) -> None:
    fired: list[int] = []
    async with trio.open_nursery() as nursery:
        alarms = Alarms(trio.current_time)
        nursery.start_soon(alarms.run)
        await settle()
        for at in (3, 1, 2, 1):
            alarms.at(at, lambda at=at: fired.append(at))  # type: ignore[misc]  # a default binds the loop's value
        await trio.sleep(5)
        alarms.at(4, lambda: fired.append(4))
        await settle()
        nursery.cancel_scope.cancel()

    assert fired == [1, 1, 2, 3, 4]


# --- watches ----------------------------------------------------------------------------


def watch(child: str) -> Get:
    return Get(lambda _, ctx: ctx.watch(ctx.find(f"/{child}")))


async def test_down_comes_once_with_the_reason() -> None:
    diary: list[object] = []
    async with house() as home:
        watcher = await home.keep("watcher", lambda: Doer(diary))
        target = await home.keep("target", Doer)
        await watcher.ask(watch("target"), within=1)

        target.tell(boom("x"))
        await settle()
        target.tell(boom("y"))
        await settle()

        (down,) = diary
        assert isinstance(down, Down)
        assert down.address is home.system.find("/target")
        assert is_boom(down.reason, "x")
        assert home.cell("watcher").reserved == 0


@pytest.mark.parametrize("how", ["stop", "normal", "needs operator"])
async def test_down_carries_every_kind_of_end(how: str) -> None:
    diary: list[object] = []
    async with house() as home:
        watcher = await home.keep("watcher", lambda: Doer(diary))
        target = await home.keep("target", Doer)
        await watcher.ask(watch("target"), within=1)

        def refuse(*_: object) -> None:
            raise NeedsOperator("login")

        match how:
            case "stop":
                await home.halt("target")
            case "normal":
                target.tell(Do(lambda _, ctx: ctx.stop()))
            case _:
                target.tell(Do(refuse))
        await settle()

        (down,) = diary
        assert isinstance(down, Down)
        assert (
            type(down.reason)
            is {
                "stop": Shutdown,
                "normal": Normal,
                "needs operator": NeedsOperator,
            }[how]
        )


async def test_watching_who_is_not_there_says_so_at_once() -> None:
    diary: list[object] = []
    async with house() as home:
        watcher = await home.keep("watcher", lambda: Doer(diary))
        home.root.cell.adopt("never")
        await watcher.ask(watch("never"), within=1)
        await settle()

        assert [down.reason for down in diary if isinstance(down, Down)] == [
            Shutdown("not running")
        ]
        assert home.cell("watcher").reserved == 0


async def test_watches_die_with_the_watcher() -> None:
    """K9."""
    diary: list[object] = []
    async with house() as home:
        watcher = await home.keep("watcher", lambda: Doer(diary))
        target = await home.keep("target", Doer)
        await watcher.ask(watch("target"), within=1)
        watcher.tell(boom())
        await settle()
        target.tell(boom())
        await settle()

        assert diary == []
        assert home.cell("watcher").reserved == 0
        assert not home.cell("target").watchers


async def test_a_down_that_waits_dies_with_the_watcher() -> None:
    diary: list[object] = []
    gate = Gate()

    async def wait_and_fail(_: Doer, __: ActorContext) -> None:
        await gate.wait()
        raise ConnectionError

    async with house() as home:
        watcher = await home.keep("watcher", lambda: Doer(diary))
        target = await home.keep("target", Doer)
        await watcher.ask(watch("target"), within=1)
        watcher.tell(Do(wait_and_fail))
        await gate.reached.wait()
        target.tell(boom())
        await settle()
        gate.open()
        await settle()

        assert home.life("watcher").number == 2
        assert diary == []
        assert home.cell("watcher").reserved == 0


async def test_an_unwatched_end_is_not_told() -> None:
    diary: list[object] = []
    async with house() as home:
        watcher = await home.keep("watcher", lambda: Doer(diary))
        target = await home.keep("target", Doer)
        watch_ = await watcher.ask(watch("target"), within=1)
        assert isinstance(watch_, Watch)
        watch_.cancel()
        watch_.cancel()
        target.tell(boom())
        await settle()

        assert diary == []
        assert home.cell("watcher").reserved == 0


async def test_a_crash_over_a_tick_is_a_crash_over_that_message(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """What came by the system lane obeys the poison policy like all mail."""
    tries: list[int] = []

    def fail_once(_: Doer, ctx: ActorContext) -> None:
        tries.append(ctx.incarnation)
        if len(tries) == 1:
            raise ConnectionError

    tick = Do(fail_once)
    async with house() as home:
        actor = await home.keep("a", doer(poison=Poison.retry(1)))
        actor.tell(Do(lambda _, ctx: ctx.after(1, tick)))
        await trio.sleep(2)

        (reason,) = home.reasons("a")
        assert isinstance(reason, Crash)
        assert reason.message is tick
        assert tries == [1, 2]
        assert home.cell("a").reserved == 0


class Orderly(Actor[object]):
    """Sets a timer for each thing it is told; all its mail comes in one lane."""

    mailbox = Mailbox(ordered=True)

    async def handle(self, ctx: ActorContext, message: object) -> None:
        match message:
            case "again":
                ctx.after(1.0, "tick")
            case StopRequested(reason):
                ctx.stop(reason)
            case _:
                pass


async def test_a_timer_in_an_ordered_lane_gives_its_slot_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with System(Orderly) as system:
        address = system.find("/", Orderly)
        for _ in range(50):
            address.tell("again")
            await trio.sleep(2.0)

        assert address.cell.reserved == 0
