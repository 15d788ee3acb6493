"""Instances by the hundred: counted right, whatever they are doing, at a cost that grows
as they do and no faster."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Never, TypeAlias

import pytest
import trio
import trio.testing

from actors.kernel import Actor, ActorContext, Address, System
from supervision import (
    DYNAMIC,
    ONE_FOR_ONE,
    PERMANENT,
    TEMPORARY,
    TRANSIENT,
    ChildSpec,
    ChildState,
    Counts,
    Done,
    Instance,
    Restart,
    Supervisor,
    SupervisorActor,
    Up,
    count_children,
    start_child,
    terminate_child,
    which_children,
)
from supervision.calls import Call
from tests.supervision.actors import Diary, Worker, living


class Idle(Actor[Never]):
    """Does nothing."""

    async def handle(self, ctx: ActorContext, message: Never) -> None: ...


def instances(
    start: Callable[..., Idle] | Supervisor = Idle, **more: object
) -> Supervisor:
    return Supervisor(DYNAMIC, [ChildSpec("template", start, **more)])  # type: ignore[arg-type]  # tests name the fields


@pytest.mark.parametrize("many", [1000, 2000])
async def test_a_crowd_is_counted(
    many: int, autojump_clock: trio.testing.MockClock
) -> None:
    async with System(instances(restart=TEMPORARY).actor) as system:
        root = system.find("/", SupervisorActor)
        for number in range(many):
            await start_child(root, Instance(str(number)))

        assert await count_children(root) == Counts(1, many, 0, many)
        assert len(await which_children(root)) == many

        for number in range(many):
            life = system.find(f"/{number}").cell.incarnation
            assert life is not None
            life.kill()
        await trio.testing.wait_all_tasks_blocked()
        assert await count_children(root) == Counts(1, 0, 0, 0)
        assert await which_children(root) == ()
        assert set(system.cells) == {"/"}


async def test_instances_may_be_supervisors_and_are_counted_as_such(
    autojump_clock: trio.testing.MockClock,
) -> None:
    inner = Supervisor(ONE_FOR_ONE, [ChildSpec("w", Idle)])
    async with System(instances(inner, restart=TEMPORARY).actor) as system:
        root = system.find("/", SupervisorActor)
        for number in range(20):
            up = await start_child(root, Instance(str(number)))
            assert isinstance(up, Up)

        assert await count_children(root) == Counts(1, 20, 20, 0)
        below = system.find("/7", SupervisorActor)
        assert await count_children(below) == Counts(1, 1, 0, 1)
        assert all(row.is_supervisor for row in await which_children(root))

        for number in range(20):
            assert await terminate_child(root, Instance(str(number))) == Done()
        assert await count_children(root) == Counts(1, 0, 0, 0)


async def test_those_that_are_being_restarted_are_counted_but_not_as_active(
    diary: Diary,
    autojump_clock: trio.testing.MockClock,
    nursery: trio.Nursery,
) -> None:
    """OTP 25 counts wrongly ever after one of them was terminated."""
    template = ChildSpec("t", lambda name: Worker(name, diary), restart=TRANSIENT)
    tree = Supervisor(DYNAMIC, [template], max_restarts=50)
    async with living(tree, diary) as house:
        ups = {}
        for name in ("a", "b", "c"):
            up = await start_child(house.root, Instance(name, (name,)))
            assert isinstance(up, Up)
            ups[name] = up
        seen: dict[int, object] = {}

        async def between(n: int, what: Callable[[], Awaitable[object]]) -> None:
            seen[n] = await what()

        # The calls wait in the queue, and are served before the tries that follow.
        diary.plans |= {"a": ["fail"], "b": ["fail", "fail"]}
        await house.system.suspend(house.root)
        for name in ("a", "b"):
            life = house.system.find(f"/{name}").cell.incarnation
            assert life is not None
            life.kill()
            await life.ended()
        questions: list[Callable[[], Awaitable[object]]] = [
            lambda: count_children(house.root),
            lambda: which_children(house.root),
            lambda: terminate_child(house.root, ups["b"]),
            lambda: count_children(house.root),
        ]
        for n, what in enumerate(questions):
            nursery.start_soon(between, n, what)
            await trio.testing.wait_all_tasks_blocked()
        house.system.resume(house.root)
        await house.settled()

        counts, rows, ended, after = (seen[n] for n in range(4))
        assert counts == Counts(1, 1, 0, 3)
        assert isinstance(rows, tuple)
        restarting = [r.id for r in rows if r.state is ChildState.RESTARTING]
        assert restarting == ["b", "a"]
        assert ended == Done()
        assert after == Counts(1, 1, 0, 2)
        assert await count_children(house.root) == Counts(1, 2, 0, 2)
        assert await terminate_child(house.root, Instance("a")) == Done()
        assert await count_children(house.root) == Counts(1, 1, 0, 1)


@pytest.mark.parametrize("restart", [PERMANENT, TRANSIENT])
async def test_an_instance_that_is_not_needed_when_restarted_is_forgotten(
    restart: Restart, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """OTP 25 keeps a broken entry there, and dies of it when it stops."""
    template = ChildSpec("t", lambda name: Worker(name, diary), restart=restart)
    async with living(Supervisor(DYNAMIC, [template]), diary) as house:
        for name in ("a", "b"):
            await start_child(house.root, Instance(name, (name,)))
        diary.plans["a"] = ["ignore"]
        await house.fail("a")

        assert [row.id for row in await which_children(house.root)] == ["b"]
        assert await count_children(house.root) == Counts(1, 1, 0, 1)
        assert "/a" not in house.system.cells
        assert await start_child(house.root, Instance("a", ("a",))) == Up("a", 1, 4)
        diary.take()
    assert sorted(diary.take()) == ["-a", "-b"]


@pytest.mark.parametrize(("manners", "took"), [("prompt", 0.0), ("slow", 10.0)])
async def test_a_crowd_stops_as_fast_as_its_slowest(
    manners: str, took: float, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    def start(name: str) -> Worker:
        return Worker(name, diary, manners if name == "0" else "prompt")

    crowd = Supervisor(DYNAMIC, [ChildSpec("t", start, shutdown=30.0)])
    tree = Supervisor(ONE_FOR_ONE, [ChildSpec("crowd", crowd)])
    async with living(tree, diary) as house:
        root = house.system.find("/crowd", SupervisorActor)
        for number in range(100):
            await start_child(root, Instance(str(number), (str(number),)))
        diary.take()
        before = trio.current_time()

        await terminate_child(house.root, "crowd")

        assert trio.current_time() - before == pytest.approx(took)
        assert len(diary.take()) == 100


# --- cost -----------------------------------------------------------------------------


async def nothing(_root: Address[Call], _many: int) -> None:
    """The children of the spec start, and stop at the end."""


async def only_start(root: Address[Call], many: int) -> None:
    """The instances stop at the end, all at once."""
    for number in range(many):
        await start_child(root, Instance(str(number)))


async def come_and_go(root: Address[Call], many: int) -> None:
    """Each instance is terminated."""
    await only_start(root, many)
    for number in range(many):
        await terminate_child(root, Instance(str(number)))


def fixed(many: int) -> Supervisor:
    return Supervisor(children=[ChildSpec(str(number), Idle) for number in range(many)])


def dynamic(_many: int) -> Supervisor:
    return instances(restart=TEMPORARY)


Life: TypeAlias = Callable[[Address[Call], int], Awaitable[None]]


def calls_made(tree: Supervisor, life: Life, many: int) -> int:
    """Return how many Python calls it takes: the cost, without the machine in it."""
    made = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal made
        made += event == "call"

    async def run() -> None:
        async with System(tree.actor) as system:
            await life(system.find("/", SupervisorActor), many)

    sys.setprofile(count)
    try:
        trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize(
    ("tree_of", "life"),
    [(fixed, nothing), (dynamic, only_start), (dynamic, come_and_go)],
)
def test_a_crowd_costs_what_it_counts(
    tree_of: Callable[[int], Supervisor], life: Life
) -> None:
    """S9: twice as many children more, twice the cost more."""
    few, some, many = (calls_made(tree_of(n), life, n) for n in (100, 200, 400))

    assert many - some == pytest.approx(2 * (some - few), rel=0.02)
