"""Nobody starves: what one actor does in one go is bounded, however much it has to do. T16.

Counted in messages and in what an injected stopwatch says, never in real time.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import cycle

import trio
import trio.abc
import trio.testing
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel import (
    Actor,
    ActorContext,
    AskTimeout,
    System,
)
from actors.kernel.incarnation import MAX_TURN_SECONDS, MAX_TURNS
from tests.actors.kernel.keeper import Doer, Gate, Get, doer, house, settle

COSTS = [0.0, MAX_TURN_SECONDS / 64, MAX_TURN_SECONDS * 0.3, MAX_TURN_SECONDS * 2]


@frozen
class Again:
    """Keeps its actor busy: whoever gets it sends it to itself."""


class Steps(trio.abc.Instrument):
    """What each task did in each of its steps: the cost of every message, in order."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step: list[float] = []
        self.steps: dict[trio.lowlevel.Task, list[list[float]]] = {}

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.step = []

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if self.step:
            self.steps.setdefault(task, []).append(self.step)

    def spend(self, seconds: float) -> None:
        self.now += seconds
        self.step.append(seconds)


@given(
    costs=st.lists(
        st.lists(st.sampled_from(COSTS), min_size=1, max_size=5),
        min_size=1,
        max_size=5,
    ),
    notices=st.booleans(),
)
def test_busy_actors_let_others_run_after_32_messages_or_a_millisecond(
    costs: list[list[float]], notices: bool
) -> None:
    """K8: however many there are, and whatever their messages cost.

    `notices`: half of them come through the system lane.
    """
    steps = Steps()

    class Busy(Actor[Again]):
        def __init__(self, mine: list[float]) -> None:
            self.mine = cycle(mine)
            self.by_notice = cycle([False, notices])

        async def handle(self, ctx: ActorContext, message: Again) -> None:
            steps.spend(next(self.mine))
            if next(self.by_notice):
                ctx.self.cell.notify(message)
            else:
                ctx.find(ctx.path, Busy).tell(message)

    async def main() -> None:
        async with System(Doer, stopwatch=lambda: steps.now) as system:
            cells = [system.find("/").cell.adopt(str(n)) for n in range(len(costs))]
            for cell, mine in zip(cells, costs, strict=True):
                cell.launch(partial(Busy, mine))
                system.find(cell.path, Busy).tell(Again())
            await trio.lowlevel.checkpoint()
            for _ in range(6):
                before = [cell.handled for cell in cells]
                await trio.lowlevel.checkpoint()
                await trio.lowlevel.checkpoint()
                # A pass of the loop has one step for each: all got on.
                assert all(
                    cell.handled > n for cell, n in zip(cells, before, strict=True)
                )
            system.kill()

    trio.run(
        main,
        clock=trio.testing.MockClock(autojump_threshold=0),
        instruments=[steps],
    )
    assert len(steps.steps) == len(costs)
    for each in steps.steps.values():
        for step in each:
            assert len(step) <= MAX_TURNS
            assert sum(step[:-1]) < MAX_TURN_SECONDS
        for step in each[:-1]:  # nor does it let go for nothing
            assert len(step) == MAX_TURNS or sum(step) >= MAX_TURN_SECONDS


KINDS = st.sampled_from(["send", "send", "ask", "gives up", "asks too long"])


@given(
    capacity=st.sampled_from([1, 2, 3, 64]),
    parked=st.lists(KINDS, max_size=80),
    cost=st.sampled_from(COSTS),
)
def test_who_waits_for_room_gets_it_in_order_and_soon(
    capacity: int, parked: list[str], cost: float
) -> None:
    """The n-th that still waits is handled n-th after what was in the mailbox.

    Nothing but them keeps the actor going, so nobody may be forgotten outside.
    """
    spent = 0.0

    async def main() -> None:
        diary: list[object] = []
        gate = Gate()

        class Spender(doer(capacity=capacity)):  # type: ignore[misc]  # made to order
            async def handle(self, ctx: ActorContext, message: object) -> None:
                nonlocal spent
                spent += cost
                await super().handle(ctx, message)

        async def park(n: int, kind: str) -> None:
            match kind:
                case "send":
                    await actor.send(n, within=100)
                case "gives up":
                    with trio.move_on_after(1):
                        await actor.send(n, within=100)
                case "ask":
                    await actor.ask(Get(lambda *_: diary.append(n)), within=100)
                case _:
                    with suppress(AskTimeout):
                        await actor.ask(Get(lambda *_: diary.append(n)), within=1)

        async with house(stopwatch=lambda: spent) as home:
            actor = await home.keep("a", lambda: Spender(diary))
            actor.tell(gate.order)
            await gate.reached.wait()
            for n in range(capacity):
                actor.tell(-n)
            async with trio.open_nursery() as nursery:
                for n, kind in enumerate(parked, 1):
                    nursery.start_soon(park, n, kind)
                    await settle()
                await trio.sleep(2)
                began = trio.current_time()
                gate.open()
            await settle()
            assert trio.current_time() == began
            assert home.cell("a").depth == 0

        patient = [n for n, kind in enumerate(parked, 1) if kind in {"send", "ask"}]
        assert diary == [*(-n for n in range(capacity)), *patient]

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
