"""What a decision costs: not more among many children than among few. Counted, not timed."""

from __future__ import annotations

import sys
from types import FrameType
from typing import NoReturn

import pytest

from actors.kernel import Killed
from supervision import (
    DYNAMIC,
    FOREVER,
    ONE_FOR_ONE,
    Backoff,
    ChildSpec,
    CountChildren,
    Instance,
    Jitter,
    RestartNow,
    StartChild,
    Strategy,
    Supervisor,
    TerminateChild,
)
from supervision.events import Called, Exited, LaneEvent, TimerFired
from supervision.state import Child
from tests.supervision.core_world import CoreWorld
from tests.supervision.plans import start

STEADY = Backoff(jitter=Jitter.NONE, give_up=FOREVER)


class Unwalked(dict[str, Child]):
    """The children, which nobody may go through: in C that is one opcode."""

    def _refuse(self, *_: object) -> NoReturn:
        raise AssertionError("somebody goes through all children")

    __iter__ = __reversed__ = keys = values = items = copy = __or__ = _refuse


class Opcodes:
    """Counts what the interpreter does in the rooms of the core."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Opcodes | None:
        if "/supervision/" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        self.count += event == "opcode"
        return self


def opcodes_of(event: LaneEvent, world: CoreWorld) -> int:
    """Return how many opcodes it takes to decide *event* and all outcomes."""
    opcodes = Opcodes()
    world.core.children = Unwalked(world.core.children)
    decide, before = world.decide, sys.gettrace()

    def watched(*args: object) -> object:
        sys.settrace(opcodes)
        try:
            return decide(*args)  # type: ignore[arg-type]  # as they came
        finally:
            sys.settrace(before)

    world.decide = watched  # type: ignore[assignment]  # the same, watched
    world.checks = False
    world.tell(event)
    return opcodes.count


def among(size: int, strategy: Strategy, backoff: Backoff | None) -> CoreWorld:
    template = ChildSpec("t", start, backoff=backoff)
    children = [template] if strategy is DYNAMIC else []
    world = CoreWorld(Supervisor(strategy, children, max_restarts=9))
    for number in range(size):
        spec = ChildSpec(f"c{number}", start, backoff=backoff)
        instance = Instance(f"c{number}")
        world.ask(StartChild(instance if strategy is DYNAMIC else spec))
    return world


@pytest.mark.parametrize(
    ("backoff", "what"),
    [
        *((None, what) for what in ("exit", "start", "end", "count")),
        *((STEADY, what) for what in ("exit", "wake", "wake by hand", "end")),
    ],
)
@pytest.mark.parametrize("strategy", [ONE_FOR_ONE, DYNAMIC])
def test_deciding_costs_the_same_among_few_children_and_many(
    strategy: Strategy, backoff: Backoff | None, what: str
) -> None:
    """S9."""
    costs = []
    for size in (2, 300):
        world = among(size, strategy, backoff)
        event: LaneEvent = Exited("c1", world.alive["c1"], Killed())
        named = Instance("c1") if strategy is DYNAMIC else "c1"
        match what:
            case "wake" | "wake by hand":
                world.kill("c1")
                world.work()
                event = TimerFired(world.core.children["c1"].generation)
                if what == "wake by hand":
                    event = Called(RestartNow("c1"), None)
            case "start":
                new = (
                    Instance("new") if strategy is DYNAMIC else ChildSpec("new", start)
                )
                event = Called(StartChild(new), None)
            case "end":
                event = Called(TerminateChild(named), None)
            case "count":
                event = Called(CountChildren(), None)
            case _:
                del world.alive["c1"]
        costs.append(opcodes_of(event, world))
    assert costs[0] == costs[1] > 0
