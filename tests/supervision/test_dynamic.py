"""A DYNAMIC supervisor: many instances of one template."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from supervision import (
    BRUTAL,
    DYNAMIC,
    TRANSIENT,
    AlreadyStarted,
    ChildSpec,
    Counts,
    Done,
    Grace,
    Ignored,
    Instance,
    Refusal,
    SpecRefused,
    StartRefused,
    Supervisor,
    Up,
    count_children,
    delete_child,
    get_child_spec,
    restart_child,
    start_child,
    terminate_child,
    which_children,
)
from tests.supervision.actors import Boom, Diary, Worker, living


def many(diary: Diary, grace: Grace = 5.0, manners: str = "prompt") -> Supervisor:
    def start(name: str) -> Worker:
        return Worker(name, diary, manners)

    template = ChildSpec("template", start, restart=TRANSIENT, shutdown=grace)
    return Supervisor(DYNAMIC, [template])


def instance(name: str) -> Instance:
    return Instance(name, (name,))


async def test_instances_come_with_their_own_arguments_and_keep_them(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(many(diary), diary) as house:
        assert await start_child(house.root, instance("x")) == Up("x", 1, 1)
        assert await start_child(house.root, instance("y")) == Up("y", 1, 2)

        assert await house.settled() == ["+x", "+y"]
        assert await house.fail("x") == ["xx", "+x"]
        assert await count_children(house.root) == Counts(1, 2, 0, 2)


async def test_an_instance_that_ends_is_forgotten(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(many(diary), diary) as house:
        await start_child(house.root, instance("x"))
        await house.finish("x")

        assert await which_children(house.root) == ()
        assert "/x" not in house.system.cells
        assert await start_child(house.root, instance("x")) == Up("x", 1, 2)


async def test_instances_are_stopped_all_at_once_with_one_deadline(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S3."""
    async with living(many(diary, 3.0, "slow"), diary) as house:
        for name in ("x", "y", "z"):
            await start_child(house.root, instance(name))
        before = trio.current_time()

    assert trio.current_time() - before == pytest.approx(3.0)


@pytest.mark.parametrize("grace", [5.0, BRUTAL])
async def test_a_crowd_that_stops_lets_others_have_a_turn(
    diary: Diary, autojump_clock: trio.testing.MockClock, grace: Grace
) -> None:
    """S9."""
    passes = 0

    async def watch() -> None:
        nonlocal passes
        while True:
            await trio.lowlevel.checkpoint()
            passes += 1

    async with trio.open_nursery() as nursery:
        async with living(many(diary, grace), diary) as house:
            for number in range(640):
                await start_child(house.root, instance(str(number)))
            nursery.start_soon(watch)
            await trio.lowlevel.checkpoint()
            before = passes
        assert passes - before >= 640 // 32
        nursery.cancel_scope.cancel()


async def test_how_instances_are_named(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(many(diary), diary) as house:
        first = await start_child(house.root, instance("x"))
        assert isinstance(first, Up)
        assert await start_child(house.root, instance("x")) == AlreadyStarted(first)
        await house.fail("x")

        # That incarnation is gone: so it is as asked, and the new one stays.
        assert await terminate_child(house.root, first) == Done()
        assert (await count_children(house.root)).active == 1
        assert await terminate_child(house.root, "x") is Refusal.DYNAMIC
        assert await restart_child(house.root, "x") is Refusal.DYNAMIC
        assert await delete_child(house.root, "x") is Refusal.DYNAMIC
        assert await terminate_child(house.root, Instance("x")) == Done()
        assert await terminate_child(house.root, Instance("x")) is Refusal.NOT_FOUND
        template = await get_child_spec(house.root, "template")
        assert isinstance(template, ChildSpec)


async def test_the_counts_follow_as_instances_come_and_go(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(many(diary), diary) as house:
        assert await count_children(house.root) == Counts(1, 0, 0, 0)
        ups = [await start_child(house.root, instance(name)) for name in "xyz"]
        assert await count_children(house.root) == Counts(1, 3, 0, 3)
        await house.finish("x")
        assert await count_children(house.root) == Counts(1, 2, 0, 2)
        await house.fail("y")
        assert await count_children(house.root) == Counts(1, 2, 0, 2)
        assert isinstance(ups[2], Up)
        assert await terminate_child(house.root, ups[2]) == Done()
        assert await terminate_child(house.root, ups[2]) == Done()
        assert await count_children(house.root) == Counts(1, 1, 0, 1)


async def test_the_template_is_the_spec_of_every_instance_and_of_no_stranger(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    tree = many(diary)
    async with living(tree, diary) as house:
        await start_child(house.root, instance("x"))

        assert await get_child_spec(house.root, "x") is tree.children[0]
        assert await get_child_spec(house.root, "y") is Refusal.NOT_FOUND


async def test_what_does_not_start_is_not_kept(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    diary.plans["x"] = ["fail", "ignore"]
    async with living(many(diary), diary) as house:
        refused = await start_child(house.root, instance("x"))
        assert isinstance(refused, StartRefused)
        assert isinstance(refused.exception, Boom)
        assert await start_child(house.root, instance("x")) == Ignored()
        assert await which_children(house.root) == ()
        spec = diary.spec("whole")
        assert isinstance(await start_child(house.root, spec), SpecRefused)
        assert isinstance(await start_child(house.root, Instance("a/b")), SpecRefused)
