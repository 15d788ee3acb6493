"""Trees at run time: nested supervisors, children that come and go, what a person sees."""

from __future__ import annotations

import gc
from typing import Never

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from actors.kernel import (
    Actor,
    ActorContext,
    ActorDown,
    Killed,
    NeedsOperator,
    Shutdown,
    System,
)
from supervision import (
    ANY_SIGNIFICANT,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    REST_FOR_ONE,
    TRANSIENT,
    Backoff,
    ChildSpec,
    ChildState,
    Done,
    Refusal,
    Restart,
    StartRefused,
    Strategy,
    Supervisor,
    SupervisorActor,
    Up,
    count_children,
    delete_child,
    restart_child,
    start_child,
    terminate_child,
    which_children,
)
from supervision.crowds import CROWD
from tests.supervision.actors import (
    Diary,
    Fail,
    Finish,
    House,
    Ping,
    Worker,
    living,
    three,
)


def nested(diary: Diary, **more: object) -> Supervisor:
    inner = Supervisor(ONE_FOR_ONE, [diary.spec("b"), diary.spec("c")], max_restarts=1)
    spec = ChildSpec("inner", inner, **more)  # type: ignore[arg-type]  # tests name the fields
    return Supervisor(ONE_FOR_ONE, [diary.spec("a"), spec])


async def test_giving_up_is_an_exit_that_the_supervisor_above_handles(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(nested(diary), diary) as house:
        diary.take()
        assert await house.fail("inner/b") == ["xb", "+b"]

        assert await house.fail("inner/b") == ["xb", "-c", "+b", "+c"]
        assert (await count_children(house.root)).active == 2


async def test_a_transient_supervisor_that_gave_up_stays_down_with_all_below(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(nested(diary, restart=TRANSIENT), diary) as house:
        await house.fail("inner/b", "inner/c")
        diary.take()

        with pytest.raises(ActorDown):
            await house.system.find("/inner/c", Worker).ask(Ping(), within=9)


@pytest.mark.parametrize("at_run_time", [False, True])
async def test_a_transient_supervisor_is_warned_about(
    at_run_time: bool, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    spec = ChildSpec("inner", Supervisor(), restart=TRANSIENT)
    with capture_logs() as logs:
        async with living(
            Supervisor(children=() if at_run_time else [spec]), diary
        ) as house:
            if at_run_time:
                await start_child(house.root, spec)

    (log,) = [log for log in logs if log["event"] == "supervisor.spec_doubtful"]
    assert (log["log_level"], log["child"]) == ("warning", "inner")


async def test_killing_a_supervisor_kills_its_children_and_it_is_restarted(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(nested(diary), diary) as house:
        diary.take()
        cell = house.system.find("/inner").cell
        assert cell.incarnation is not None
        worker = house.system.find("/inner/b").cell.incarnation
        assert worker is not None

        cell.incarnation.kill()

        # Killed, so nobody below says a word; and then all are back.
        assert await house.settled() == ["+b", "+c"]
        assert worker.reason == Killed()
        assert await house.system.find("/inner/b", Worker).ask(Ping(), within=1) == 2


async def test_children_added_at_run_time_are_lost_with_their_supervisor(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S8."""
    async with living(nested(diary), diary) as house:
        inner = house.system.find("/inner", SupervisorActor)
        await start_child(inner, diary.spec("late"))
        incarnation = house.system.find("/inner").cell.incarnation
        assert incarnation is not None
        incarnation.kill()
        await house.settled()

        rows = await which_children(inner)
        assert [row.id for row in rows] == ["c", "b"]
        assert "/inner/late" not in house.system.cells


async def test_what_needs_an_operator_is_not_tried_again_and_shown(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S7."""
    async with living(three(diary, ONE_FOR_ALL), diary) as house:
        diary.take()
        house.tell("b", Fail(NeedsOperator("token revoked")))
        await house.settled()

        assert house.phase("b") == "needs_operator"
        row = (await which_children(house.root))[1]
        assert (row.state, row.why) == (ChildState.NEEDS_OPERATOR, "token revoked")
        assert await house.fail("a") == ["xa", "-c", "+a", "+c"]
        diary.plans["b"] = ["operator"]
        assert isinstance(await restart_child(house.root, "b"), StartRefused)
        assert house.phase("b") == "needs_operator"
        assert await house.fail("a") == ["xa", "-c", "+a", "+c"]
        assert await restart_child(house.root, "b") == Up("b", 3, 9)


async def test_needing_an_operator_at_boot_does_not_keep_the_others_from_booting(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    diary.plans["b"] = ["operator"]
    async with living(three(diary), diary) as house:
        assert diary.take() == ["+a", "+c"]
        assert house.phase("b") == "needs_operator"


async def test_a_child_comes_and_goes_at_run_time(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        diary.take()

        assert await start_child(house.root, diary.spec("d")) == Up("d", 1, 4)
        assert await delete_child(house.root, "d") is Refusal.RUNNING
        assert await terminate_child(house.root, "d") == Done()
        assert await start_child(house.root, diary.spec("d")) is Refusal.ALREADY_PRESENT
        assert await delete_child(house.root, "d") == Done()
        assert await terminate_child(house.root, "d") is Refusal.NOT_FOUND
        assert await house.settled() == ["+d", "-d"]
        assert "/d" not in house.system.cells


async def test_whoever_asks_a_child_that_did_not_start_by_hand_is_told(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        await terminate_child(house.root, "a")
        diary.plans["a"] = ["fail"]
        refused = await restart_child(house.root, "a")
        assert isinstance(refused, StartRefused)

        before = trio.current_time()
        with pytest.raises(ActorDown):
            await house.system.find("/a", Worker).ask(Ping(), within=9)
        assert trio.current_time() == before
        assert house.phase("a") == "down"
        assert house.system.snapshot("/a").note == "start failed: Boom('a')"


@pytest.mark.parametrize("strategy", [ONE_FOR_ALL, REST_FOR_ONE])
async def test_who_was_to_come_back_with_one_that_is_terminated_stays_down_for_good(
    strategy: Strategy,
    diary: Diary,
    autojump_clock: trio.testing.MockClock,
    nursery: trio.Nursery,
) -> None:
    """As in OTP; so whoever asks it is told at once, and its mail is not kept."""
    async with living(three(diary, strategy), diary) as house:
        c = house.system.find("/c", Worker)
        await house.system.suspend(house.root)
        diary.plans["a"] = ["fail"]
        await house.fail("a")
        nursery.start_soon(terminate_child, house.root, "a")
        await trio.testing.wait_all_tasks_blocked()
        house.system.resume(house.root)
        await house.settled()

        assert house.phase("c") == "down"
        with pytest.raises(ActorDown):
            await c.ask(Ping(), within=1)
        assert isinstance(await restart_child(house.root, "c"), Up)
        assert await c.ask(Ping(), within=1) == 2


@pytest.mark.parametrize("is_supervisor", [False, True])
async def test_a_child_is_not_given_the_mail_of_another_that_had_its_name(
    diary: Diary, autojump_clock: trio.testing.MockClock, is_supervisor: bool
) -> None:
    """E.g. one added under the name of a deleted child, until the spec is back."""
    child = diary.spec("s")
    if is_supervisor:
        child = ChildSpec("s", Supervisor(children=[diary.spec("c")]))
    inner = Supervisor(children=[child])
    async with living(Supervisor(children=[ChildSpec("x", inner)]), diary) as house:
        x = house.system.find("/x", SupervisorActor)
        await terminate_child(x, "s")
        await delete_child(x, "s")
        namesake = diary.spec("s", backoff=Backoff(first=60.0))
        assert isinstance(await start_child(x, namesake), Up)
        await house.fail("x/s")
        house.tell("x/s", Fail())  # waits while it sleeps
        assert x.cell.incarnation is not None
        x.cell.incarnation.kill()
        await house.settled()

        assert await house.alive("x/s/c" if is_supervisor else "x/s")
        assert house.system.snapshot("/x/s").incarnation == 1
        [letter] = house.system.dead_letters.newest(1)
        assert (letter.path, letter.why) == ("/x/s", "stopped")


async def test_a_deleted_child_that_is_added_again_keeps_its_mail_over_its_supervisor(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """It is of the same spec, so it is the same child."""
    spec = diary.spec("s", backoff=Backoff(first=60.0))
    inner = Supervisor(children=[spec])
    async with living(Supervisor(children=[ChildSpec("x", inner)]), diary) as house:
        x = house.system.find("/x", SupervisorActor)
        await terminate_child(x, "s")
        await delete_child(x, "s")
        assert isinstance(await start_child(x, spec), Up)
        await house.fail("x/s")
        house.tell("x/s", Finish())
        assert x.cell.incarnation is not None
        diary.take()
        x.cell.incarnation.kill()

        assert await house.settled() == ["+s", ".s"]


async def test_the_end_of_a_significant_child_is_the_end_of_all(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [
        diary.spec("a"),
        diary.spec("b", restart=TRANSIENT, significant=True),
        diary.spec("c"),
    ]
    supervisor = Supervisor(ONE_FOR_ONE, children, auto_shutdown=ANY_SIGNIFICANT)
    async with living(supervisor, diary) as house:
        diary.take()

        assert await house.fail("b") == ["xb", "+b"]
        assert await house.finish("b") == [".b", "-c", "-a"]
        assert isinstance(await house.system.ended(), Shutdown)


async def test_an_exit_of_a_forgotten_child_is_not_taken_for_its_namesake(
    diary: Diary, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    """E.g. the notice of an exit that waits while the id is deleted and used anew."""
    async with living(three(diary), diary) as house:
        diary.take()
        await house.system.suspend(house.root)
        for call in (terminate_child, delete_child):
            nursery.start_soon(call, house.root, "c")
            await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(start_child, house.root, diary.spec("c"))
        await house.fail("c")
        house.system.resume(house.root)

        assert await house.settled() == ["+c"]
        worker = house.system.find("/c", Worker)
        assert await worker.ask(Ping(), within=1) == 1


@pytest.mark.parametrize("restart", [PERMANENT, TRANSIENT])
async def test_giving_up_may_be_for_an_operator_to_see(
    restart: Restart, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    bot = Supervisor(
        ONE_FOR_ONE, [diary.spec("b")], max_restarts=1, needs_operator=True
    )
    bots = Supervisor(
        ONE_FOR_ONE, [diary.spec("a"), ChildSpec("bot", bot, restart=restart)]
    )
    async with living(bots, diary) as house:
        diary.take()

        assert await house.fail("bot/b", "bot/b") == ["xb", "+b", "xb"]
        assert house.phase("bot") == "needs_operator"
        why = "b failed 2 times, last with crash: Boom()"
        assert house.system.snapshot("/bot").note == why
        assert await house.alive("a")
        assert isinstance(await restart_child(house.root, "bot"), Up)
        assert await house.alive("bot/b")


async def test_starting_many_children_lets_others_run() -> None:
    """S9: a child without a start of its own is up at once; a thousand must not hog the loop."""
    passes = 0

    async def watch() -> None:
        nonlocal passes
        while True:
            await trio.lowlevel.checkpoint()
            passes += 1

    many = Supervisor(children=[ChildSpec(f"c{i}", Bystander) for i in range(1000)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await trio.lowlevel.checkpoint()
        before = passes
        async with System(many.actor):
            assert passes - before >= 1000 // 32
            nursery.cancel_scope.cancel()


class Bystander(Actor[Never]):
    """Has no start of its own, and no mail."""


class Watcher(Actor[Never]):
    """Notes whether the collector is at work while it starts."""

    def __init__(self, seen: list[bool]) -> None:
        self.seen = seen

    async def start(self, ctx: ActorContext) -> None:
        self.seen.append(gc.isenabled())


@pytest.mark.parametrize(("crowd", "at_work"), [(CROWD, False), (2, True)])
async def test_the_collector_pauses_for_a_crowd_only(crowd: int, at_work: bool) -> None:
    seen: list[bool] = []
    children = [ChildSpec(f"c{i}", lambda: Watcher(seen)) for i in range(crowd)]
    async with System(Supervisor(children=children).actor):
        assert set(seen) == {at_work}
        assert gc.isenabled()


async def test_an_address_is_good_for_every_life(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """What OTP needs a registered name for."""
    async with living(nested(diary), diary) as house:
        worker = house.system.find("/inner/b", Worker)
        inner = house.system.find("/inner", SupervisorActor)
        assert await worker.ask(Ping(), within=1) == 1

        await house.fail("inner/b")
        assert await worker.ask(Ping(), within=1) == 2
        kill(house, "/inner/b")
        await house.settled()
        # One restart too many for the supervisor, whose own is the next.
        assert await worker.ask(Ping(), within=1) == 3
        assert (await count_children(inner)).active == 2
        kill(house, "/inner")
        await house.settled()
        assert await worker.ask(Ping(), within=1) == 4
        await terminate_child(inner, "b")
        await restart_child(inner, "b")
        assert await worker.ask(Ping(), within=1) == 5


def kill(house: House, path: str) -> None:
    life = house.system.find(path).cell.incarnation
    assert life is not None
    life.kill()
