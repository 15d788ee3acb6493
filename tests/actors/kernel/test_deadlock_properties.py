"""No ring of waiting actors ever hangs, and no wait that is no part of one is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from random import Random
from typing import TypeAlias

import trio
import trio.testing
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kernel import (
    Actor,
    ActorContext,
    ActorDown,
    Address,
    ExitReason,
    Incarnation,
    Mailbox,
    MailboxFull,
    Query,
    Shutdown,
    System,
    WouldDeadlock,
)
from tests.actors.kernel.keeper import Do, Doer, Gate, Get, Order, settle

WITHIN = 60.0
"""No wait may last that long: nothing here takes any time at all."""


def on_a_clock_that_must_not_move(main: Callable[[], Awaitable[None]]) -> None:
    """Run *main*; whoever waited for a deadline moved the clock."""

    async def timed() -> None:
        began = trio.current_time()
        await main()
        assert trio.current_time() == began

    trio.run(timed, clock=trio.testing.MockClock(autojump_threshold=0))


def check_ring(system: System, who: str, error: WouldDeadlock) -> None:
    """Whoever is named does wait for the next; the first step is the one refused."""
    assert error.path[0] == error.path[-1] == who
    assert len(set(error.path)) == len(error.path) - 1
    for waiting, awaited in pairwise(error.path[1:]):
        assert awaited in system.snapshot(waiting).waits_for


# --- rings ------------------------------------------------------------------------------


@frozen
class Link:
    """How one actor of a ring waits for the next, and where."""

    how: str
    where: str


links = st.builds(
    Link,
    st.sampled_from(["ask", "send", "both"]),
    st.sampled_from(["handle", "handle", "start", "stop"]),
)


class Member(Doer):
    """Waits for the next in its ring when its gate opens."""

    def __init__(self, link: Link, wait: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.link = link
        self.wait = wait

    async def start(self, ctx: ActorContext) -> None:
        if self.link.where == "start":
            await self.wait()

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        if self.link.where == "stop":
            await self.wait()


@given(
    ring=st.lists(links, min_size=1, max_size=7),
    capacity=st.integers(1, 3),
    order=st.randoms(use_true_random=False),
)
def test_a_ring_of_any_length_is_refused_once_and_by_name(
    ring: list[Link], capacity: int, order: Random
) -> None:
    """K7: whoever closes it is told; the others then get what they waited for."""

    async def main() -> None:
        refused: list[WouldDeadlock] = []
        gates = [Gate() for _ in ring]

        class Small(Member):
            mailbox = Mailbox(capacity)

        async with System(Doer) as system, trio.open_nursery() as nursery:
            top = system.find("/").cell
            cells = [top.adopt(f"m{n}") for n in range(len(ring))]
            members = [system.find(cell.path, Doer) for cell in cells]
            top.adopt("idle").launch(Doer)
            idle = system.find("/idle", Doer)

            def waiting(n: int) -> Callable[[], Awaitable[None]]:
                following = members[(n + 1) % len(ring)]

                async def wait() -> None:
                    await gates[n].wait()
                    try:
                        await HOW[ring[n].how](following, idle)
                    except* WouldDeadlock as group:
                        for error in group.exceptions:
                            assert isinstance(error, WouldDeadlock)
                            refused.append(error)
                            check_ring(system, f"/m{n}", error)
                    except* ActorDown:
                        assert ring[(n + 1) % len(ring)].where == "stop"

                return wait

            for n, link in enumerate(ring):
                wait = waiting(n)
                life = cells[n].launch(partial(Small, link, wait))
                await settle()
                if link.where == "handle":
                    members[n].tell(Do(partial(later, wait)))
                elif link.where == "stop":
                    life.request_stop(Shutdown("test"))
                    nursery.start_soon(rest_afterwards, life)
                await gates[n].reached.wait()
            for member in members:
                for _ in range(capacity):
                    member.tell("filler")
            shuffled = list(gates)
            order.shuffle(shuffled)
            for gate in shuffled:
                gate.open()
            await settle()

            assert len(refused) == 1
            named = refused[0].path[:-1]
            first = int(named[0].removeprefix("/m"))
            assert named == tuple(
                f"/m{(first + n) % len(ring)}" for n in range(len(ring))
            )
            assert all(not cell.waits for cell in cells)

    on_a_clock_that_must_not_move(main)


def later(wait: Callable[[], Awaitable[None]], *_: object) -> Awaitable[None]:
    return wait()


async def rest_afterwards(life: Incarnation) -> None:
    """What a supervisor does: nobody comes back, so nobody shall wait."""
    life.cell.rest(await life.ended())


async def ask(following: Address[Order], _: Address[Order]) -> None:
    await following.ask(Get(lambda *_: "fine"), within=WITHIN)


async def send(following: Address[Order], _: Address[Order]) -> None:
    await following.send("one more", within=WITHIN)


async def both(following: Address[Order], idle: Address[Order]) -> None:
    """Need two things at once, of which one is no trouble: an AND-graph."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, idle, idle)
        nursery.start_soon(send, following, idle)


HOW = {"ask": ask, "send": send, "both": both}


# --- any graph ------------------------------------------------------------------------------


@frozen(eq=False)
class Job(Query[None]):
    """Do what your program says, unless the chain is long enough already."""

    left: int


Step: TypeAlias = tuple[str, int]
"""What to do, and to which actor."""

programs = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(
            st.tuples(
                st.sampled_from(["ask", "ask", "send", "send", "tell", "beside"]),
                st.integers(0, 4),
            ),
            max_size=4,
        ),
    ),
    min_size=5,
    max_size=5,
)


@given(
    programs=programs,
    capacity=st.integers(1, 3),
    entries=st.lists(st.integers(0, 4), min_size=1, max_size=8),
)
@settings(max_examples=200)
def test_any_graph_gets_on_and_only_its_rings_are_refused(
    programs: list[tuple[bool, list[Step]]], capacity: int, entries: list[int]
) -> None:
    """K7: handlers that ask, send and tell, one after another or all at once.

    A task beside the handler asks, too: it blocks nobody, so it closes no ring.
    """
    refused: list[WouldDeadlock] = []

    async def main() -> None:
        budget = 150

        class Node(Actor[Job]):
            mailbox = Mailbox(capacity)

            def __init__(self, at: int) -> None:
                self.at_once, self.program = programs[at]

            async def start(self, ctx: ActorContext) -> None:
                self.nursery = await ctx.enter(trio.open_nursery())

            async def handle(self, ctx: ActorContext, job: Job) -> None:
                if job.left:
                    async with trio.open_nursery() as nursery:
                        for how, target in self.program:
                            if self.at_once:
                                nursery.start_soon(self.do, ctx, how, target, job)
                            else:
                                await self.do(ctx, how, target, job)
                ctx.answer(job, None)

            async def do(
                self, ctx: ActorContext, how: str, at: int, because_of: Job
            ) -> None:
                nonlocal budget
                if budget == 0:
                    return
                budget -= 1
                job = Job(because_of.left - 1)
                try:
                    match how:
                        case "ask":
                            await nodes[at].ask(job, within=WITHIN)
                        case "send":
                            await nodes[at].send(job, within=WITHIN)
                        case "tell":
                            with suppress(MailboxFull):
                                nodes[at].tell(job)
                        case _:
                            self.nursery.start_soon(enter, nodes[at], job)
                except WouldDeadlock as error:
                    check_ring(ctx.system, ctx.path, error)
                    refused.append(error)

        async def enter(node: Address[Job], job: Job) -> None:
            await node.ask(job, within=WITHIN)

        async with System(Doer) as system:
            top = system.find("/").cell
            nodes: list[Address[Job]] = []
            for at in range(5):
                top.adopt(str(at)).launch(partial(Node, at))
                nodes.append(system.find(f"/{at}", Node))
            async with trio.open_nursery() as nursery:
                for at in entries:
                    nursery.start_soon(enter, nodes[at], Job(4))
            await settle()
            for at in range(5):
                seen = system.snapshot(f"/{at}")
                assert (seen.incarnation, seen.phase) == (1, "running")
                assert (seen.depth, seen.in_hand, seen.waits_for) == (0, "", ())

    on_a_clock_that_must_not_move(main)
    waits = {
        at: {target for how, target in program if how in {"ask", "send"}}
        for at, (_, program) in enumerate(programs)
    }
    for error in refused:
        ring = [int(path.removeprefix("/")) for path in error.path]
        assert all(b in waits[a] for a, b in pairwise(ring))
    if not has_ring(waits):
        assert refused == []


def has_ring(waits: dict[int, set[int]]) -> bool:
    """Take away whoever waits for nobody, until nobody or only rings are left."""
    left = dict(waits)
    while free := [at for at, targets in left.items() if not targets & left.keys()]:
        for at in free:
            del left[at]
    return bool(left)
