"""The wait-for graph: what can never end is named at once, what can is let alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kernel import (
    ActorContext,
    ActorError,
    Address,
    AskTimeout,
    MailboxFull,
    WouldDeadlock,
    tracing,
)
from tests.actors.kernel.keeper import (
    LATER,
    Do,
    Doer,
    Gate,
    Get,
    House,
    Order,
    doer,
    house,
    settle,
)


def ask_on(
    target: Callable[[], Address[Order]], question: Get, errors: list[ActorError]
) -> Get:
    """A question whose handler asks *question* of *target*."""

    async def pass_on(_: Doer, __: ActorContext) -> object:
        try:
            return await target().ask(question, within=30)
        except WouldDeadlock as error:
            errors.append(error)
            return "refused"

    return Get(pass_on)


async def test_asking_oneself_is_named() -> None:
    errors: list[ActorError] = []
    async with house() as home:
        actor = await home.keep("a", Doer)
        await actor.ask(ask_on(lambda: actor, Get(lambda *_: 1), errors), within=1)

    assert str(errors[0]) == (
        "waiting would close the cycle /a -> /a; use tell, or answer first"
    )


@pytest.mark.parametrize("length", [2, 3, 6])
async def test_a_ring_of_questions_is_named_at_once(
    length: int, autojump_clock: trio.testing.MockClock
) -> None:
    errors: list[ActorError] = []
    async with house() as home:
        ring = [await home.keep(f"r{n}", Doer) for n in range(length)]
        question = Get(lambda *_: "never")
        for target in (ring[0], *reversed(ring[1:])):
            question = ask_on(lambda target=target: target, question, errors)  # type: ignore[misc]  # a default binds the loop's value
        began = trio.current_time()

        assert await ring[0].ask(question, within=30) == "refused"
        assert trio.current_time() == began
        names = [f"/r{n}" for n in range(length)]
        assert errors == [errors[0]]
        assert isinstance(errors[0], WouldDeadlock)
        assert errors[0].path == (names[-1], *names)


@pytest.mark.parametrize("capacity", [1, 2])
async def test_a_ring_that_sends_more_than_fits_never_hangs(
    capacity: int, autojump_clock: trio.testing.MockClock
) -> None:
    """Each message makes two for the next: fullness meets itself."""
    named: list[WouldDeadlock] = []
    timed_out: list[MailboxFull] = []
    budget = [200]

    async with house() as home:
        small = doer(capacity=capacity)
        ring = [await home.keep(f"r{n}", small) for n in range(3)]

        def fan_out(at: int) -> Do:
            async def work(_: Doer, __: ActorContext) -> None:
                for _copy in range(2):
                    if budget[0] <= 0:
                        return
                    budget[0] -= 1
                    try:
                        await ring[(at + 1) % 3].send(fan_out((at + 1) % 3), within=30)
                    except WouldDeadlock as error:
                        named.append(error)
                    except MailboxFull as error:
                        timed_out.append(error)

            return Do(work)

        began = trio.current_time()
        ring[0].tell(fan_out(0))
        await settle()

        assert trio.current_time() == began
        assert named
        assert timed_out == []
        assert all(len(set(error.path)) == 3 for error in named)


async def test_who_has_its_answer_waits_no_more() -> None:
    """An answer, then a question back in the same turn: no cycle, `answer first` is true."""
    async with house() as home:
        a = await home.keep("a", Doer)
        b = await home.keep("b", Doer)

        async def answer_then_ask(_: Doer, ctx: ActorContext) -> object:
            ctx.answer(question, "first")
            got.append(await a.ask(Get(lambda *_: "back"), within=5))
            return LATER

        got: list[object] = []
        question = Get(answer_then_ask)
        assert await a.ask(Get(lambda *_: b.ask(question, within=5)), within=5) == (
            "first"
        )
        await settle()

        assert got == ["back"]
        assert home.exits == []


async def test_who_was_let_in_waits_no_more() -> None:
    """A parked sender that has its room is no edge, though it has not run yet."""
    gate = Gate()
    got: list[object] = []
    async with house() as home:
        a = await home.keep("a", Doer)
        b = await home.keep("b", doer(capacity=1))
        b.tell(gate.order)
        await gate.reached.wait()
        b.tell(Do(lambda *_: a.ask(Get(lambda *_: got.append("asked")), within=5)))
        a.tell(Do(lambda *_: b.send("parked", within=5)))
        await settle()
        gate.open()
        await settle()

        assert got == ["asked"]
        assert home.exits == []


@pytest.mark.parametrize("begun_in", ["start", "handle"])
async def test_background_tasks_are_no_nodes(begun_in: str) -> None:
    """What an actor does beside its handler blocks nobody, wherever it was begun."""
    got: list[object] = []

    class Session(Doer):
        async def start(self, ctx: ActorContext) -> None:
            self.nursery = await ctx.enter(trio.open_nursery())
            if begun_in == "start":
                self.nursery.start_soon(self.work)

        async def work(self) -> None:
            await ready.wait()
            got.append(await other.ask(ask_back, within=5))

    ready = trio.Event()
    async with house() as home:
        other = await home.keep("other", Doer)
        me = await home.keep("me", Session)
        ask_back = Get(lambda *_: me.ask(Get(lambda *_: "fine"), within=5))
        if begun_in == "handle":

            def begin(actor: Doer, _: ActorContext) -> None:
                assert isinstance(actor, Session)
                actor.nursery.start_soon(actor.work)

            me.tell(Do(begin))
        ready.set()
        await settle()

        assert got == ["fine"]
        assert home.exits == []


async def test_tasks_a_handler_waits_for_are_part_of_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A handler with a nursery of its own needs all of them: an AND-graph."""
    errors: list[ActorError] = []
    async with house() as home:
        a = await home.keep("a", Doer)
        b = await home.keep("b", Doer)
        idle = await home.keep("idle", Doer)

        async def both(_: Doer, __: ActorContext) -> None:
            async def ask(target: Address[Order], question: Get) -> None:
                await target.ask(question, within=30)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask, idle, Get(lambda *_: 1))
                nursery.start_soon(ask, b, ask_on(lambda: a, Get(lambda *_: 1), errors))

        began = trio.current_time()
        await a.ask(Get(both), within=60)

        assert len(errors) == 1
        assert trio.current_time() == began


async def test_a_trace_of_ones_own_hides_no_deadlock(
    autojump_clock: trio.testing.MockClock,
) -> None:
    errors: list[ActorError] = []
    async with house() as home:
        a = await home.keep("a", Doer)
        b = await home.keep("b", Doer)

        async def traced(_: Doer, __: ActorContext) -> object:
            with tracing("own"):
                return await b.ask(
                    ask_on(lambda: a, Get(lambda *_: 1), errors), within=30
                )

        assert await a.ask(Get(traced), within=60) == "refused"
        assert len(errors) == 1


async def test_a_wait_ends_with_whoever_waited() -> None:
    """A crash, a kill or a cancelled scope leaves no edge behind."""
    async with house() as home:
        a = await home.keep("a", Doer)
        b = await home.keep("b", Doer)
        gate = Gate()

        async def give_up(_: Doer, __: ActorContext) -> None:
            with trio.move_on_after(0):
                await b.ask(Get(gate.wait), within=5)

        a.tell(Do(give_up))
        await settle()
        gate.open()
        await settle()
        assert not home.cell("a").waits

        held = Gate()
        a.tell(Do(lambda *_: b.ask(Get(held.wait), within=5)))
        await settle()
        assert home.system.snapshot("/a").waits_for == ("/b",)
        await home.life("a").kill_and_fence()
        assert not home.cell("a").waits
        held.open()


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12),
    capacity=st.integers(1, 2),
)
def test_any_graph_of_questions_ends_at_once_and_only_cycles_are_refused(
    edges: list[tuple[int, int]], capacity: int
) -> None:
    """Each actor, asked, asks all it points at, in turn. Time never moves."""
    targets = {n: [b for a, b in edges if a == n] for n in range(5)}

    async def main() -> tuple[list[WouldDeadlock], list[AskTimeout]]:
        named: list[WouldDeadlock] = []
        late: list[AskTimeout] = []
        async with house() as home:
            small = doer(capacity=capacity)
            nodes = [await home.keep(f"n{n}", small) for n in range(5)]
            budget = [60]

            def question(at: int) -> Get:
                async def work(_: Doer, __: ActorContext) -> object:
                    for target in targets[at]:
                        if budget[0] <= 0:
                            break
                        budget[0] -= 1
                        try:
                            await nodes[target].ask(question(target), within=30)
                        except WouldDeadlock as error:
                            named.append(error)
                        except AskTimeout as error:
                            late.append(error)
                    return None

                return Get(work)

            began = trio.current_time()
            async with trio.open_nursery() as nursery:
                for n in range(5):
                    nursery.start_soon(ask, nodes[n], question(n))
            assert trio.current_time() == began
            check_quiet(home)
        return named, late

    named, late = trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert late == []
    if not has_cycle(targets):
        assert named == []
    for error in named:
        ring = [int(path.removeprefix("/n")) for path in error.path]
        assert ring[0] == ring[-1]
        assert all(b in targets[a] for a, b in pairwise(ring))


async def ask(node: Address[Order], question: Get) -> None:
    await node.ask(question, within=60)


def check_quiet(home: House) -> None:
    assert home.exits == []
    for path in home.system.cells:
        assert home.system.snapshot(path).waits_for == ()


def has_cycle(targets: dict[int, list[int]]) -> bool:
    done: set[int] = set()

    def visit(node: int, path: tuple[int, ...]) -> bool:
        if node in path:
            return True
        if node in done:
            return False
        found = any(visit(n, (*path, node)) for n in targets[node])
        done.add(node)
        return found

    return any(visit(node, ()) for node in targets)
