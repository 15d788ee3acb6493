"""A zombie is fenced: what it still does has no effect. T5."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import structlog
import trio
import trio.testing

from actors.kernel import (
    ActorContext,
    ActorDown,
    ActorError,
    Crash,
    Killed,
    NeedsOperator,
    Normal,
    Shutdown,
    Zombie,
)
from tests.actors.kernel.keeper import (
    LATER,
    Boom,
    CrashNow,
    Do,
    Doer,
    Gate,
    Get,
    House,
    Keeper,
    Work,
    boom,
    finished,
    house,
    is_boom,
    settle,
    sleeping,
    stops,
)


class Grave:
    """A fenced zombie, and a way to have it do one thing more."""

    def __init__(self, home: House) -> None:
        self.home = home
        self.gate = trio.Event()
        self.work: Work = lambda *_: None
        self.raised: list[BaseException] = []
        self.done = trio.Event()

    async def linger(self, actor: Doer, ctx: ActorContext) -> object:
        with trio.CancelScope(shield=True):
            await self.gate.wait()
            try:
                await finished(self.work(actor, ctx))
            except ActorError as error:
                self.raised.append(error)
            self.done.set()
        return LATER

    async def do(self, work: Work) -> None:
        self.work = work
        self.gate.set()
        await self.done.wait()
        await settle()


@asynccontextmanager
async def grave() -> AsyncIterator[tuple[House, Grave]]:
    """A house where `/a` is haunted by its first incarnation, and lives in its second."""
    async with house() as home:
        ghost = Grave(home)
        actor = await home.keep("a", Doer)
        await home.keep("other", Doer)
        actor.tell(Do(ghost.linger))
        await settle()
        assert await home.halt("a") == Zombie()
        await home.keep("a", Doer)
        yield home, ghost
        ghost.gate.set()


async def test_a_zombies_messages_are_refused(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with grave() as (home, ghost):
        diary: list[object] = []
        other = await home.keep("listener", lambda: Doer(diary))

        async def speak(_: Doer, __: ActorContext) -> None:
            for attempt in (
                lambda: other.tell("told"),
                lambda: other.send("sent", within=1),
                lambda: other.ask(Get(lambda *_: diary.append("asked")), within=1),
            ):
                try:
                    await finished(attempt())
                except ActorDown as error:
                    ghost.raised.append(error)

        await ghost.do(speak)

        assert diary == []
        assert [str(error) for error in ghost.raised] == [
            "/listener is down (the sender is a fenced zombie)",
            "/listener is down (the sender is a fenced zombie)",
            "/listener is down (the asker is a fenced zombie)",
        ]


async def test_a_zombies_background_tasks_are_refused_too(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = trio.Event()
    raised: list[ActorDown] = []

    class Haunted(Doer):
        async def start(self, ctx: ActorContext) -> None:
            nursery = await ctx.enter(trio.open_nursery())
            nursery.start_soon(self.haunt)

        async def haunt(self) -> None:
            with trio.CancelScope(shield=True):
                await gate.wait()
            try:
                other.tell("boo")
            except ActorDown as error:
                raised.append(error)

    diary: list[object] = []
    async with house() as home:
        other = await home.keep("other", lambda: Doer(diary))
        await home.keep("a", Haunted)
        assert await home.halt("a") == Zombie()
        gate.set()
        await settle()

        assert diary == []
        assert len(raised) == 1


async def test_a_zombies_late_answer_goes_nowhere(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = trio.Event()

    async def answer_late(_: Doer, ctx: ActorContext) -> object:
        with trio.CancelScope(shield=True):
            await gate.wait()
        ctx.answer(question, "from the grave")
        return LATER

    question = Get(answer_late)
    async with house() as home:
        actor = await home.keep("a", Doer)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(home.halt, "a")
            with pytest.raises(ActorDown, match="zombie"):
                await actor.ask(question, within=60)
        gate.set()
        await settle()


async def test_a_zombie_reads_no_mail_and_its_successor_does(
    autojump_clock: trio.testing.MockClock,
) -> None:
    diary: list[object] = []
    async with house() as home:
        ghost = Grave(home)
        actor = await home.keep("a", Doer)
        actor.tell(Do(ghost.linger))
        actor.tell("for the old one")
        await settle()
        assert await home.life("a").kill_and_fence() == Zombie()
        await settle()
        await home.keep("a", lambda: Doer(diary))
        busy = Gate()
        actor.tell(busy.order)
        await busy.reached.wait()
        actor.tell("for the new one")
        await ghost.do(lambda *_: None)
        assert diary == []
        assert home.cell("a").depth == 1
        busy.open()
        await settle()

        assert diary == ["for the new one"]
        assert ("for the old one", "stopped") in home.shelved()
        assert await actor.ask(Get(lambda _, ctx: ctx.incarnation), within=1) == 2


async def test_a_zombie_gets_no_timer_no_watch_no_post(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """They would reach its successor, and hold slots that nobody gives back."""
    async with grave() as (home, ghost):
        reserved = home.cell("a").reserved

        async def grab(_: Doer, ctx: ActorContext) -> None:
            for attempt in (
                lambda: ctx.after(1, "tick"),
                lambda: ctx.every(1, "tick"),
                lambda: ctx.watch(ctx.find("/other")),
                lambda: ctx.post("post"),
                lambda: ctx.adopt("child"),
                lambda: ctx.enter(trio.open_nursery()),
            ):
                try:
                    await finished(attempt())
                except ActorDown as error:
                    ghost.raised.append(error)

        await ghost.do(grab)

        assert len(ghost.raised) == 6
        assert str(ghost.raised[0]) == "/a is down (incarnation 1 has ended: zombie)"
        assert home.cell("a").reserved == reserved
        await trio.sleep(5)
        assert home.reasons("a") == [Zombie()]


async def test_a_zombie_that_waits_does_not_disturb_its_successors_edges(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = Gate()

    async def ask_shielded(_: Doer, __: ActorContext) -> None:
        with trio.CancelScope(shield=True):
            await other.ask(Get(sleeping(60)), within=20)

    async with house() as home:
        other = await home.keep("other", Doer)
        actor = await home.keep("a", Doer)
        actor.tell(Do(ask_shielded))
        await settle()
        assert await home.halt("a") == Zombie()
        await home.keep("a", Doer)
        actor.tell(Do(lambda *_: other.ask(Get(gate.wait), within=300)))
        await trio.sleep(30)  # the zombie's question has timed out by now

        assert home.system.snapshot("/a").waits_for == ("/other",)
        await trio.sleep(40)
        gate.open()
        await settle()
        assert home.reasons("a") == [Zombie()]


async def test_a_zombie_supervisor_takes_its_children_and_spares_the_next_ones(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = trio.Event()

    async def parent_of_one(_: Doer, ctx: ActorContext) -> None:
        await ctx.adopt("child").launch(Doer).started()

    async def haunt(_: Doer, __: ActorContext) -> None:
        with trio.CancelScope(shield=True):
            await gate.wait()

    async with house() as home:
        parent = await home.keep("a", Doer)
        parent.tell(Do(parent_of_one))
        parent.tell(Do(haunt))
        await settle()
        child = home.system.find("/a/child").cell
        first = child.incarnation
        home.system.find("/a/child", Doer).tell(Do(haunt))
        await settle()

        assert await home.halt("a") == Zombie()
        assert first is not None
        assert first.reason == Zombie()

        await home.keep("a", Doer)
        parent.tell(Do(parent_of_one))
        await settle()
        second = child.incarnation
        assert second is not None
        gate.set()
        await trio.sleep(5)

        assert second.reason is None


async def test_who_dies_late_within_the_kill_wait_is_killed_not_fenced(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def slow_to_die(_: Doer, __: ActorContext) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1.5)

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(slow_to_die))
        await settle()

        assert await home.halt("a") == Killed()


async def test_a_killed_supervisor_takes_its_children_with_it() -> None:
    log: list[str] = []
    async with house() as home:
        await home.try_to_keep("sub", Keeper, restart=False)
        sub = home.system.find("/sub", Keeper).cell
        child = sub.adopt("child").launch(stops(lambda *_: log.append("stop")))
        await child.started()

        await home.life("sub").kill_and_fence()

        assert child.reason == Killed()
        assert log == []


async def test_a_crashed_supervisor_takes_its_children_with_it() -> None:
    async with house() as home:
        await home.try_to_keep("sub", Keeper, restart=False)
        sub = home.system.find("/sub", Keeper)
        child = sub.cell.adopt("child").launch(Doer)
        sub.tell(CrashNow())
        await settle()

        assert child.reason == Killed()
        assert isinstance(home.reasons("sub")[0], Crash)


async def test_killing_a_life_that_is_over_spares_its_successor() -> None:
    async with house() as home:
        await home.try_to_keep("sub", Keeper)
        first = home.life("sub")
        home.system.find("/sub", Keeper).tell(CrashNow())
        await settle()
        child = home.cell("sub").adopt("child").launch(Doer)

        first.kill()
        await settle()

        assert child.reason is None


# --- how a life ends --------------------------------------------------------------------


async def test_stop_is_not_called_on_a_kill_nor_after_a_failed_start() -> None:
    """K10."""
    log: list[str] = []

    class Stillborn(Doer):
        async def start(self, ctx: ActorContext) -> None:
            raise Boom

        async def stop(self, ctx: ActorContext, reason: object) -> None:
            log.append("stop")

    async with house() as home:
        await home.keep("a", stops(lambda *_: log.append("stop")))
        await home.life("a").kill_and_fence()
        await home.try_to_keep("b", Stillborn)

    assert log == []


async def test_a_stop_that_raises_is_a_crash() -> None:
    def stumble(*_: object) -> None:
        msg = "stop"
        raise Boom(msg)

    async with house() as home:
        await home.keep("a", stops(stumble))

        assert is_boom(await home.halt("a"), "stop")


async def test_what_went_wrong_first_is_the_reason() -> None:
    """`stop` often stumbles over the same dead socket; the bad token must win."""

    def refuse(_: Doer, __: ActorContext) -> None:
        raise NeedsOperator("bad token")

    def stumble(*_: object) -> None:
        raise ConnectionError

    async with house() as home:
        actor = await home.keep("a", stops(stumble))
        actor.tell(Do(refuse))
        await settle()

        assert isinstance(home.reasons("a")[0], NeedsOperator)


async def test_a_crash_whose_cleanup_hangs_is_still_that_crash(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with house() as home:
        actor = await home.keep("a", stops(sleeping(1000)), restart=False)
        began = trio.current_time()
        with pytest.raises(ActorError, match="crashed while handling Get"):
            await actor.ask(Get(lambda *_: boom("x").work(Doer(), None)), within=60)  # type: ignore[arg-type]  # it looks at neither

        assert trio.current_time() - began == 5.0
        await settle()
        assert is_boom(home.reasons("a")[0], "x")


async def test_who_swallows_the_kill_gets_no_more_mail(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It is for the next one; he would read on as long as there was any."""
    diary: list[object] = []

    async def swallow(*_: object) -> None:
        with suppress(trio.Cancelled):
            await trio.sleep_forever()

    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(Do(swallow))
        actor.tell("next")
        await settle()
        life = home.life("a")
        life.kill()

        assert await life.ended() == Killed()
        assert diary == []


async def test_who_ends_by_himself_has_his_own_time_to_stop(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Nobody else holds a deadline for it, so it would never be over."""
    with structlog.testing.capture_logs() as logs:
        async with house() as home:
            actor = await home.keep("a", stops(sleeping(1000)))
            life = home.life("a")
            actor.tell(Do(lambda _, ctx: ctx.stop()))
            await life.ended()

        assert trio.current_time() == 5.0
        assert life.reason == Normal()
        assert logs == [
            {
                "event": "actor.cleanup_failed",
                "log_level": "warning",
                "actor": "/a",
                "error": "it took too long",
            }
        ]


async def test_who_is_asked_to_stop_while_he_ends_has_the_time_of_who_asks(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with house() as home:
        actor = await home.keep("a", stops(sleeping(1000)))
        actor.tell(Do(lambda _, ctx: ctx.stop()))
        await trio.sleep(1)

        assert await home.halt("a", grace=2.0) == Killed()
        assert trio.current_time() == 3.0


async def test_a_crash_whose_resources_hang_is_still_that_crash(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A login that was refused stays one, though its socket never closes."""

    @asynccontextmanager
    async def sticky() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await trio.sleep(1000)

    async def refuse(_: Doer, ctx: ActorContext) -> None:
        await ctx.enter(sticky())
        raise NeedsOperator("bad token")

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(refuse))
        await trio.sleep(5.1)

        (reason,) = home.reasons("a")
        assert isinstance(reason, NeedsOperator)


async def test_a_background_failure_crashes_with_the_real_error() -> None:
    for error in (Boom("real"), NeedsOperator("login")):

        class Session(Doer):
            async def start(self, ctx: ActorContext) -> None:
                nursery = await ctx.enter(trio.open_nursery())
                nursery.start_soon(self.fail)

            async def fail(self, error: Exception = error) -> None:
                await trio.lowlevel.checkpoint()
                raise error

        async with house() as home:
            await home.keep("a", Session, restart=False)
            await settle()

            (reason,) = home.reasons("a")
            shown = reason.exception if isinstance(reason, Crash) else reason
            assert shown is error


async def test_a_background_failure_while_a_handler_waits() -> None:
    gate = trio.Event()

    class Session(Doer):
        async def start(self, ctx: ActorContext) -> None:
            nursery = await ctx.enter(trio.open_nursery())
            nursery.start_soon(self.fail)

        async def fail(self) -> None:
            await gate.wait()
            raise Boom("background")

    async with house() as home:
        actor = await home.keep("a", Session, restart=False)
        actor.tell(Do(sleeping(1000)))
        await settle()
        gate.set()
        await settle()

        assert is_boom(home.reasons("a")[0], "background")


async def test_an_orderly_stop_ends_background_tasks() -> None:
    async with house() as home:

        class Session(Doer):
            async def start(self, ctx: ActorContext) -> None:
                nursery = await ctx.enter(trio.open_nursery())
                nursery.start_soon(trio.sleep_forever)

        await home.keep("a", Session)

        assert await home.halt("a") == Shutdown("keeper")
