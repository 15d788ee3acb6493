"""Where we differ from OTP on purpose: what docs/explanation/supervision.md says of it.

Only what no other test shows; the page is the list, and the recorded scenarios are what
holds the rest to OTP.
"""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.kernel import NeedsOperator, Shutdown
from supervision import (
    DYNAMIC,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    ChildSpec,
    ChildState,
    CountChildren,
    Counts,
    Done,
    Instance,
    StartChild,
    StartRefused,
    Supervisor,
    TerminateChild,
    Up,
    count_children,
    restart_child,
    start_child,
    which_children,
)
from supervision.events import Called, GaveUp
from supervision.supervisor import SupervisorActor
from tests.supervision.actors import Diary, Fail, living
from tests.supervision.core_world import CoreWorld, actions_of
from tests.supervision.test_stories import start

INSTANCES = Supervisor(DYNAMIC, [ChildSpec("template", start)], max_restarts=9)


def test_restarts_are_counted_as_elixir_does() -> None:
    """OTP: once in five seconds."""
    assert (Supervisor().max_restarts, Supervisor().within) == (3, 5.0)


@pytest.mark.parametrize(("pause", "gives_up"), [(0.5, True), (0.51, False)])
def test_the_window_is_as_long_as_it_says_and_may_be_a_part_of_a_second(
    pause: float, gives_up: bool
) -> None:
    """OTP counts in whole seconds, and so up to one second longer."""
    only = [ChildSpec("a", start)]
    world = CoreWorld(Supervisor(ONE_FOR_ONE, only, max_restarts=1, within=0.5))
    world.kill("a")
    world.work()
    world.sleep(pause)
    world.kill("a")

    assert bool(actions_of(world.work(), GaveUp)) is gives_up


async def test_a_killed_supervisor_comes_back_when_all_below_it_are_gone(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """OTP restarts it at once, beside children that still live."""
    inner = Supervisor(ONE_FOR_ONE, [diary.spec("b", "undead")])
    async with living(Supervisor(ONE_FOR_ONE, [ChildSpec("inner", inner)]), diary) as h:
        diary.take()
        life = h.system.find("/inner").cell.incarnation
        busy = h.system.find("/inner/b").cell.incarnation
        assert life is not None
        assert busy is not None
        busy.request_stop(Shutdown("test"))  # from now on it shields itself
        await h.settled()
        before = trio.current_time()
        life.kill()
        assert await h.settled() == []
        await life.ended()

        assert trio.current_time() - before == pytest.approx(h.system.kill_wait)
        assert await h.settled() == ["+b"]


async def test_a_kill_need_not_wait_until_a_start_is_over(
    diary: Diary, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    """Calls do wait, as in OTP; there a kill of the supervisor leaves the starter behind."""
    diary.plans["b"] = ["ok", "slow"]
    inner = Supervisor(ONE_FOR_ONE, [diary.spec("b")])
    async with living(Supervisor(ONE_FOR_ONE, [ChildSpec("inner", inner)]), diary) as h:
        address = h.system.find("/inner", SupervisorActor)
        h.tell("inner/b", Fail())
        await h.settled()
        before = trio.current_time()
        assert await count_children(address) == Counts(1, 1, 0, 1)
        assert trio.current_time() - before == pytest.approx(1.0)

        diary.plans["b"] = ["slow"]
        h.tell("inner/b", Fail())
        await h.settled()
        life = address.cell.incarnation
        assert life is not None
        life.kill()
        before = trio.current_time()
        await life.ended()
        assert trio.current_time() == before


async def test_who_needs_an_operator_when_added_is_refused_and_not_kept(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(Supervisor(), diary) as house:
        diary.plans["a"] = ["operator"]
        answer = await start_child(house.root, diary.spec("a"))

        assert isinstance(answer, StartRefused)
        assert isinstance(answer.exception, NeedsOperator)
        assert await which_children(house.root) == ()


async def test_a_group_leaves_out_who_needs_an_operator_until_a_person_was_there(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec(name) for name in "abc"]
    async with living(Supervisor(ONE_FOR_ALL, children), diary) as house:
        diary.take()
        house.tell("b", Fail(NeedsOperator("token")))
        assert (await house.settled())[0] == "xb"

        assert await house.fail("a") == ["xa", "-c", "+a", "+c"]
        assert (await which_children(house.root))[1].state is ChildState.NEEDS_OPERATOR
        assert isinstance(await restart_child(house.root, "b"), Up)


def test_terminating_an_instance_that_is_restarting_leaves_the_counts_right() -> None:
    """OTP's `active` is one too low for ever after."""
    world = CoreWorld(INSTANCES)
    for name in "xy":
        world.ask(StartChild(Instance(name)))
    fails = iter(["fail"])
    world.starts = lambda _: next(fails, "ok")
    world.kill("x")
    world.lane.append(Called(TerminateChild(Instance("x")), 1))
    world.work()

    assert world.replies[-1] == Done()
    assert world.ask(CountChildren()) == Counts(1, 1, 0, 1)


def test_an_instance_that_is_not_needed_any_more_is_forgotten_when_restarted() -> None:
    """OTP 25 keeps an entry that counts as active, and crashes over it when stopped."""
    world = CoreWorld(INSTANCES)
    world.ask(StartChild(Instance("x")))
    world.starts = lambda _: "ignore"
    world.kill("x")
    world.work()

    assert world.rows() == {}
    assert world.ask(CountChildren()) == Counts(1, 0, 0, 0)
