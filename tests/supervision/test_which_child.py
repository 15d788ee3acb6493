"""Asking a supervisor for one child: by id, by instance, by incarnation."""

from __future__ import annotations

import trio.testing
from hypothesis import given, settings

from supervision import (
    DYNAMIC,
    ONE_FOR_ONE,
    TRANSIENT,
    Backoff,
    ChildRow,
    ChildState,
    Instance,
    Refusal,
    Supervisor,
    Up,
    WhichChild,
    delete_child,
    start_child,
    terminate_child,
    which_child,
)
from tests.supervision.actors import Diary, living, three
from tests.supervision.plans import (
    Step,
    live_through,
    outcomes,
    steps,
    supervisors,
)


async def test_a_child_is_shown_as_long_as_it_is_kept(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        running = ChildRow("b", ChildState.RUNNING, 1, is_supervisor=False)
        assert await which_child(house.root, "b") == running
        await terminate_child(house.root, "b")
        down = ChildRow("b", ChildState.DOWN, 1, is_supervisor=False)
        assert await which_child(house.root, "b") == down
        await delete_child(house.root, "b")
        assert await which_child(house.root, "b") is Refusal.NOT_FOUND
        assert await which_child(house.root, "nobody") is Refusal.NOT_FOUND


async def test_one_that_sleeps_says_how_long_and_why(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    spec = diary.spec("a", backoff=Backoff(first=8.0))
    async with living(Supervisor(ONE_FOR_ONE, [spec]), diary) as house:
        await house.fail("a")

        row = await which_child(house.root, "a")

        assert isinstance(row, ChildRow)
        assert row.state is ChildState.WAITING
        assert row.seconds_left is not None
        assert 0 < row.seconds_left < 8
        assert "Boom" in row.why


async def test_an_instance_is_named_by_itself_or_by_its_incarnation(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    template = diary.spec("x", restart=TRANSIENT)
    async with living(Supervisor(DYNAMIC, [template]), diary) as house:
        first = await start_child(house.root, Instance("x"))
        assert isinstance(first, Up)
        row = ChildRow("x", ChildState.RUNNING, 1, is_supervisor=False)
        assert await which_child(house.root, first) == row
        assert await which_child(house.root, Instance("x")) == row
        assert await which_child(house.root, "x") is Refusal.DYNAMIC
        await house.fail("x")

        # That incarnation is gone; its successor is another one.
        assert await which_child(house.root, first) is Refusal.NOT_FOUND
        row = ChildRow("x", ChildState.RUNNING, 2, is_supervisor=False)
        assert await which_child(house.root, Instance("x")) == row
        assert await which_child(house.root, Instance("y")) is Refusal.NOT_FOUND


@settings(max_examples=50)
@given(supervisors(), steps, outcomes)
def test_one_child_is_shown_as_all_are(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)
    if world.exited is not None:
        return
    for name, row in world.rows().items():
        key = Instance(name) if flags.strategy is DYNAMIC else name
        assert world.ask(WhichChild(key)) == row
