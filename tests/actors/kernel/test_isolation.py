"""T1-T12, T18, T20, T21: one crash ends one life, and what is no crash is not mistaken for one."""

from __future__ import annotations

import asyncio
import gc
import traceback
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf

import pytest
import trio
import trio.testing

from actors.kernel import (
    ActorContext,
    ActorDown,
    ActorError,
    Crash,
    ExitReason,
    ForeignCancelled,
    Killed,
    NeedsOperator,
    Normal,
    Shutdown,
    StartFailed,
    System,
    Zombie,
)
from actors.kernel.turn import current
from tests.actors.kernel.keeper import (
    LATER,
    Boom,
    Do,
    Doer,
    Gate,
    Get,
    Keeper,
    Note,
    Work,
    boom,
    house,
    is_boom,
    settle,
    sleeping,
    starts,
    stops,
    stored_cancelled,
)


async def test_a_crash_ends_one_life_and_no_other() -> None:
    """K2, T1."""
    diary: list[object] = []
    async with house() as home:
        victim = await home.keep("victim", Doer)
        other = await home.keep("other", lambda: Doer(diary))

        victim.tell(boom("first"))
        other.tell(Note("still here"))
        await settle()

        assert is_boom(home.reasons("victim")[0], "first")
        assert home.reasons("other") == []
        assert diary == ["still here"]
        assert home.life("victim").number == 2
        assert home.life("other").number == 1


async def test_the_traceback_of_a_crash_begins_in_the_actor() -> None:
    async def stumble(_: Doer, __: ActorContext) -> None:
        msg = "here"
        raise Boom(msg)

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(stumble))
        await settle()

        crash = home.reasons("a")[0]
        assert isinstance(crash, Crash)
        frames = traceback.extract_tb(crash.exception.__traceback__)
        assert [frame.name for frame in frames] == ["handle", "finished", "stumble"]


async def test_what_was_raised_does_not_keep_the_task_it_was_raised_in() -> None:
    tasks: list[weakref.ref[trio.lowlevel.Task]] = []

    async def stumble(_: Doer, __: ActorContext) -> None:
        tasks.append(weakref.ref(trio.lowlevel.current_task()))
        msg = "kept by a dead letter"
        raise Boom(msg)

    async with house() as home:
        actor = await home.keep("a", Doer)
        gc.disable()
        try:
            actor.tell(Do(stumble))
            await settle()
            await settle()
            assert len(home.system.dead_letters) == 1
            assert [task() for task in tasks] == [None]
        finally:
            gc.enable()


async def test_a_crash_with_nothing_to_clean_up_sets_no_deadline() -> None:
    """It would stay on trio's heap, and with it the scope of each of a crowd that fails."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        gc.disable()
        try:
            scope = weakref.ref(home.life("a")._scope)
            with trio.move_on_after(1.0):  # what is behind it on the heap stays there
                actor.tell(boom())
                await settle()
            assert home.life("a").number == 2
            assert scope() is None
        finally:
            gc.enable()


async def test_an_actor_gets_what_it_needs_for_a_turn_when_mail_comes() -> None:
    """Most of a crowd waits for its first message; the collector looks at what it has."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        await settle()
        task = home.life("a").task
        assert task is not None
        assert current not in task.context

        actor.tell(Do(lambda *_: None))
        await settle()

        assert task.context[current] is home.life("a")


async def test_a_context_whose_incarnation_has_ended_is_worth_nothing() -> None:
    """Its successor must not hear of what somebody still does with it."""
    contexts: list[ActorContext] = []
    diary: list[object] = []
    question = Get(lambda *_: LATER)
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(Do(lambda _, ctx: contexts.append(ctx)))
        actor.tell(boom())
        await settle()
        (ended,) = contexts

        ended.stop()
        ended.answer(question, "too late")
        with pytest.raises(ActorDown, match="incarnation 1 has ended"):
            ended.after(1.0, "tick")
        actor.tell(Note("still here"))
        await settle()

        assert (ended.path, ended.incarnation) == ("/a", 1)
        assert home.life("a").number == 2
        assert diary == ["still here"]


async def test_cleanup_that_raises_while_killed_is_a_kill_and_stays_inside() -> None:
    """T2: cancelled and raising at the same time comes out as one reason."""

    async def raise_when_cancelled(_: Doer, __: ActorContext) -> None:
        try:
            await trio.sleep_forever()
        finally:
            msg = "cleanup"
            raise Boom(msg)

    async with house() as home:
        actor = await home.keep("a", Doer)
        bystander = await home.keep("b", Doer)
        actor.tell(Do(raise_when_cancelled))
        await settle()

        life = home.life("a")
        assert await life.kill_and_fence() == Killed()

        assert life.reason == Killed()
        assert await bystander.ask(Get(lambda *_: 1), within=1) == 1


async def test_a_group_of_a_crash_and_a_cancellation_is_the_crash() -> None:
    """T2: the handler's own nursery cancels one task because another failed."""

    async def race(_: Doer, __: ActorContext) -> None:
        async def fail() -> None:
            raise Boom("inner")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(fail)

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(race))
        await settle()

        assert is_boom(home.reasons("a")[0], "inner")


class Mute(Exception):
    """Cannot be shown, and cannot be compared."""

    def __repr__(self) -> str:
        msg = "no text"
        raise Boom(msg)

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        msg = "no comparison"
        raise Boom(msg)

    __hash__ = Exception.__hash__


def raise_mute(*_: object) -> None:
    raise Mute


async def test_an_exception_that_cannot_be_shown_ends_one_life_as_any_other() -> None:
    """T1: its text is for whoever waits for an answer, and made where nothing may raise."""
    failed: list[ActorError] = []
    async with house() as home:
        actor = await home.keep("a", Doer)
        sibling = await home.keep("b", Doer)

        async def ask(work: Work) -> None:
            with pytest.raises(ActorError) as caught:
                await actor.ask(Get(work), within=1)
            failed.append(caught.value)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, lambda *_: LATER)
            await settle()
            nursery.start_soon(ask, raise_mute)

        assert sorted(str(error) for error in failed) == [
            "/a crashed while handling Get: <Mute, whose repr raised Boom>",
            "/a is down (crash: <Mute, whose repr raised Boom>)",
        ]
        assert await sibling.ask(Get(lambda *_: "alive"), within=1) == "alive"
        assert home.life("a").number == 2


@dataclass(frozen=True)
class Frozen(Exception):
    """As many write them: nothing of it can be set, its traceback neither."""

    code: int


class Underived(BaseExceptionGroup[BaseException]):
    """Cannot be split."""

    def derive(self, excs: Sequence[BaseException]) -> Underived:  # type: ignore[override]
        raise Boom


def raise_frozen(*_: object) -> None:
    raise Frozen(1)


def raise_deep(*_: object) -> None:
    error: BaseException = asyncio.CancelledError()
    for _level in range(2_000):
        error = BaseExceptionGroup("deeper", [error])
    raise error


def raise_underived(*_: object) -> None:
    message = "both"
    raise Underived(message, [asyncio.CancelledError(), Boom()])


@pytest.mark.parametrize("fail", [raise_frozen, raise_deep, raise_underived])
@pytest.mark.parametrize("where", ["start", "handle", "stop"])
async def test_an_exception_that_can_be_neither_changed_nor_split_is_a_crash(
    fail: Callable[..., object], where: str
) -> None:
    """T1, T2: what is done with it on the way out is not the actor's to forbid."""
    async with house() as home:
        sibling = await home.keep("b", Doer)
        if where == "start":
            failed = await home.try_to_keep("a", starts(fail))
            assert isinstance(failed, StartFailed)
        else:
            actor = await home.keep("a", stops(fail) if where == "stop" else Doer)
            actor.tell(Do(fail) if where == "handle" else boom())
            await settle()

            assert isinstance(home.reasons("a")[0], Crash)
            assert home.life("a").number == 2
        assert await sibling.ask(Get(lambda *_: "alive"), within=1) == "alive"


@pytest.mark.parametrize(("first", "then"), [(Mute, Mute), (Boom, Mute), (Mute, Boom)])
async def test_cleaning_up_after_an_exception_may_raise_one_that_cannot_be_compared(
    first: type[Exception], then: type[Exception]
) -> None:
    """T2."""

    def fail(*_: object) -> None:
        raise first

    def fail_again(*_: object) -> None:
        raise then

    async with house() as home:
        actor = await home.keep("a", stops(fail_again))
        actor.tell(Do(fail))
        await settle()

        (reason,) = home.reasons("a")
        assert isinstance(reason, Crash)
        assert type(reason.exception) is first
        assert home.life("a").number == 2


@pytest.mark.parametrize("alien", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_what_is_no_exception_is_never_swallowed(
    alien: type[BaseException],
) -> None:
    """T3: Ctrl-C that lands in an actor leaves the system, in order."""
    log: list[str] = []

    def interrupt(_: Doer, __: ActorContext) -> None:
        raise alien

    with pytest.RaisesGroup(alien, flatten_subgroups=True):
        async with house() as home:
            actor = await home.keep("a", Doer)
            await home.keep("b", stops(lambda _, reason: log.append(str(reason))))
            actor.tell(Do(interrupt))
            await trio.sleep_forever()

    assert log == ["shutdown by system"]


async def test_an_interrupt_inside_a_group_is_never_swallowed() -> None:
    """T3: the group is split; its crash is recorded, the rest goes on up."""

    def interrupt(_: Doer, __: ActorContext) -> None:
        raise BaseExceptionGroup("both", [Boom("half"), KeyboardInterrupt()])

    exits: list[ExitReason] = []
    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with house() as home:
            actor = await home.keep("a", Doer)
            life = home.life("a")
            actor.tell(Do(interrupt))
            try:
                await trio.sleep_forever()
            finally:
                assert life.reason is not None
                exits.append(life.reason)

    assert is_boom(exits[0], "half")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (KeyboardInterrupt, Boom),
        (Boom, KeyboardInterrupt),
        (KeyboardInterrupt, KeyboardInterrupt),
    ],
)
async def test_an_interrupt_is_not_lost_to_what_is_raised_besides(
    first: type[BaseException],
    then: type[BaseException],
    autojump_clock: trio.testing.MockClock,
) -> None:
    """T3: in the handler or in the `stop` that follows, whatever the other raises."""

    def raise_first(*_: object) -> None:
        raise first

    def raise_then(*_: object) -> None:
        raise then

    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with house() as home:
            actor = await home.keep("a", stops(raise_then), restart=False)
            actor.tell(Do(raise_first))
            await trio.sleep(10)


class Odd(BaseException):
    """No exception, and nobody's order to leave."""


ODD = [asyncio.CancelledError, Odd]


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("odd", ODD)
async def test_what_is_no_exception_and_no_order_to_leave_is_a_crash(
    odd: type[BaseException], wrapped: bool
) -> None:
    """T4: the cancellation of another library's loop ends who let it out, nobody else."""

    def fail(*_: object) -> None:
        raise BaseExceptionGroup("group", [odd()]) if wrapped else odd

    async with house() as home:
        actor = await home.keep("a", Doer)
        sibling = await home.keep("b", Doer)
        with pytest.raises(ActorError, match=f"/a crashed .*{odd.__name__}"):
            await actor.ask(Get(fail), within=1)
        await settle()

        (reason,) = home.reasons("a")
        assert isinstance(reason, Crash)
        assert type(reason.exception) is odd
        assert await sibling.ask(Get(lambda *_: "alive"), within=1) == "alive"
        assert await actor.ask(Get(lambda *_: "again"), within=1) == "again"


@pytest.mark.parametrize("odd", ODD)
async def test_the_same_in_a_start_in_a_stop_and_beside_the_handler(
    odd: type[BaseException],
) -> None:
    """T4."""

    def fail(*_: object) -> None:
        raise odd

    async def beside(_: Doer, ctx: ActorContext) -> None:
        async def task() -> None:
            raise odd

        nursery = await ctx.enter(trio.open_nursery())
        nursery.start_soon(trio.sleep_forever)
        nursery.start_soon(task)

    async with house() as home:
        failed = await home.try_to_keep("start", starts(fail))
        await home.keep("stop", stops(fail))
        actor = await home.keep("beside", Doer)
        actor.tell(Do(beside))
        await settle()
        stopped = await home.halt("stop")

        assert isinstance(failed, StartFailed)
        assert type(failed.exception) is odd
        for reason in (stopped, *home.reasons("beside")):
            assert isinstance(reason, Crash)
            assert type(reason.exception) is odd
        assert home.life("beside").number == 2


async def test_a_group_of_an_odd_one_and_an_interrupt_is_split() -> None:
    """T3."""

    def interrupt(*_: object) -> None:
        raise BaseExceptionGroup("both", [Odd(), KeyboardInterrupt()])

    lives: list[ExitReason | None] = []
    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with house() as home:
            actor = await home.keep("a", Doer)
            life = home.life("a")
            actor.tell(Do(interrupt))
            try:
                await trio.sleep_forever()
            finally:
                lives.append(life.reason)

    (reason,) = lives
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, Odd)


async def test_a_crash_by_an_odd_one_whose_cleanup_hangs_is_still_that_crash(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """T4."""

    def fail(*_: object) -> None:
        raise Odd

    async with house() as home:
        actor = await home.keep("a", stops(sleeping(inf)))
        actor.tell(Do(fail))
        await trio.sleep(10)

        (reason,) = home.reasons("a")
        assert isinstance(reason, Crash)
        assert isinstance(reason.exception, Odd)


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_foreign_cancelled_is_a_crash_and_siblings_live(
    wrapped: bool,
) -> None:
    """T4: in a bare nursery it would take every sibling down, without a traceback."""

    async def raise_stored(_: Doer, __: ActorContext) -> None:
        cancelled = await stored_cancelled()
        if wrapped:
            raise BaseExceptionGroup("group", [cancelled])
        raise cancelled

    async with house() as home:
        actor = await home.keep("a", Doer)
        sibling = await home.keep("b", Doer)
        actor.tell(Do(raise_stored))
        await settle()

        (reason,) = home.reasons("a")
        assert isinstance(reason, Crash)
        assert isinstance(reason.exception, ForeignCancelled)
        assert await sibling.ask(Get(lambda *_: "alive"), within=1) == "alive"
        assert await actor.ask(Get(lambda *_: "again"), within=1) == "again"


async def test_who_does_not_die_is_fenced_after_the_kill_wait(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """T5: 5 s of grace, 2 s of dying, then its place is given away."""
    undead = trio.Event()

    async def survive(_: Doer, __: ActorContext) -> None:
        with trio.CancelScope(shield=True):
            await undead.wait()

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(survive))
        await settle()

        began = trio.current_time()
        assert await home.halt("a") == Zombie()
        assert trio.current_time() - began == 7.0

        assert await home.keep("a", Doer) is actor
        assert await actor.ask(Get(lambda *_: "new"), within=1) == "new"
        undead.set()


async def test_stop_is_shielded_and_its_deadline_is_exact(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """K10, T6: cleaning up may await; at the deadline it is killed."""
    log: list[float] = []

    async def clean_up(_: ActorContext, __: ExitReason) -> None:
        log.append(trio.current_time())
        await trio.sleep(3)
        log.append(trio.current_time())

    async with house() as home:
        await home.keep("quick", stops(clean_up))
        await home.keep("slow", stops(sleeping(inf)))

        assert await home.halt("quick") == Shutdown("keeper")
        assert log[1] - log[0] == 3.0

        began = trio.current_time()
        assert await home.halt("slow") == Killed()
        assert trio.current_time() - began == 5.0


async def test_stop_is_not_cancelled_by_the_actors_own_nursery() -> None:
    """T6: a background task fails, the nursery is cancelled, `stop` still may await."""
    log: list[str] = []

    class Farewell(Doer):
        async def start(self, ctx: ActorContext) -> None:
            nursery = await ctx.enter(trio.open_nursery())
            nursery.start_soon(self.fail)

        async def fail(self) -> None:
            raise Boom("background")

        async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
            await trio.lowlevel.checkpoint()
            log.append(str(reason))

    async with house() as home:
        await home.keep("a", Farewell, restart=False)
        await settle()

        assert is_boom(home.reasons("a")[0], "background")
        assert len(log) == 1


async def test_a_kill_before_the_first_step_works() -> None:
    """T7: the scope exists before the task does."""
    log: list[str] = []
    async with house() as home:
        cell = home.root.cell.adopt("early")
        life = cell.launch(starts(lambda _: log.append("start")))
        life.kill()

        assert isinstance(await life.ended(), StartFailed)
        assert isinstance(await life.started(), StartFailed)
        assert log == []


async def test_a_stop_request_before_the_first_step_works() -> None:
    """T7."""
    async with house() as home:
        life = home.root.cell.adopt("early").launch(Doer)
        life.request_stop(Shutdown("test"))

        assert await life.ended() == Shutdown("test")


async def test_launching_does_not_wait_for_the_start() -> None:
    """T8: a supervisor's loop goes on while a child takes its time."""
    gate = Gate()
    async with house() as home:
        cell = home.root.cell.adopt("slow")
        life = cell.launch(starts(lambda _: gate.wait()))

        other = await home.keep("other", Doer)
        assert await other.ask(Get(lambda *_: 1), within=1) == 1
        assert cell.phase == "starting"

        gate.open()
        assert await life.started() is None
        assert cell.phase == "running"


@pytest.mark.parametrize("depth", [1, 3])
async def test_one_error_in_a_group_is_shown_as_itself(depth: int) -> None:
    """T9: whoever classifies exits wants the ConnectionError; the group is kept beside it."""
    error: Exception = ConnectionError("gone")
    for _ in range(depth):
        error = ExceptionGroup("nursery", [error])

    def fail(_: Doer, __: ActorContext) -> None:
        raise error

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(fail))
        await settle()

        (reason,) = home.reasons("a")
        assert isinstance(reason, Crash)
        assert isinstance(reason.exception, ConnectionError)
        assert reason.original is error


async def test_a_group_may_be_as_deep_as_it_likes() -> None:
    def fail(*_: object) -> None:
        error: Exception = Boom("deep")
        for _depth in range(3000):
            error = ExceptionGroup("group", [error])
        raise error

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(fail))
        await settle()

        assert is_boom(home.reasons("a")[0], "deep")
        assert home.life("a").number == 2


async def test_two_errors_stay_a_group() -> None:
    """T9."""
    group = ExceptionGroup("two", [Boom("a"), Boom("b")])

    def fail(_: Doer, __: ActorContext) -> None:
        raise group

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(fail))
        await settle()

        (reason,) = home.reasons("a")
        assert isinstance(reason, Crash)
        assert reason.exception is group


async def test_needs_operator_inside_a_group_wins() -> None:
    """T9: whatever else went wrong, trying again is pointless."""

    def fail(_: Doer, __: ActorContext) -> None:
        inner = ExceptionGroup("inner", [NeedsOperator("bad token")])
        raise ExceptionGroup("outer", [Boom("a"), inner])

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(fail))
        await settle()

        (reason,) = home.reasons("a")
        assert isinstance(reason, NeedsOperator)
        assert reason.why == "bad token"


@asynccontextmanager
async def _resource(name: str, log: list[tuple[str, object]]) -> AsyncIterator[str]:
    log.append((f"+{name}", trio.lowlevel.current_task()))
    try:
        yield name
    finally:
        log.append((f"-{name}", trio.lowlevel.current_task()))


@pytest.mark.parametrize("how", ["stop", "crash", "kill"])
async def test_resources_close_in_reverse_in_the_task_that_opened_them(
    how: str,
) -> None:
    """K9, T10: an exit stack of the incarnation, not an async generator."""
    log: list[tuple[str, object]] = []

    async def enter(ctx: ActorContext) -> None:
        for name in "abc":
            assert await ctx.enter(_resource(name, log)) == name

    async with house() as home:
        actor = await home.keep("a", starts(enter), restart=False)
        match how:
            case "crash":
                actor.tell(boom())
                await settle()
            case "kill":
                await home.life("a").kill_and_fence()
            case _:
                await home.halt("a")

    assert [name for name, _ in log] == ["+a", "+b", "+c", "-c", "-b", "-a"]
    assert len({task for _, task in log}) == 1


async def leave_a_nursery_open(*_: object) -> None:
    await trio.open_nursery().__aenter__()


async def test_a_nursery_left_open_beside_the_handler_costs_one_life() -> None:
    """T10: trio's complaint comes to the nursery that the task was in."""

    async def begin(doer: Doer, ctx: ActorContext) -> None:
        nursery = await ctx.enter(trio.open_nursery())
        nursery.start_soon(leave_a_nursery_open)

    async with house() as home:
        actor = await home.keep("a", Doer)
        sibling = await home.keep("b", Doer)
        actor.tell(Do(begin))
        await settle()

        reason = home.reasons("a")[0]
        assert isinstance(reason, Crash)
        assert "Nursery stack corrupted" in str(reason.exception)
        assert await sibling.ask(Get(lambda *_: "alive"), within=1) == "alive"


async def test_a_nursery_left_open_in_the_life_itself_stops_the_tree_in_order() -> None:
    """T10: whose own task breaks trio's books cannot be kept from it."""
    stopped: list[str] = []
    with pytest.RaisesGroup(
        pytest.RaisesExc(RuntimeError, match="Nursery stack corrupted")
    ):
        async with house() as home:
            for name in "xy":
                await home.keep(name, stops(lambda *_, name=name: stopped.append(name)))
            actor = await home.keep("a", Doer)
            actor.tell(Do(leave_a_nursery_open))
            actor.tell(boom())
            await trio.sleep_forever()
    assert stopped == ["y", "x"]


async def test_children_stop_in_reverse_order_even_if_the_world_is_cancelled() -> None:
    """T11: order is the supervisor's, never that of a cancelled nursery."""
    log: list[str] = []

    def child(name: str) -> Callable[[], Doer]:
        async def stop(_: ActorContext, __: ExitReason) -> None:
            await trio.lowlevel.checkpoint()
            log.append(name)

        return stops(stop)

    with trio.CancelScope() as world:
        async with house(("a", child("a")), ("b", child("b")), ("c", child("c"))):
            world.cancel(reason="test")
            await trio.sleep_forever()

    assert world.cancelled_caught
    assert log == ["c", "b", "a"]


async def test_mail_outlives_whoever_read_it() -> None:
    """T12: the address owns the lane; a restart closes nothing and loses nothing."""
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(boom())
        for number in range(5):
            actor.tell(number)
        await settle()

        assert diary == [0, 1, 2, 3, 4]
        assert home.life("a").number == 2


async def test_a_rested_address_shelves_its_mail() -> None:
    """T12: what waits at a final stop is a dead letter, not silently gone."""
    gate = Gate()
    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(gate.order)
        actor.tell("left")
        await gate.reached.wait()
        life = home.life("a")
        life.request_stop(Shutdown("test"))
        gate.open()
        await settle()

        assert home.shelved() == [("left", "stopped")]


leak: ContextVar[str] = ContextVar("leak", default="clean")


async def test_an_incarnation_does_not_inherit_its_launchers_context() -> None:
    """T18: whatever the supervisor was handling leaves no trace in its child. A04."""

    async def launch_one(_: Doer, ctx: ActorContext) -> object:
        leak.set("dirty")
        await ctx.adopt("grandchild").launch(Doer).started()
        return None

    async with house() as home:
        parent = await home.keep("a", Doer)
        await parent.ask(Get(launch_one), within=1)
        child = home.system.find("/a/grandchild", Doer)

        assert await child.ask(Get(lambda *_: leak.get()), within=1) == "clean"


async def test_a_kill_says_who_did_it() -> None:
    """T20: the reason travels with the cancellation; nobody decides by it."""
    said: list[str] = []

    async def listen(_: Doer, __: ActorContext) -> None:
        try:
            await trio.sleep_forever()
        except trio.Cancelled as cancelled:
            said.append(str(cancelled.reason))
            raise

    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Do(listen))
        await settle()
        await home.life("a").kill_and_fence()

    assert said == ["killed by its supervisor"]


async def test_a_scope_of_the_handlers_own_is_no_stop(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """T21: being cancelled is not being stopped; only the flag says so."""

    async def give_up_waiting(_: Doer, __: ActorContext) -> bool:
        with trio.move_on_after(1) as scope:
            await trio.sleep_forever()
        return scope.cancelled_caught

    async with house() as home:
        actor = await home.keep("a", Doer)

        assert await actor.ask(Get(give_up_waiting), within=5) is True
        assert home.reasons("a") == []


async def test_a_stop_request_lets_the_message_in_hand_end() -> None:
    """T21, T14: handling is in no stop scope; the flag is looked at afterwards."""
    diary: list[object] = []
    gate = Gate()

    async def work(actor: Doer, _: ActorContext) -> None:
        await gate.wait()
        await trio.lowlevel.checkpoint()
        actor.diary.append("done")

    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(Do(work))
        actor.tell("never")
        await gate.reached.wait()
        life = home.life("a")
        life.request_stop(Shutdown("test"))
        await settle()
        assert life.reason is None
        assert home.cell("a").phase == "stopping"

        gate.open()
        assert await life.ended() == Shutdown("test")
        assert diary == ["done"]


async def test_a_system_may_live_in_a_nursery_of_its_own() -> None:
    """T1: leaving cleanly raises nothing, whatever crashed inside."""
    async with trio.open_nursery():
        async with System(Keeper) as system:
            system.find("/", Keeper)
        assert await system.ended() == Shutdown("system")


async def test_an_actor_that_has_nothing_more_to_do_ends_normally() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        life = home.life("a")
        actor.tell(Do(lambda _, ctx: ctx.stop()))

        assert await life.ended() == Normal()


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_ending_a_life_that_is_still_starting(how: str) -> None:
    """A kill ends it there; a stop lets the start end first."""
    gate = Gate()
    log: list[str] = []

    async def begin(_: ActorContext) -> None:
        try:
            await gate.wait()
        finally:
            log.append("cleaned up")

    async with house() as home:
        life = home.root.cell.adopt("a").launch(starts(begin))
        await gate.reached.wait()
        if how == "kill":
            assert await life.kill_and_fence() == Killed()
            failed = await life.started()
            assert isinstance(failed, StartFailed)
            assert str(failed.exception) == "/a is down (killed)"
        else:
            life.request_stop(Shutdown("test"))
            await settle()
            assert life.reason is None
            gate.open()
            assert await life.started() is None
            assert await life.ended() == Shutdown("test")

        assert log == ["cleaned up"]
