"""A tree leaves in order, each part within its deadline, the whole within one. T6, T11.

The model says for any tree when each life ends and how; the real tree must agree to the
instant, also when somebody loses patience on the way and kills everything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from math import inf
from typing import TypeAlias

import pytest
import trio
import trio.testing
from attrs import evolve, field, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from actors.kernel import (
    Actor,
    ActorContext,
    ExitReason,
    Incarnation,
    Killed,
    Shutdown,
    System,
    Zombie,
)
from supervision import BRUTAL, FOREVER, ONE_FOR_ONE, ChildSpec, Supervisor
from supervision.crew import seconds_of
from supervision.values import Brutal, Grace

KILL_WAIT = 2.0


@frozen
class Leaf:
    """A worker. `takes` seconds to stop; `inf` refuses even to be killed."""

    takes: float
    grace: Grace
    name: str = ""


def _as_tuple(nodes: Iterable[Leaf | Branch]) -> tuple[Leaf | Branch, ...]:
    return tuple(nodes)


@frozen
class Branch:
    """A supervisor."""

    children: tuple[Node, ...] = field(converter=_as_tuple)
    grace: Grace
    name: str = ""


Node: TypeAlias = Leaf | Branch

graces: st.SearchStrategy[Grace] = st.sampled_from([0.5, 2.5, 6.0, BRUTAL, FOREVER])
leaf = st.builds(Leaf, st.sampled_from([0.0, 1.0, 3.0, 9.0, inf]), graces)
branch = st.builds(Branch, st.lists(leaf, max_size=3), graces)
tree = st.builds(
    Branch, st.lists(st.one_of(leaf, branch), max_size=4), st.just(FOREVER)
)


def named(node: Node, path: str, index: Iterator[int]) -> Node:
    """Give everything a path, and durations of its own: no two instants coincide."""
    apart = next(index) / 1000
    grace = node.grace
    if isinstance(grace, float):
        grace += apart
    if isinstance(node, Leaf):
        takes = node.takes + apart / 7 if node.takes else 0.0
        return evolve(node, name=path, grace=grace, takes=takes)
    below = f"{path.rstrip('/')}/"
    children = [
        named(child, f"{below}{n}", index) for n, child in enumerate(node.children)
    ]
    return evolve(node, name=path, grace=grace, children=children)


# --- the model --------------------------------------------------------------------------


class Model:
    """When each life ends and how, and when each worker is asked to stop."""

    def __init__(self) -> None:
        self.ends: dict[str, tuple[float, type[ExitReason]]] = {}
        self.asked: dict[str, float] = {}
        self.branches: set[str] = set()

    def stop(self, node: Node, now: float, killed_at: float) -> float:
        """Stop *node*, which happens at *now*; at *killed_at* all is killed from above."""
        alone = now + seconds_of(node.grace)
        if isinstance(node, Branch):
            return self._stop_branch(node, now, min(alone, killed_at))
        if node.takes == inf:
            if alone + KILL_WAIT < killed_at:
                return self._ends(node, alone + KILL_WAIT, Zombie)
            return self._ends(node, killed_at + KILL_WAIT, Zombie)
        if not isinstance(node.grace, Brutal):
            self.asked[node.name] = now
            if now + node.takes < min(alone, killed_at):
                return self._ends(node, now + node.takes, Shutdown)
        return self._ends(node, min(alone, killed_at), Killed)

    def _stop_branch(self, node: Branch, now: float, killed_at: float) -> float:
        for child in reversed(node.children):
            if now < killed_at:
                now = self.stop(child, now, killed_at)
            else:
                now = max(now, self._kill(child, killed_at))
        return self._ends(node, now, Shutdown if now < killed_at else Killed)

    def _kill(self, node: Node, at: float) -> float:
        if isinstance(node, Branch):
            now = max([at, *(self._kill(child, at) for child in node.children)])
            return self._ends(node, now, Killed)
        if node.takes == inf:
            return self._ends(node, at + KILL_WAIT, Zombie)
        return self._ends(node, at, Killed)

    def _ends(self, node: Node, at: float, how: type[ExitReason]) -> float:
        self.ends[node.name] = (at, how)
        if isinstance(node, Branch):
            self.branches.add(node.name)
        return at


# --- the real thing -----------------------------------------------------------------------


class Worker(Actor[str]):
    """As its leaf says. One that refuses hangs over a message, and hears of nothing."""

    def __init__(self, leaf: Leaf, world: World) -> None:
        self.leaf = leaf
        self.world = world

    async def start(self, ctx: ActorContext) -> None:
        if self.leaf.takes == inf:
            ctx.find(ctx.path, Worker).tell("hang")

    async def handle(self, ctx: ActorContext, message: str) -> None:
        with trio.CancelScope(shield=True):
            await self.world.over.wait()

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        self.world.asked[self.leaf.name] = trio.current_time()
        await trio.sleep(self.leaf.takes)


class World:
    """What really happened."""

    def __init__(self) -> None:
        self.over = trio.Event()
        self.asked: dict[str, float] = {}
        self.ends: dict[str, tuple[float, type[ExitReason]]] = {}

    def supervisor(self, node: Branch) -> Supervisor:
        return Supervisor(ONE_FOR_ONE, map(self._spec, node.children))

    def _spec(self, node: Node) -> ChildSpec:
        child = node.name.rsplit("/", 1)[1]
        if isinstance(node, Branch):
            return ChildSpec(child, self.supervisor(node), shutdown=node.grace)
        return ChildSpec(child, lambda: Worker(node, self), shutdown=node.grace)

    @asynccontextmanager
    async def not_for_ever(self) -> AsyncIterator[None]:
        """At the end who refused gives in: a system cannot be left before."""
        try:
            yield
        finally:
            self.over.set()

    async def see_the_end(self, life: Incarnation) -> None:
        how = type(await life.ended())
        self.ends[life.cell.path] = (trio.current_time(), how)


@given(
    tree=tree,
    stop_within=st.sampled_from([1.0, 4.0, 12.0, 40.0]),
    patience=st.sampled_from([inf, inf, 0.0, 0.3, 2.7, 5.1, 11.0]),
)
@example(
    Branch([Leaf(inf, 2.5), Leaf(inf, 2.5), Leaf(inf, 2.5)], FOREVER), 40.0, 0.3
).via("each of them had a kill_wait of its own")
def test_a_tree_leaves_in_order_and_in_time(
    tree: Branch, stop_within: float, patience: float
) -> None:
    """`patience`: seconds until `System.kill`, as at a second signal."""
    top = named(tree, "/", iter(range(100)))
    assert isinstance(top, Branch)
    stop_within += 0.00003
    patience += 0.00005
    model, world = Model(), World()
    model.stop(top, 0.0, min(stop_within, patience))
    total = model.ends["/"][0]
    assert total <= min(stop_within, patience) + KILL_WAIT

    async def main() -> None:
        world.over = trio.Event()
        system = System(
            world.supervisor(top).actor, stop_within=stop_within, kill_wait=KILL_WAIT
        )
        async with trio.open_nursery() as nursery, system, world.not_for_ever():
            await trio.testing.wait_all_tasks_blocked()
            began = trio.current_time()
            for cell in tuple(system.cells.values()):
                assert cell.incarnation is not None
                nursery.start_soon(world.see_the_end, cell.incarnation)

            async def lose_patience() -> None:
                await trio.sleep(patience)
                system.kill()

            nursery.start_soon(lose_patience)
            reason = await system.stop(Shutdown("test"))
            assert trio.current_time() - began == pytest.approx(total)
            await trio.testing.wait_all_tasks_blocked()
            assert type(reason) is world.ends["/"][1]
            check(model, world, began)
            nursery.cancel_scope.cancel(reason="seen enough")

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def check(model: Model, world: World, began: float) -> None:
    assert world.ends.keys() == model.ends.keys()
    for path, (at, how) in model.ends.items():
        really_at, really = world.ends[path]
        assert really_at - began == pytest.approx(at), path
        # A supervisor whose child refuses to die is given up in the same instant.
        undecided = how is Killed and path in model.branches
        assert really is how or (undecided and really is Zombie), path
    assert world.asked.keys() == model.asked.keys()
    for path, at in model.asked.items():
        assert world.asked[path] - began == pytest.approx(at), path
