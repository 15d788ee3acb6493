"""Whatever an actor raises, and wherever: one life ends, for one reason, and no other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel import (
    ActorContext,
    Crash,
    ExitReason,
    Killed,
    LifeBegan,
    LifeEnded,
    NeedsOperator,
    Shutdown,
    StartFailed,
)
from tests.actors.kernel.keeper import Boom, Doer, Get, house, settle, stored_cancelled

PLACES = ("factory", "start", "handle", "background", "resource", "stop")
WRONGS: Mapping[str, Callable[[trio.Cancelled], BaseException]] = {
    "exception": lambda _: Boom("alone"),
    "group": lambda _: ExceptionGroup("group", [Boom("a"), Boom("b")]),
    "asyncio's": lambda _: asyncio.CancelledError(),
    "trio's": lambda cancelled: cancelled,
    "group of all": lambda cancelled: BaseExceptionGroup(
        "group", [asyncio.CancelledError(), cancelled, Boom("c")]
    ),
    "for an operator": lambda _: NeedsOperator("token"),
}


class Faulty(Doer):
    """Raises in the places that it is told."""

    def __init__(self, plan: Mapping[str, str], cancelled: trio.Cancelled) -> None:
        super().__init__()
        self.plan = plan
        self.cancelled = cancelled
        self.fail("factory")

    def fail(self, place: str) -> None:
        if place in self.plan:
            raise WRONGS[self.plan[place]](self.cancelled)

    @asynccontextmanager
    async def resource(self) -> AsyncIterator[None]:
        yield
        self.fail("resource")

    async def beside(self) -> None:
        await trio.sleep(1)
        self.fail("background")

    async def start(self, ctx: ActorContext) -> None:
        await ctx.enter(self.resource())
        nursery = await ctx.enter(trio.open_nursery())
        nursery.start_soon(self.beside)
        self.fail("start")

    async def handle(self, ctx: ActorContext, message: object) -> None:
        self.fail("handle")

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        await trio.lowlevel.checkpoint()
        self.fail("stop")


@given(
    plan=st.dictionaries(st.sampled_from(PLACES), st.sampled_from(sorted(WRONGS))),
    told_first=st.booleans(),
    how=st.sampled_from(["stop", "kill"]),
)
def test_whatever_is_raised_ends_one_life_for_one_reason(
    plan: dict[str, str], told_first: bool, how: str
) -> None:
    """K2, T1, T2, T4."""
    lives: list[object] = []

    async def main() -> None:
        cancelled = await stored_cancelled()
        async with house(witness=lives.append) as home:
            other = await home.keep("other", Doer)
            failed = await home.try_to_keep(
                "a", lambda: Faulty(plan, cancelled), restart=False
            )
            cell = home.cell("a")
            if failed is None and told_first:
                home.system.find("/a", Doer).tell("work")
            await trio.sleep(2)
            if cell.incarnation is not None and how == "kill":
                await cell.incarnation.kill_and_fence()
            elif cell.incarnation is not None:
                await home.halt("a")
            await settle()
            assert await other.ask(Get(lambda *_: "alive"), within=1) == "alive"
            assert home.system.find("/other").cell.launched == 1

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    began = Counter((x.path, x.incarnation) for x in lives if isinstance(x, LifeBegan))
    ended = Counter((x.path, x.incarnation) for x in lives if isinstance(x, LifeEnded))
    assert began == ended == Counter({("/", 1): 1, ("/a", 1): 1, ("/other", 1): 1})
    (reason,) = [x.reason for x in lives if isinstance(x, LifeEnded) and x.path == "/a"]
    if {"factory", "start"} & plan.keys():
        assert isinstance(reason, StartFailed)
    elif "background" in plan or ("handle" in plan and told_first):
        assert isinstance(reason, Crash | NeedsOperator)
    elif how == "kill":
        assert reason == Killed()
    elif {"stop", "resource"} & plan.keys():
        assert isinstance(reason, Crash | NeedsOperator)
    else:
        assert reason == Shutdown("keeper")
