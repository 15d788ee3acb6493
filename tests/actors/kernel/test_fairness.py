"""T16: an actor that is always busy starves nobody. Counted in scheduler passes, not in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest
import trio
import trio.testing

from actors.kernel import ActorContext, Blocked, System, Watchdog
from actors.kernel.incarnation import MAX_TURN_SECONDS, MAX_TURNS
from tests.actors.kernel.keeper import Do, Doer, Get, doer, house, settle


class Stopwatch:
    """Time that passes by *step* whenever somebody looks."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize(
    ("step", "most"),
    [(0.0, MAX_TURNS), (MAX_TURN_SECONDS / 4, 5), (MAX_TURN_SECONDS * 2, 1)],
)
async def test_a_busy_actor_lets_others_run(step: float, most: int) -> None:
    """K8, T16: at most 32 messages or 1 ms between two checkpoints."""
    handled = 0
    between: list[int] = []

    class Busy(Doer):
        async def start(self, ctx: ActorContext) -> None:
            self.again = Do(self.work)

        def work(self, _: Doer, ctx: ActorContext) -> None:
            nonlocal handled
            handled += 1
            ctx.system.find("/", Busy).tell(self.again)

    async with System(Busy, stopwatch=Stopwatch(step)) as system:
        actor = system.find("/", Busy)
        actor.tell(Do(lambda me, ctx: actor.tell(me.again)))  # type: ignore[attr-defined]  # it is a Busy
        for _ in range(50):
            await trio.lowlevel.checkpoint()
            between.append(handled)
            handled = 0

    # In one pass of the loop either of two tasks may come first.
    assert max(between) <= 2 * most
    assert 0 < sum(between) <= 51 * most


@pytest.mark.parametrize(
    ("step", "most"), [(0.0, MAX_TURNS), (MAX_TURN_SECONDS * 2, 1)]
)
async def test_an_actor_whose_mail_all_expired_lets_others_run(
    step: float, most: int, autojump_clock: trio.testing.MockClock
) -> None:
    """K8, T16: what is thrown away costs time, too, so it counts as what is handled does."""
    diary: list[object] = []
    async with house(stopwatch=Stopwatch(step)) as home:
        actor = await home.keep("a", lambda: doer(capacity=500)(diary))
        front = await home.keep("front", Doer)
        await home.system.suspend(actor)

        def flood(*_: object) -> None:
            for number in range(499):
                actor.tell(number)

        await front.ask(Get(flood), within=1)
        await trio.sleep(5)
        actor.tell("fresh")
        home.system.resume(actor)
        depths = [actor.cell.depth]
        while depths[-1]:
            await trio.lowlevel.checkpoint()
            depths.append(actor.cell.depth)

        # In one pass of the loop either of two tasks may come first.
        assert max(before - after for before, after in pairwise(depths)) <= 2 * most
        await settle()
        assert diary == ["fresh"]
        assert home.cell("a").handled == 1


async def test_twenty_busy_actors_all_get_on() -> None:
    """T16: after the same number of passes, all have done the same."""
    counts = [0] * 20

    def churn(number: int, actor: Callable[[], object]) -> Do:
        def work(_: Doer, ctx: ActorContext) -> None:
            counts[number] += 1
            ctx.system.find(ctx.path, Doer).tell(again)

        again = Do(work)
        return again

    async with System(Doer, stopwatch=lambda: 0.0) as system:
        cells = [system.find("/").cell.adopt(str(n)) for n in range(20)]
        for number, cell in enumerate(cells):
            cell.launch(Doer)
            system.find(f"/{number}", Doer).tell(churn(number, Doer))
        for _ in range(100):
            await trio.lowlevel.checkpoint()
        system.kill()

    assert min(counts) > 0
    assert max(counts) - min(counts) <= 2 * MAX_TURNS


# --- T17 --------------------------------------------------------------------------------


async def test_a_handler_that_blocks_the_loop_is_named_while_it_blocks() -> None:
    """T17: actor, message and line; the report itself is what ends the block."""
    reported: list[Blocked] = []
    seen = threading.Event()

    def report(blocked: Blocked) -> None:
        reported.append(blocked)
        seen.set()

    def hog(*_: object) -> None:
        assert seen.wait(30), "nobody noticed"

    async with house() as home:
        actor = await home.keep("hog", Doer)
        with Watchdog(report, limit_seconds=0.02):
            await actor.ask(Get(hog), within=60)

    named = [blocked for blocked in reported if blocked.actor]
    assert (named[0].actor, named[0].message) == ("/hog", "Get")
    assert named[0].seconds == 0.02
    assert "threading.py" in named[0].line


async def test_what_blocks_the_loop_outside_any_actor_is_named_by_its_line() -> None:
    """T17."""
    reported: list[Blocked] = []
    seen = threading.Event()

    def report(blocked: Blocked) -> None:
        reported.append(blocked)
        seen.set()

    with Watchdog(report, limit_seconds=0.02):
        assert seen.wait(30)

    assert reported[0].actor == ""
    assert reported[0].message == ""


async def test_a_report_that_fails_ends_no_watch() -> None:
    """T17: the next one that blocks is named all the same."""
    seen = [threading.Event(), threading.Event()]

    def report(blocked: Blocked) -> None:
        for event in seen:
            if not event.is_set():
                event.set()
                break
        raise BrokenPipeError

    with Watchdog(report, limit_seconds=0.02):
        for event in seen:
            assert event.wait(30), "nobody watches any more"
            await trio.sleep(0.05)


async def test_an_idle_loop_is_not_reported() -> None:
    """T17: idleness is what sank trio's own attempt. The watcher asks; an idle loop answers.

    It has asked at least three times when this ends, whatever the machine's speed.
    """
    reported: list[Blocked] = []
    watchdog = Watchdog(reported.append, limit_seconds=0.01)
    answered = 0

    class Counting(threading.Event):
        def set(self) -> None:
            nonlocal answered
            answered += 1
            super().set()
            if answered == 3:
                enough.set()

    enough = trio.Event()
    watchdog._alive = Counting()
    async with house() as home:
        await home.keep("idle", Doer)
        with watchdog:
            await enough.wait()

    assert [blocked for blocked in reported if blocked.actor] == []


async def test_a_thread_takes_no_virtual_time() -> None:
    """T19: with a clock that only we move, a slow thread meets no timeout."""
    answers: list[object] = []
    go = threading.Event()

    def main() -> None:
        async def run() -> None:
            async with house() as home:
                actor = await home.keep("a", Doer)

                async def in_thread(*_: object) -> object:
                    return await trio.to_thread.run_sync(go.wait)

                async with trio.open_nursery() as nursery:

                    async def ask() -> None:
                        answers.append(await actor.ask(Get(in_thread), within=0.001))

                    nursery.start_soon(ask)
                    for _ in range(20):
                        await trio.lowlevel.checkpoint()
                    go.set()

        trio.run(run, clock=trio.testing.MockClock())

    await trio.to_thread.run_sync(main)
    assert answers == [True]
