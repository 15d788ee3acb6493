"""How children are stopped: in order, with a deadline, killed, fenced."""

from __future__ import annotations

from functools import partial

import pytest
import trio
import trio.testing
from attrs import evolve

from actors.kernel import (
    Actor,
    ActorContext,
    ActorDown,
    Crash,
    ExitReason,
    Incarnation,
    Killed,
    Normal,
    Shutdown,
)
from supervision import (
    BRUTAL,
    DYNAMIC,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    REST_FOR_ONE,
    ChildSpec,
    Counts,
    Done,
    Instance,
    Restart,
    Strategy,
    Supervisor,
    SupervisorActor,
    Up,
    count_children,
    restart_child,
    start_child,
    terminate_child,
)
from tests.supervision.actors import Boom, Diary, House, Ping, Worker, living, three


def _lives(house: House, names: str) -> list[Incarnation]:
    found = [house.system.find(f"/{name}").cell.incarnation for name in names]
    assert None not in found
    return [life for life in found if life is not None]


async def test_a_slow_child_has_its_grace_and_not_more(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec("a"), diary.spec("b", "slow", shutdown=3.0)]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        diary.take()
        a, b = _lives(house, "ab")
        before = trio.current_time()

        assert await terminate_child(house.root, "b") == Done()

        assert trio.current_time() - before == pytest.approx(3.0)
        assert await house.settled() == []
        assert not await house.alive("b")
        assert b.reason == Killed()
    assert a.reason == Shutdown("/")


async def test_the_same_at_the_end_of_all(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [
        diary.spec("a"),
        diary.spec("b", "slow", shutdown=3.0),
        diary.spec("c", "slow", shutdown=BRUTAL),
    ]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        lives = _lives(house, "abc")
        before = trio.current_time()

    assert trio.current_time() - before == pytest.approx(3.0)
    assert [life.reason for life in lives] == [Shutdown("/"), Killed(), Killed()]


@pytest.mark.parametrize("strategy", [ONE_FOR_ONE, DYNAMIC])
async def test_without_time_to_stop_only_who_needs_none_ends_as_asked(
    strategy: Strategy, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    def start(name: str) -> Worker | Ender:
        return Ender() if name == "a" else Worker(name, diary, "slow")

    template = ChildSpec("template", start, shutdown=0)
    fixed = [evolve(template, id=n, start=partial(start, n)) for n in ("a", "b")]
    inner = Supervisor(strategy, [template] if strategy is DYNAMIC else fixed)
    outer = Supervisor(ONE_FOR_ONE, [ChildSpec("inner", inner)])
    async with living(outer, diary) as house:
        if strategy is DYNAMIC:
            root = house.system.find("/inner", SupervisorActor)
            for name in ("a", "b"):
                await start_child(root, Instance(name, (name,)))
        cells = [house.system.find(f"/inner/{name}").cell for name in ("a", "b")]
        a, b = (cell.incarnation for cell in cells)
        before = trio.current_time()

        await terminate_child(house.root, "inner")

        assert a is not None
        assert b is not None
        assert (a.reason, b.reason) == (Shutdown("/inner"), Killed())
        assert trio.current_time() == before
        assert "-b" not in diary.take()


async def test_a_child_that_is_killed_brutally_cannot_say_a_word(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec("a", shutdown=BRUTAL), diary.spec("b", "slow", shutdown=20)]
    async with living(Supervisor(ONE_FOR_ONE, children), diary) as house:
        diary.take()
        a, b = _lives(house, "ab")
        before = trio.current_time()

        await terminate_child(house.root, "a")
        await terminate_child(house.root, "b")

        assert await house.settled() == ["-b"]
        assert trio.current_time() - before == pytest.approx(10.0)
        assert (a.reason, b.reason) == (Killed(), Shutdown("/"))


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


class Ender(Actor[ExitReason]):
    """Ends as it is told."""

    async def handle(self, ctx: ActorContext, message: ExitReason) -> None:
        if isinstance(message, Crash):
            raise message.exception
        ctx.stop(message)


@pytest.mark.parametrize("strategy", [ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE])
async def test_what_ends_by_itself_during_a_stop_ends_as_it_did(
    strategy: Strategy,
    diary: Diary,
    autojump_clock: trio.testing.MockClock,
    nursery: trio.Nursery,
) -> None:
    ends: list[ExitReason] = [Normal(), Shutdown(), Shutdown("done"), Crash(Boom())]
    names = {f"{r.value}{n}": (r, n) for r in Restart for n in range(len(ends))}
    children = [ChildSpec(name, Ender, restart=r) for name, (r, _) in names.items()]
    # It is told first, and takes its time; the others end meanwhile.
    inner = Supervisor(strategy, [*children, diary.spec("slow", "slow", shutdown=20.0)])
    outer = Supervisor(ONE_FOR_ONE, [ChildSpec("inner", inner)])
    async with living(outer, diary) as house:
        cell = house.system.find("/inner").cell
        lives = {name: house.system.find(f"/inner/{name}").cell for name in names}
        before = {name: cell.incarnation for name, cell in lives.items()}
        stopping = cell.incarnation
        nursery.start_soon(terminate_child, house.root, "inner")
        await trio.sleep(1)
        for name, (_, n) in names.items():
            house.system.find(f"/inner/{name}", Ender).tell(ends[n])
        await trio.sleep(1)

        for name, (_, n) in names.items():
            life = before[name]
            assert life is not None
            assert _kind(life.reason) == _kind(ends[n])
        assert await count_children(house.root) == Counts(1, 0, 1, 0)
        assert stopping is not None
        assert stopping.reason == Shutdown("/")
        assert all(cell.launched == 1 for cell in lives.values())


def _kind(reason: ExitReason | None) -> object:
    return type(reason.exception) if isinstance(reason, Crash) else reason
