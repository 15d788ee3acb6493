"""The kit: a tree in a plain test, on a clock that stands still until it is told to go."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from trio.testing import MockClock

from actors.kernel import (
    ActorContext,
    AddressNotFound,
    AskTimeout,
    Cell,
    Crash,
    HandlerCrashed,
    Killed,
    LifeEnded,
    Passage,
    Point,
    Shutdown,
    StartupFailed,
    System,
)
from rookery.testing import kit
from rookery.testing.portal import InsideTrio, NotVirtual, Over
from supervision import ChildSpec, ChildState, RestartNow, Supervisor, WhichChildren
from supervision.chaos import Chaos, ChaosHooks
from tests.rookery.testing.actors import Parrot, Said, Say, perch


def test_a_step_is_done_when_it_returns_and_no_time_has_passed() -> None:
    with kit.run(perch()) as k:
        k.tell("/tg", Say("a"), Say("b"))
        assert k.snapshot("/tg").handled == 2
        k.tell("/tg", Say("boom"))
        assert k.children == {"/tg": "waiting"}
        assert k.crashes("/tg") == [ConnectionError]
        assert k.time == 0.0
        [delay] = k.delays("/tg")
        k.advance(delay + 0.001)
        assert k.children == {"/tg": "running"}
        assert k.ask("/tg", Said()) == []


def test_days_are_over_in_no_time() -> None:
    with kit.run(perch()) as k:
        k.advance(24 * 3600)
        assert k.time == 24 * 3600
        assert k.snapshot("/tg").handled == 24 * 3600 // 30


def test_a_question_lets_time_pass_until_its_answer() -> None:
    with kit.run(perch()) as k:
        assert k.ask("/tg", Said(after=2.0)) == []
        assert k.time == 2.0
        with pytest.raises(AskTimeout):
            k.ask("/tg", Said(after=50.0), within=1.0)
        assert 3.0 <= k.time <= 3.1


def test_crash_and_kill() -> None:
    error = OSError("disk")
    with kit.run(perch("a", "b")) as k:
        k.crash("/a", error)
        k.kill("/b")
        assert k.exits("/a") == [Crash(error)]
        assert k.exits("/b") == [Killed()]
        with pytest.raises(AddressNotFound, match=r"/a \(waiting\)"):
            k.kill("/a")
        assert not len(k.system.dead_letters)
        k.advance(1)
        assert k.children == {"/a": "running", "/b": "running"}


def test_a_supervisor_takes_its_calls_and_may_be_crashed() -> None:
    nested = Supervisor(children=[ChildSpec("perch", perch())])
    with kit.run(nested) as k:
        k.crash("/perch/tg", OSError())
        k.ask("/perch", RestartNow("tg"))
        [row] = k.ask("/perch", WhichChildren())
        assert row.state is ChildState.RUNNING
        assert k.time == 0.0
        k.crash("/perch", RuntimeError())
        assert k.snapshot("/perch/tg").incarnation == 3
        assert k.exits("/perch/tg")[1:] == [Killed()]


def test_a_root_that_gives_up_is_seen() -> None:
    with kit.run(perch()) as k:
        for _ in range(4):
            assert k.ended is None
            k.crash("/tg", OSError())
            k.advance(5)
        assert k.ended == Shutdown()
        assert "give up over tg" in k.story()


def test_the_same_seed_is_the_same_story() -> None:
    def story(seed: int) -> str:
        with kit.run(perch("a", "b", "c"), seed=seed) as k:
            for name in "abc":
                k.crash(f"/{name}", OSError())
            k.advance(5)
        return k.story()

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_the_story_of_one_is_about_it_and_what_is_below() -> None:
    with kit.run(Supervisor(children=[ChildSpec("x", perch("a", "b"))])) as k:
        k.kill("/x/a")
        about_a = k.story("/x/a").splitlines()
        assert len(about_a) == 6
        assert all("a" in line and "#2" not in line for line in about_a)
        assert len(k.story("/x").splitlines()) > len(about_a)


def test_a_failing_test_tells_what_happened_before() -> None:
    def test() -> None:
        with kit.run(perch(), seed=9) as k:
            k.crash("/tg", OSError("disk"))
            raise AssertionError

    with pytest.raises(AssertionError) as failed:
        test()
    [note] = failed.value.__notes__
    first, *_, last = note.splitlines()
    assert first == "what happened last (seed 9):"
    assert "tg sleeps" in last
    assert "rookery-kit" not in {thread.name for thread in threading.enumerate()}


def test_a_tree_that_does_not_start_is_an_error_at_once() -> None:
    def broken() -> Parrot:
        raise OSError

    with (
        pytest.raises(StartupFailed) as failed,
        kit.run(Supervisor(children=[ChildSpec("a", broken)])),
    ):
        pytest.fail("it started")
    assert "did not come up" in failed.value.__notes__[0]


def test_what_a_step_raises_comes_out_of_it() -> None:
    with kit.run(perch()) as k, pytest.raises(AddressNotFound, match="did you mean"):
        k.tell("/tgg", Say("a"))


class Worst:
    """Hooks: every message crashes, and every second one is lost before."""

    def __init__(self) -> None:
        self.seen = 0

    async def reach(self, point: Point, place: Cell, message: object) -> None:
        if point is Point.BEFORE_HANDLE and isinstance(message, Said):
            raise OSError

    def carry(
        self, point: Point, place: Cell, message: object, go: Callable[[], None]
    ) -> Passage:
        self.seen += 1
        return Passage.LOST if self.seen % 2 == 0 else Passage.GO


def test_chaos_stands_at_the_points() -> None:
    with kit.run(perch(), chaos=Worst()) as k:
        with pytest.raises(HandlerCrashed):
            k.ask("/tg", Said())
        k.tell("/tg", Say("lost"))
        assert k.crashes("/tg") == [OSError]
        assert k.system.dead_letters.counts["lost on the way"] == 1


def test_a_plan_of_chaos_is_carried_out() -> None:
    plan = Chaos().at("handle", "/tg", Say).nth(3).raises(OSError)
    plan = plan.at("handle", "/tg", Say).nth(4).blocks_loop(5.0)
    with kit.run(perch(), chaos=plan) as k:
        k.tell("/tg", *[Say(text) for text in "abc"])
        assert k.crashes("/tg") == [OSError]
        k.advance(1)
        k.tell("/tg", Say("d"))
        assert k.time == 6.0
        assert k.ask("/tg", Said()) == ["d"]


@pytest.mark.parametrize("as_hooks", [False, True])
def test_mail_that_chaos_holds_is_let_go_though_the_root_did_not_start(
    as_hooks: bool,
) -> None:
    """Nobody is left to wait for it, so it is a dead letter like all mail of such a tree."""
    systems: list[System] = []

    class Failing(Parrot):
        async def start(self, ctx: ActorContext) -> None:
            systems.append(ctx.system)
            ctx.find("/first", Parrot).tell(Say("held"))
            raise OSError

    plan = Chaos().at("deliver", "/first", Say).delays(60.0)
    tree = Supervisor(
        children=[ChildSpec("first", Parrot), ChildSpec("second", Failing)]
    )
    with (
        pytest.raises(StartupFailed),
        kit.run(tree, chaos=ChaosHooks(plan) if as_hooks else plan),
    ):
        raise AssertionError

    [letter] = systems[0].dead_letters.newest()
    assert (letter.path, letter.message, letter.why) == (
        "/first",
        Say("held"),
        "stopped",
    )


def test_a_broken_law_fails_the_test() -> None:
    with (
        pytest.raises(kit.LawsBroken, match="one_life_at_a_time"),
        kit.run(perch()) as k,
    ):
        k.log.witness(LifeEnded("/nobody", 1, Killed()))


async def test_a_test_inside_trio_has_the_same_probe(autojump_clock: MockClock) -> None:
    async with kit.open(perch()) as k:
        await k.crash("/tg", OSError())
        await k.advance(1)
        assert await k.ask("/tg", Said()) == []
        assert k.delays("/tg")


async def test_inside_trio_needs_a_virtual_clock() -> None:
    with pytest.raises(NotVirtual, match="autojump_clock"):
        async with kit.open(perch()):
            pass


async def test_the_plain_kit_is_not_for_inside_trio() -> None:
    with pytest.raises(InsideTrio, match=r"kit\.open"), kit.run(perch()):
        pass


def test_a_step_after_the_block_says_that_it_is_over() -> None:
    with kit.run(perch()) as k:
        pass
    with pytest.raises(Over, match="inside the `with` block"):
        k.advance(1.0)


def test_an_interrupt_leaves_nothing_behind() -> None:
    with pytest.raises(KeyboardInterrupt), kit.run(perch()):
        raise KeyboardInterrupt
    assert "rookery-kit" not in {thread.name for thread in threading.enumerate()}
