"""The whole: starting, leaving, finding, looking, suspending; two of them side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import nan
from typing import Any

import pytest
import trio
import trio.testing

from actors.kernel import (
    IGNORE,
    Actor,
    ActorContext,
    AddressNotFound,
    AnyActor,
    Crash,
    DeadLetters,
    ForeignCancelled,
    Killed,
    Normal,
    Shutdown,
    StartFailed,
    StartupFailed,
    System,
    Zombie,
    current_actor,
)
from actors.kernel.envelope import Envelope
from tests.actors.kernel.keeper import (
    Boom,
    Do,
    Doer,
    Gate,
    Get,
    Keeper,
    boom,
    doer,
    house,
    is_boom,
    settle,
    sleeping,
    starts,
    stops,
    stored_cancelled,
)

# --- starting and leaving ---------------------------------------------------------------


async def test_a_root_that_fails_to_start_leaves_nothing_running() -> None:
    log: list[str] = []

    class Failing(Doer):
        async def start(self, ctx: ActorContext) -> None:
            raise Boom("root")

    plan = [("first", stops(lambda *_: log.append("stopped"))), ("second", Failing)]
    with pytest.raises(StartupFailed) as caught:
        async with System(lambda: Keeper(plan)):
            raise AssertionError

    assert isinstance(caught.value.reason, StartFailed)
    assert str(caught.value) == (
        "the root actor did not start: start failed: Boom('root')"
    )


async def test_nobody_lives_in_a_system_before_it_is_entered_nor_afterwards() -> None:
    """B02: nothing has to be started by hand, and too early is an error that says so."""
    system = System(lambda: Keeper([("a", Doer)]))
    with pytest.raises(AddressNotFound, match="no actor at '/a'"):
        system.find("/a")
    async with system:
        address = system.find("/a", Doer)
        with pytest.raises(RuntimeError, match="entered once"):
            await system.__aenter__()
        assert await address.ask(Get(lambda *_: "up"), within=1) == "up"
    with pytest.raises(AddressNotFound):
        system.find("/a")
    with pytest.raises(RuntimeError, match="entered once"):
        await system.__aenter__()


@pytest.mark.parametrize("seconds", [-1, nan, "5", None])
@pytest.mark.parametrize("option", ["stop_within", "kill_wait"])
def test_its_times_are_numbers_from_0(option: str, seconds: Any) -> None:
    """Else leaving would find out, with the tree still running."""
    with pytest.raises(
        ValueError, match=f"{option} must be a number of seconds from 0"
    ):
        System(Doer, **{option: seconds})


async def test_mail_that_waits_when_the_root_fails_to_start_is_shelved() -> None:
    async def works(*_: object) -> None:
        await trio.sleep_forever()

    class Failing(Doer):
        async def start(self, ctx: ActorContext) -> None:
            first = ctx.find("/first", Doer)
            first.tell(Do(works))
            first.tell("hello")
            raise Boom("root")

    system = System(lambda: Keeper([("first", Doer), ("second", Failing)]))
    with pytest.raises(StartupFailed):
        await system.__aenter__()

    letter = system.dead_letters.newest()[0]
    assert (letter.path, letter.message, letter.why) == ("/first", "hello", "stopped")


async def test_a_factory_that_raises_is_a_failed_start() -> None:
    def factory() -> Doer:
        raise Boom("factory")

    with pytest.raises(StartupFailed, match="factory"):
        async with System(factory):
            raise AssertionError

    async with house() as home:
        failed = await home.try_to_keep("a", factory)
        assert isinstance(failed, StartFailed)
        assert isinstance(failed.exception, Boom)
        assert home.exits == []


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_factory_that_raises_a_foreign_cancelled_is_a_failed_start(
    wrapped: bool, autojump_clock: trio.testing.MockClock
) -> None:
    """T4: it lands in the supervisor's own task, which it would end."""
    cancelled: BaseException = await stored_cancelled()

    def factory() -> Doer:
        raise BaseExceptionGroup("group", [cancelled]) if wrapped else cancelled

    with pytest.raises(StartupFailed, match="Cancelled"):
        async with System(factory):
            raise AssertionError

    async with house() as home:
        failed = await home.try_to_keep("a", factory)
        assert isinstance(failed, StartFailed)
        assert isinstance(failed.exception, ForeignCancelled)
        assert home.exits == []
        assert trio.current_time() == 0


@pytest.mark.parametrize("alien", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_what_is_no_exception_leaves_a_factory_at_once(
    alien: type[BaseException], autojump_clock: trio.testing.MockClock
) -> None:
    """T3: there never was a task, so there is none to wait for, and no zombie."""

    def factory() -> Doer:
        raise alien

    with pytest.RaisesGroup(alien):
        async with System(factory):
            raise AssertionError

    stopped: list[str] = []
    with pytest.RaisesGroup(alien, flatten_subgroups=True):
        async with house() as home:
            for name in "xy":
                await home.keep(name, stops(lambda *_, name=name: stopped.append(name)))
            failed = await home.try_to_keep("a", factory)
            assert isinstance(failed, StartFailed)
            assert home.cell("a").phase == "down"
            await trio.sleep_forever()
    assert stopped == ["y", "x"], "the tree stops in order, whoever was making an actor"
    assert trio.current_time() == 0


async def test_a_message_from_a_foreign_thread_is_refused_and_harms_nobody() -> None:
    """It used to leave the actor asleep for good: nothing could wake it any more."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        await settle()
        with pytest.raises(RuntimeError, match="async context"):
            await trio.to_thread.run_sync(actor.tell, "hello")

        assert await actor.ask(Get(lambda *_: "awake"), within=5) == "awake"


async def test_a_start_that_says_ignore_is_no_fault_and_no_life() -> None:
    async with house() as home:
        assert await home.try_to_keep("a", starts(lambda _: IGNORE)) is IGNORE
        assert home.cell("a").incarnation is None
        assert home.exits == []


async def test_a_cancelled_startup_cleans_up() -> None:
    gate = Gate()
    log: list[str] = []

    async def hang(_: ActorContext) -> None:
        try:
            await gate.wait()
        finally:
            log.append("cleaned up")

    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:

            async def cancel() -> None:
                await gate.reached.wait()
                scope.cancel(reason="test")

            nursery.start_soon(cancel)
            async with System(starts(hang)):
                raise AssertionError

    assert scope.cancelled_caught
    assert log == ["cleaned up"]


def fail(_: ActorContext) -> None:
    raise Boom


def interrupt(_: ActorContext) -> None:
    raise KeyboardInterrupt


async def ignore_the_kill(_: ActorContext) -> None:
    with trio.CancelScope(shield=True):
        await trio.sleep(100)


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("work", [fail, interrupt, sleeping(100), ignore_the_kill])
async def test_nobody_is_left_of_a_tree_whose_root_did_not_start(
    work: Callable[[ActorContext], object],
    below: bool,
    autojump_clock: trio.testing.MockClock,
) -> None:
    root: Callable[[], AnyActor] = starts(work)
    if below:
        root = partial(Keeper, [("first", Doer), ("second", root)])
    system = System(root)
    try:
        with trio.move_on_after(1):
            async with system:
                raise AssertionError
    except* (StartupFailed, KeyboardInterrupt):
        pass

    assert system.cells == {}


async def test_leaving_by_an_exception_stops_in_order_and_passes_it_on() -> None:
    log: list[str] = []

    def child(name: str) -> Callable[[], Doer]:
        return stops(lambda *_: log.append(name))

    async def body() -> None:
        async with house(*((name, child(name)) for name in "abc")):
            raise Boom("body")

    with pytest.raises(Boom, match="body"):
        await body()

    assert log == ["c", "b", "a"]


async def test_leaving_takes_at_most_stop_within(
    autojump_clock: trio.testing.MockClock,
) -> None:
    began = trio.current_time()
    async with System(stops(sleeping(1000)), stop_within=3.0) as system:
        pass

    assert trio.current_time() - began == 3.0
    assert await system.ended() == Killed()


async def test_a_root_that_ends_is_told_to_who_waits() -> None:
    async with System(Doer) as system:
        root = system.find("/", Doer)
        root.tell(boom("root"))

        assert is_boom(await system.ended(), "root")
        assert isinstance(await system.stop(Shutdown("late")), Crash)


async def test_a_system_can_be_stopped_and_killed_from_inside() -> None:
    async with System(Doer) as system:
        assert await system.stop(Shutdown("asked")) == Shutdown("asked")
    async with System(Doer) as system:
        system.kill()
        assert await system.ended() == Killed()
    async with System(Doer) as system:
        system.find("/", Doer).tell(Do(lambda _, ctx: ctx.stop()))
        assert await system.ended() == Normal()


async def test_two_systems_in_one_process_do_not_see_each_other() -> None:
    """B01: no globals; not even the trace or the actor of one shows in the other."""
    async with house() as one, house() as two:
        a = await one.keep("a", Doer)
        await two.keep("b", Doer)
        with pytest.raises(AddressNotFound):
            one.system.find("/b")

        async def look(_: Doer, __: ActorContext) -> object:
            return current_actor(), [*inner.cells]

        async with System(Doer) as inner:
            seen = await inner.find("/", Doer).ask(Get(look), within=1)
            assert seen == ("/", ["/"])
        a.tell(boom())
        await settle()

        assert len(one.exits) == 1
        assert two.exits == []
        assert len(one.system.dead_letters) == 1
        assert len(two.system.dead_letters) == 0


async def test_the_same_seed_gives_the_same_ids() -> None:
    ids = []
    for seed in (1, 1, 2):
        async with System(Doer, seed=seed) as system:
            ids.append(system.new_id())

    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 16


# --- finding ----------------------------------------------------------------------------


class Other(Actor[str]):
    async def handle(self, ctx: ActorContext, message: str) -> None: ...


async def test_finding_says_what_is_wrong() -> None:
    async with house() as home:
        actor = await home.keep("router", Doer)
        assert home.system.find("/router") is actor
        with pytest.raises(
            AddressNotFound,
            match=r"^no actor at '/roter'; did you mean '/router'\?$",
        ):
            home.system.find("/roter")
        with pytest.raises(AddressNotFound, match=r"as Other \(a Doer lives there\)"):
            home.system.find("/router", Other)

        await home.halt("router")
        await home.forget("router")
        with pytest.raises(AddressNotFound):
            home.system.find("/router")


async def test_a_childs_id_is_checked() -> None:
    async with house() as home:
        for wrong in ("", "a/b"):
            with pytest.raises(ValueError, match="non-empty string without '/'"):
                home.root.cell.adopt(wrong)


async def test_one_cell_holds_one_life() -> None:
    async with house() as home:
        await home.keep("a", Doer)
        with pytest.raises(RuntimeError, match="/a already has incarnation 1"):
            home.cell("a").launch(Doer)


async def test_an_address_outlives_its_incarnations_and_a_name_may_come_back() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        for life in range(1, 4):
            assert await actor.ask(Get(lambda _, c: c.incarnation), within=1) == life
            actor.tell(boom())
            await settle()
        await home.halt("a")
        await home.forget("a")
        fresh = await home.keep("a", Doer)

        assert fresh is not actor
        assert await fresh.ask(Get(lambda _, c: c.incarnation), within=1) == 1
        assert home.root.cell.reserved == 1


# --- suspending -------------------------------------------------------------------------


async def test_a_suspended_actor_keeps_its_mail() -> None:
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        await home.system.suspend(actor)
        actor.tell(1)
        actor.tell(2)
        await settle()
        assert diary == []
        assert home.system.snapshot("/a").phase == "suspended"

        home.system.resume(actor)
        await settle()
        assert diary == [1, 2]


async def test_suspending_waits_for_the_message_in_hand() -> None:
    diary: list[object] = []
    gate = Gate()
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(gate.order)
        actor.tell("next")
        await gate.reached.wait()
        suspended = trio.Event()

        async def suspend() -> None:
            await home.system.suspend(actor)
            suspended.set()

        nursery.start_soon(suspend)
        await settle()
        assert not suspended.is_set()
        gate.open()
        await settle()
        assert suspended.is_set()
        assert diary == []
        home.system.resume(actor)


async def test_a_suspended_actor_can_be_stopped_and_killed() -> None:
    async with house() as home:
        for child in ("a", "b"):
            await home.system.suspend(await home.keep(child, Doer))

        assert await home.halt("a") == Shutdown("keeper")
        assert await home.life("b").kill_and_fence() == Killed()


async def test_a_suspended_supervisor_takes_its_mail_in_order_afterwards() -> None:
    async with house() as home:
        await home.keep("a", Doer)
        await home.system.suspend(home.root)
        home.system.find("/a", Doer).tell(boom())
        await settle()
        assert home.exits == []
        assert home.cell("a").incarnation is None

        home.system.resume(home.root)
        await settle()
        assert len(home.exits) == 1
        assert home.life("a").number == 2


# --- looking ----------------------------------------------------------------------------


async def test_a_snapshot_shows_the_stuck_and_needs_no_message() -> None:
    gate = Gate()

    async def hold_on(*_: object) -> None:
        await gate.wait()

    async with house() as home:
        actor = await home.keep("a", doer(capacity=5))
        other = await home.keep("b", Doer)
        actor.tell(boom())
        await settle()
        actor.tell(Do(hold_on))
        await settle()
        actor.tell(1)
        actor.tell(2)
        other.tell(Do(lambda *_: actor.ask(Get(lambda *_: 1), within=60)))
        await settle()

        root = home.system.snapshot()
        assert (root.path, root.name, root.supervisor) == ("/", "/", True)
        a, b = root.children
        assert (a.path, a.name, a.phase, a.incarnation) == ("/a", "a", "running", 2)
        assert (a.depth, a.capacity, a.dropped, a.handled) == (3, 5, 1, 0)
        assert (a.in_hand, b.in_hand, root.in_hand) == ("Do", "Do", "")
        assert b.waits_for == ("/a",)
        assert any(
            "hold_on" in line and "test_system.py" in line for line in a.await_stack
        )
        gate.open()


async def test_a_snapshot_tells_every_phase() -> None:
    gate = Gate()

    async def undead(*_: object) -> None:
        with trio.CancelScope(shield=True):
            await gate.wait()

    async with house() as home:
        cell = home.root.cell.adopt("a")
        phases = [cell.phase]
        life = cell.launch(starts(sleeping(0)))
        phases.append(cell.phase)
        await life.started()
        phases.append(cell.phase)
        home.system.find("/a", Doer).tell(Do(undead))
        await settle()
        life.request_stop(Shutdown("test"))
        phases.append(cell.phase)
        home.system.kill_wait = 0
        assert await life.kill_and_fence() == Zombie()
        phases.append(cell.phase)
        cell.rest(Shutdown("test"))
        phases.append(cell.phase)
        gate.open()

        assert phases == ["down", "starting", "running", "stopping", "zombie", "down"]


def test_the_shelf_is_bounded() -> None:
    shelf = DeadLetters(lambda: 5.0, limit=2)
    for number in range(5):
        shelf.add("/a", Envelope(number, "t"), "why", None)

    assert [letter.message for letter in shelf.newest()] == [4, 3]
    assert (shelf.newest(1)[0].at, shelf.newest(1)[0].trace) == (5.0, "t")
    assert shelf.counts == {"why": 5}
