"""The supervisor actor: real actors and real mailboxes on a virtual clock."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.kernel import (
    ActorDown,
    Killed,
    NeedsOperator,
    Shutdown,
    StartFailed,
    StartupFailed,
    System,
)
from supervision import (
    ANY_SIGNIFICANT,
    BRUTAL,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    ChildNotStarted,
    ChildSpec,
    ChildState,
    Counts,
    Done,
    Refusal,
    Restart,
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
from tests.supervision.actors import Boom, Diary, Fail, Ping, Worker, living


@pytest.fixture
def diary() -> Diary:
    return Diary()


def three(diary: Diary, strategy: object = ONE_FOR_ONE, **flags: object) -> Supervisor:
    children = [diary.spec(name) for name in "abc"]
    return Supervisor(strategy, children, **flags)  # type: ignore[arg-type]  # tests name the flags


async def test_children_start_in_order_and_stop_in_reverse(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary):
        assert diary.take() == ["+a", "+b", "+c"]

    assert diary.take() == ["-c", "-b", "-a"]


@pytest.mark.parametrize(
    ("strategy", "what_happens"),
    [
        (ONE_FOR_ONE, ["xb", "+b"]),
        (REST_FOR_ONE, ["xb", "-c", "+b", "+c"]),
        (ONE_FOR_ALL, ["xb", "-c", "-a", "+a", "+b", "+c"]),
    ],
)
async def test_who_is_restarted(
    strategy: object,
    what_happens: list[str],
    diary: Diary,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with living(three(diary, strategy), diary) as house:
        diary.take()

        assert await house.fail("b") == what_happens
        worker = house.system.find("/b", Worker)
        assert await worker.ask(Ping(), within=1) == 2


async def test_mail_that_waits_is_handled_by_the_next_incarnation(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        house.tell("a", Fail())
        worker = house.system.find("/a", Worker)

        assert await worker.ask(Ping(), within=1) == 2


async def test_the_window_slides_and_giving_up_stops_all_with_shutdown(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary, max_restarts=2, within=5.0), diary) as house:
        diary.take()
        for _ in range(3):
            assert await house.fail("a") == ["xa", "+a"]
            await trio.sleep(2.6)
        await house.fail("a")

        assert await house.fail("b") == ["xb", "-c", "-a"]
        assert isinstance(await house.system.ended(), Shutdown)
        assert not await house.alive("a")


async def test_restart_types(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [
        diary.spec("permanent"),
        diary.spec("transient", restart=TRANSIENT),
        diary.spec("temporary", restart=TEMPORARY),
    ]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        diary.take()

        assert await house.finish("permanent") == [".permanent", "+permanent"]
        assert await house.finish("transient") == [".transient"]
        assert await house.fail("temporary") == ["xtemporary"]
        rows = await which_children(house.root)
        assert [(row.id, row.state, row.incarnation) for row in rows] == [
            ("transient", ChildState.DOWN, 1),
            ("permanent", ChildState.RUNNING, 2),
        ]
        assert house.phase("transient") == "finished"


async def test_a_restart_that_fails_is_tried_again_until_the_window_is_full(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    diary.plans["a"] = ["ok", "fail", "fail"]
    async with living(three(diary), diary) as house:
        diary.take()

        assert await house.fail("a") == ["xa", "!a", "!a", "+a"]


async def test_a_child_that_does_not_start_takes_down_those_before_it(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    diary.plans["c"] = ["fail"]

    with pytest.raises(StartupFailed) as raised:
        async with System(three(diary).actor):
            pytest.fail("it came up")

    assert diary.take() == ["+a", "+b", "!c", "-b", "-a"]
    reason = raised.value.reason
    assert isinstance(reason, StartFailed)
    assert isinstance(reason.exception, ChildNotStarted)
    assert isinstance(reason.exception.exception, Boom)


async def test_an_ignored_child_is_listed_and_not_running(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    diary.plans["b"] = ["ignore"]
    async with living(three(diary), diary) as house:
        assert diary.take() == ["+a", "+c"]
        assert await count_children(house.root) == Counts(3, 2, 0, 3)


# --- stopping -------------------------------------------------------------------------


async def test_a_slow_child_has_its_grace_and_not_more(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec("a"), diary.spec("b", "slow", shutdown=3.0)]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        diary.take()
        before = trio.current_time()

        assert await terminate_child(house.root, "b") == Done()

        assert trio.current_time() - before == pytest.approx(3.0)
        assert await house.settled() == []
        assert not await house.alive("b")


async def test_a_child_that_is_killed_brutally_cannot_say_a_word(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec("a", shutdown=BRUTAL), diary.spec("b", "slow", shutdown=20)]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        diary.take()
        before = trio.current_time()

        await terminate_child(house.root, "a")
        await terminate_child(house.root, "b")

        assert await house.settled() == ["-b"]
        assert trio.current_time() - before == pytest.approx(10.0)


async def test_a_child_that_survives_the_kill_is_fenced_and_its_slot_goes_on(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec("a"), diary.spec("b", "undead", shutdown=3.0)]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        before = trio.current_time()

        await terminate_child(house.root, "b")

        # Three seconds of grace, then two in which a kill may take effect.
        assert trio.current_time() - before == pytest.approx(5.0)
        assert await restart_child(house.root, "b") == Up("b", 2, 3)
        worker = house.system.find("/b", Worker)
        assert await worker.ask(Ping(), within=1) == 2


async def test_the_stop_of_a_tree_is_in_order_through_nested_supervisors(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    inner = Supervisor(ONE_FOR_ONE, [diary.spec("b"), diary.spec("c")])
    outer = Supervisor(
        ONE_FOR_ONE, [diary.spec("a"), ChildSpec("inner", inner), diary.spec("d")]
    )
    async with living(outer, diary):
        assert diary.take() == ["+a", "+b", "+c", "+d"]

    assert diary.take() == ["-d", "-c", "-b", "-a"]


async def test_calls_wait_until_the_running_stop_is_over(
    diary: Diary,
    autojump_clock: trio.testing.MockClock,
    nursery: trio.Nursery,
) -> None:
    children = [diary.spec("a"), diary.spec("b", "slow", shutdown=20)]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        before = trio.current_time()
        nursery.start_soon(terminate_child, house.root, "b")
        await trio.testing.wait_all_tasks_blocked()

        await count_children(house.root)

        assert trio.current_time() - before == pytest.approx(10.0)


async def test_a_call_to_a_supervisor_that_has_ended_fails_at_once(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        await house.system.stop(Shutdown())

        with pytest.raises(ActorDown):
            await count_children(house.root)


# --- nested ---------------------------------------------------------------------------


def nested(diary: Diary, **more: object) -> Supervisor:
    inner = Supervisor(ONE_FOR_ONE, [diary.spec("b"), diary.spec("c")], max_restarts=1)
    spec = ChildSpec("inner", inner, **more)  # type: ignore[arg-type]  # tests name the fields
    return Supervisor(ONE_FOR_ONE, [diary.spec("a"), spec])


async def test_giving_up_is_an_exit_that_the_supervisor_above_handles(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(nested(diary), diary) as house:
        diary.take()
        await house.fail("inner/b")

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
    async with living(nested(diary), diary) as house:
        inner = house.system.find("/inner", SupervisorActor)
        await start_child(inner, diary.spec("late"))
        incarnation = house.system.find("/inner").cell.incarnation
        assert incarnation is not None
        incarnation.kill()
        await house.settled()

        rows = await which_children(inner)
        assert [row.id for row in rows] == ["c", "b"]
        assert not await house.alive("inner/late")


# --- what a person sees ---------------------------------------------------------------


async def test_what_needs_an_operator_is_not_tried_again_and_shown(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary, ONE_FOR_ALL), diary) as house:
        diary.take()
        house.tell("b", Fail(NeedsOperator("token revoked")))
        await house.settled()

        assert house.phase("b") == "needs_operator"
        row = (await which_children(house.root))[1]
        assert (row.state, row.why) == (ChildState.NEEDS_OPERATOR, "token revoked")
        assert await house.fail("a") == ["xa", "-c", "+a", "+c"]
        assert await restart_child(house.root, "b") == Up("b", 2, 6)


async def test_needing_an_operator_at_boot_does_not_keep_the_others_from_booting(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    diary.plans["b"] = ["operator"]
    async with living(three(diary), diary) as house:
        assert diary.take() == ["+a", "+c"]
        assert house.phase("b") == "needs_operator"


# --- calls ----------------------------------------------------------------------------


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
