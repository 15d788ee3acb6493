"""Plans that hypothesis writes: all of them possible, and shrunk to what matters."""

from __future__ import annotations

import contextlib
from random import Random

import pytest
import trio
from attrs import frozen
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.kernel import Actor, ActorContext, ActorError, Point, StartupFailed, System
from supervision import DYNAMIC, FOREVER, Backoff, ChildSpec, Supervisor
from supervision.chaos import (
    Chaos,
    ChaosHooks,
    Drops,
    Duplicates,
    Effect,
    Kills,
    fault_wrongs,
)
from supervision.chaos.strategies import paths_of, plans


@frozen
class Pay:
    """Book it once."""

    number: int


class Ledger(Actor[Pay]):
    """Knows what it has booked, as long as it lives: the mistake to be found."""

    def __init__(self, booked: list[int]) -> None:
        self.booked = booked
        self.known: set[int] = set()

    async def handle(self, _: ActorContext, message: Pay) -> None:
        if message.number not in self.known:
            self.known.add(message.number)
            self.booked.append(message.number)
        await trio.sleep(0.5)


def tree(booked: list[int]) -> Supervisor:
    ledger = ChildSpec(
        "ledger", lambda: Ledger(booked), backoff=Backoff(first=0.1, give_up=FOREVER)
    )
    return Supervisor(children=[ledger])


def books_twice(plan: Chaos) -> bool:
    booked: list[int] = []

    async def main() -> None:
        hooks = ChaosHooks(plan, block=lambda _: None)
        async with System(tree(booked).actor, seed=1, hooks=hooks) as system:
            for number in range(4):
                with contextlib.suppress(ActorError):
                    system.find("/ledger", Ledger).tell(Pay(number))
                await trio.sleep(0.4)
            await trio.sleep(3.0)

    with contextlib.suppress(StartupFailed), capture_logs():
        trio.run(main, clock=MockClock(autojump_threshold=0))
    return len(set(booked)) < len(booked)


def test_a_failing_plan_shrinks_to_the_two_faults_that_it_takes() -> None:
    kinds: tuple[type[Effect], ...] = (Drops, Duplicates, Kills)
    minimal = find(
        plans(
            tree([]),
            effects=kinds,
            points=(Point.DELIVER, Point.AFTER_HANDLE),
            max_size=4,
        ),
        books_twice,
        settings=settings(
            max_examples=300,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
        ),
        random=Random(6),
    )

    assert len(minimal.faults) == 2
    effects = [fault.effect for fault in minimal.faults]
    assert any(isinstance(each, Duplicates) for each in effects)
    assert any(isinstance(each, Kills) for each in effects)


@pytest.mark.parametrize("seed", range(3))
def test_a_fault_that_does_not_matter_is_taken_out(seed: int) -> None:
    """Wherever in the plan it stands: a list alone is not always cut in its middle."""

    def matters(plan: Chaos) -> bool:
        effects = {type(fault.effect) for fault in plan.faults}
        return {Kills, Duplicates} <= effects

    minimal = find(
        plans(tree([])),
        matters,
        settings=settings(
            max_examples=3000,
            database=None,
            phases=(Phase.generate, Phase.shrink),
        ),
        random=Random(seed),
    )

    assert len(minimal.faults) == 2


@settings(max_examples=50)
@given(st.data())
def test_every_plan_is_possible_and_about_the_tree(data: st.DataObject) -> None:
    house = Supervisor(
        children=[
            ChildSpec("a", lambda: Ledger([])),
            ChildSpec("b", tree([])),
            ChildSpec(
                "c",
                Supervisor(DYNAMIC, children=[ChildSpec("t", lambda: Ledger([]))]),
            ),
        ]
    )
    paths = paths_of(house)
    assert paths == ["/a", "/b", "/b/ledger", "/c", "/c/*"]
    plan = data.draw(plans(house, max_size=4))
    assert len(plan.faults) <= 4
    for fault in plan.faults:
        assert fault.path in paths
        wrongs = fault_wrongs(
            fault.point,
            fault.effect,
            path=fault.path,
            message=fault.message,
            when=fault.when,
        )
        assert list(wrongs) == []


@pytest.mark.parametrize(
    "nowhere",
    [
        plans(Supervisor()),
        plans(["/a"], effects=[Drops], points=[Point.START]),
    ],
)
def test_where_nothing_can_go_wrong_plans_are_empty(
    nowhere: st.SearchStrategy[Chaos],
) -> None:
    assert find(nowhere, lambda _: True).faults == ()
