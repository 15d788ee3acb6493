"""The supervisor actor: real actors and real mailboxes on a virtual clock."""

from __future__ import annotations

import traceback

import pytest
import trio
import trio.testing

from actors.kernel import (
    ActorDown,
    Shutdown,
    StartFailed,
    StartupFailed,
    System,
)
from supervision import (
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    ChildNotStarted,
    ChildSpec,
    ChildState,
    Counts,
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
from tests.supervision.actors import Boom, Diary, Fail, Ping, Worker, living, three


async def test_children_start_in_order_and_stop_in_reverse(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S3, B02: in the order in which they are declared."""
    async with living(three(diary), diary):
        assert diary.take() == ["+a", "+b", "+c"]

    assert diary.take() == ["-c", "-b", "-a"]


async def test_who_asks_below_a_root_that_gave_up_is_told_at_once(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """Nobody is left to start them again, however long one waits."""
    nested = ChildSpec("n", Supervisor(children=[diary.spec("d")]))
    children = [*(diary.spec(name) for name in "abc"), nested]
    async with living(Supervisor(children=children, max_restarts=0), diary) as house:
        house.tell("a", Fail())
        assert await house.system.ended() == Shutdown()

        for path in ("/a", "/b", "/c", "/n/d"):
            with pytest.raises(ActorDown):
                await house.system.find(path, Worker).ask(Ping(), within=400)
        assert trio.current_time() == 0


@pytest.mark.parametrize(
    ("strategy", "what_happens"),
    [
        (ONE_FOR_ONE, ["xb", "+b"]),
        (REST_FOR_ONE, ["xb", "-c", "+b", "+c"]),
        (ONE_FOR_ALL, ["xb", "-c", "-a", "+a", "+b", "+c"]),
    ],
)
async def test_who_is_restarted(
    strategy: Strategy,
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
    async with living(three(diary, max_restarts=2), diary) as house:
        diary.take()
        for _ in range(3):
            assert await house.fail("a") == ["xa", "+a"]
            await trio.sleep(2.6)
        await house.fail("a")

        assert await house.fail("b") == ["xb", "-c", "-a"]
        assert isinstance(await house.system.ended(), Shutdown)
        assert not await house.alive("a")


async def test_each_restart_type_restarts_what_it_says_and_forgets_the_temporary(
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
    assert str(reason.exception) == "child 'c' did not start: Boom('c')"
    assert isinstance(reason.exception.exception, Boom)


async def test_an_ignored_child_is_listed_and_not_running(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    diary.plans["b"] = ["ignore"]
    async with living(three(diary), diary) as house:
        assert diary.take() == ["+a", "+c"]
        assert await count_children(house.root) == Counts(3, 2, 0, 3)


@pytest.mark.parametrize("plan", ["fail", "rubbish"])
async def test_a_root_that_does_not_start_says_why_and_leaves_nothing(
    plan: str, autojump_clock: trio.testing.MockClock
) -> None:
    def root() -> SupervisorActor:
        if plan == "fail":
            raise Boom(plan)
        return plan  # type: ignore[return-value]  # wrong on purpose

    with pytest.raises(StartupFailed) as raised:
        async with System(root):
            pytest.fail("it came up")

    assert isinstance(raised.value.reason, StartFailed)
    cause = raised.value.reason.exception
    assert isinstance(cause, Boom if plan == "fail" else TypeError)
    assert traceback.extract_tb(cause.__traceback__)[-1].name in ("root", "prepare")


async def test_why_a_start_failed_is_handed_on_as_it_was_raised(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """Whoever manages a thing that runs already can say so, and with which one."""

    class RunsAlready(Exception):
        pass

    there = RunsAlready("elsewhere")

    def start() -> Worker:
        if diary.plans.pop("x", None):
            return Worker("x", diary)
        raise there

    diary.plans["x"] = ["once"]
    spec = ChildSpec("x", start)
    async with living(three(diary), diary) as house:
        assert await start_child(house.root, spec) == Up("x", 1, 4)
        await terminate_child(house.root, "x")

        refused = await restart_child(house.root, "x")

        # The spec stays, the child is down, and nobody tries again.
        assert isinstance(refused, StartRefused)
        assert refused.exception is there
        assert await count_children(house.root) == Counts(4, 3, 0, 4)
        await delete_child(house.root, "x")
        again = await start_child(house.root, spec)
        assert isinstance(again, StartRefused)
        assert again.exception is there
        assert await count_children(house.root) == Counts(3, 3, 0, 3)
