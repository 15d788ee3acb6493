"""How children are stopped: in order, with a deadline, killed, fenced."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.kernel import (
    ActorDown,
    Shutdown,
)
from supervision import (
    BRUTAL,
    ONE_FOR_ONE,
    ChildSpec,
    Done,
    Supervisor,
    Up,
    count_children,
    restart_child,
    terminate_child,
)
from tests.supervision.actors import Diary, Ping, Worker, living, three


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
