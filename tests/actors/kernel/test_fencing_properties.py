"""Whatever a zombie does, wherever it hangs: its successor and the others never notice. T5."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from threading import Event
from typing import TypeAlias

import pytest
import trio
import trio.testing
from attrs import frozen
from hypothesis import example, given
from hypothesis import strategies as st

from actors.kernel import (
    Actor,
    ActorContext,
    ActorDown,
    Address,
    ChildExited,
    ExitReason,
    Query,
    Shutdown,
    System,
    Zombie,
    tracing,
)
from tests.actors.kernel.keeper import (
    Boom,
    Do,
    Doer,
    Gate,
    Get,
    Order,
    house,
    settle,
)

KILL_WAIT = 2.0


@frozen(eq=False)
class Hang(Query[str]):
    """The message over which it hangs."""


@frozen
class FromTheGrave:
    """What nobody should ever get to see."""


class Plan:
    """Where a life hangs, and what it does when it is let go on."""

    def __init__(self, place: str, deeds: list[str], end: str) -> None:
        self.place = place
        self.deeds = deeds
        self.end = end
        self.hangs = trio.Event()
        self.let_go = trio.Event()
        self.done = trio.Event()
        self.question = Hang()
        self.escaped: list[str] = []
        """Deeds that should have been refused and were not."""
        self.me: Address[Order]
        self.other: Address[Order]
        self.outside: trio.Nursery

    async def hang(self, ctx: ActorContext) -> None:
        self.hangs.set()
        with trio.CancelScope(shield=True):
            await self.let_go.wait()
            for deed in self.deeds:
                try:
                    await DEEDS[deed](self, ctx)
                except ActorDown:
                    continue
                if deed not in IN_VAIN:
                    self.escaped.append(deed)
            self.done.set()
        if self.end == "raises":
            raise Boom
        if self.end == "waits":
            await trio.sleep(60)

    @asynccontextmanager
    async def not_for_ever(self) -> AsyncIterator[None]:
        """Let it go at the end in any case: a system cannot be left before."""
        try:
            yield
        finally:
            self.let_go.set()

    @asynccontextmanager
    async def closing(self, ctx: ActorContext) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.hang(ctx)


class Haunted(Actor[object]):
    """Hangs where its plan says, and then does what the plan says."""

    def __init__(self, plan: Plan, diary: list[object]) -> None:
        self.plan = plan
        self.diary = diary

    async def start(self, ctx: ActorContext) -> None:
        ctx.after(1, FromTheGrave())  # waits in the lane when it is given up
        ctx.after(50, FromTheGrave())
        ctx.every(50, FromTheGrave())
        ctx.watch(ctx.find("/other"))
        match self.plan.place:
            case "start":
                await self.plan.hang(ctx)
            case "resource":
                await ctx.enter(self.plan.closing(ctx))
            case "background":
                nursery = await ctx.enter(trio.open_nursery())
                nursery.start_soon(self.plan.hang, ctx)
            case _:
                pass

    async def handle(self, ctx: ActorContext, message: object) -> None:
        if isinstance(message, Hang) and self.plan.place == "handle":
            await self.plan.hang(ctx)
        else:
            self.diary.append(message)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        if self.plan.place == "stop":
            await self.plan.hang(ctx)


# --- what it does, long after it was given up --------------------------------------------

Deed: TypeAlias = Callable[[Plan, ActorContext], Awaitable[object]]


def at_once(work: Callable[[Plan, ActorContext], object]) -> Deed:
    async def do(plan: Plan, ctx: ActorContext) -> None:
        work(plan, ctx)

    return do


async def tell_from_a_task(plan: Plan, _: ActorContext) -> None:
    refused: list[ActorDown] = []

    async def tell() -> None:
        try:
            with tracing("a trace of its own"):
                plan.other.tell(FromTheGrave())
        except ActorDown as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tell)
    raise refused[0]


async def leave_a_task_behind(plan: Plan, _: ActorContext) -> None:
    async def tell() -> None:
        await trio.sleep(30)
        with pytest.raises(ActorDown):
            plan.other.tell(FromTheGrave())

    plan.outside.start_soon(tell)


DEEDS: dict[str, Deed] = {
    "tells": at_once(lambda plan, _: plan.other.tell(FromTheGrave())),
    "tells its successor": at_once(lambda plan, _: plan.me.tell(FromTheGrave())),
    "sends": lambda plan, _: plan.other.send(FromTheGrave(), within=5),
    "sends its successor": lambda plan, _: plan.me.send(FromTheGrave(), within=5),
    "asks": lambda plan, _: plan.other.ask(Get(lambda *_: 1), within=5),
    "tells from a task": tell_from_a_task,
    "leaves a task behind": leave_a_task_behind,
    "sets a timer": at_once(lambda _, ctx: ctx.after(1, FromTheGrave())),
    "ticks": at_once(lambda _, ctx: ctx.every(1, FromTheGrave())),
    "watches": at_once(lambda _, ctx: ctx.watch(ctx.find("/other"))),
    "posts": at_once(lambda _, ctx: ctx.post(FromTheGrave())),
    "adopts": at_once(lambda _, ctx: ctx.adopt("orphan")),
    "enters": lambda _, ctx: ctx.enter(trio.open_nursery()),
    "answers": at_once(lambda plan, ctx: ctx.answer(plan.question, "late")),
    "stops": at_once(lambda _, ctx: ctx.stop()),
}
IN_VAIN = {"answers", "stops", "leaves a task behind"}
"""Not refused, and without any effect."""


# --- the property -------------------------------------------------------------------------


@given(
    place=st.sampled_from(["handle", "start", "stop", "resource", "background"]),
    deeds=st.lists(st.sampled_from(sorted(DEEDS)), max_size=5),
    end=st.sampled_from(["returns", "raises", "waits"]),
    busy=st.booleans(),
)
@example("start", [], "returns", True).via("it handled the mail of its successor")
def test_nobody_notices_what_a_zombie_does(
    place: str, deeds: list[str], end: str, busy: bool
) -> None:
    """The mail that waited and what comes is its successor's; slots and books are right.

    `busy`: mail waits in the lane while the zombie goes on.
    """
    trio.run(
        outlive_a_zombie,
        Plan(place, deeds, end),
        busy,
        clock=trio.testing.MockClock(autojump_threshold=0),
    )


async def outlive_a_zombie(plan: Plan, busy: bool) -> None:
    notices: list[object] = []
    others: list[object] = []
    before: list[object] = []
    after: list[object] = []
    answers: list[object] = []
    gate = Gate()
    in_hand = plan.place == "handle"

    async def ask() -> None:
        try:
            answers.append(await plan.me.ask(plan.question, within=inf))
        except ActorDown:
            answers.append(ActorDown)

    async with (
        System(lambda: Doer(notices), kill_wait=KILL_WAIT) as system,
        trio.open_nursery() as plan.outside,
        plan.not_for_ever(),
    ):
        top = system.find("/").cell
        cell, other = top.adopt("a"), top.adopt("other")
        plan.me, plan.other = system.find("/a", Doer), system.find("/other", Doer)
        other.launch(lambda: Doer(others))
        life = cell.launch(lambda: Haunted(plan, before))
        await settle()
        if in_hand:
            plan.outside.start_soon(ask)
            await settle()
        for number in range(3):
            plan.me.tell(number)
        await settle()
        if plan.place == "stop":
            life.request_stop(Shutdown("test"))
            await settle()

        began = trio.current_time()
        assert await life.kill_and_fence() == Zombie()
        assert trio.current_time() == began + KILL_WAIT
        assert plan.hangs.is_set()
        await settle()
        assert cell.reserved == 0
        assert answers == ([ActorDown] if in_hand else [])
        assert [type(n) for n in notices] == ([ChildExited] if life.up else [])

        successor = cell.launch(lambda: Doer(after))
        if busy:
            plan.me.tell(gate.order)
        await settle()
        for number in range(3, 6):
            plan.me.tell(number)
        plan.let_go.set()
        await plan.done.wait()
        await trio.sleep(1)
        gate.open()
        await trio.sleep(200)

        assert plan.escaped == []
        assert others == []
        assert before == ([] if plan.place in {"handle", "start"} else [0, 1, 2])
        assert before + after == [0, 1, 2, 3, 4, 5]
        assert cell.handled == 6 + busy
        letters = system.dead_letters.newest(10)
        assert [letter.why for letter in letters] == ["in hand: Zombie"] * in_hand
        assert answers == ([ActorDown] if in_hand else [])
        assert len(notices) == life.up
        assert (cell.incarnation, cell.phase) == (successor, "running")
        assert (cell.reserved, other.reserved) == (0, 0)
        assert not cell.waits
        assert not cell.children
        assert not other.watchers
        assert await plan.me.ask(Get(lambda _, ctx: ctx.incarnation), within=1) == 2


async def test_a_thread_of_a_zombie_is_refused(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """T5: a thread cannot be cancelled, and what it calls runs in the zombie's name."""
    go_on = Event()
    done = trio.Event()
    others: list[object] = []
    raised: list[BaseException] = []

    def work() -> None:
        go_on.wait()
        try:
            trio.from_thread.run_sync(other.tell, FromTheGrave())
        except ActorDown as error:
            raised.append(error)
        with pytest.raises(trio.Cancelled):
            trio.from_thread.run(send)

    async def send() -> None:
        await other.send(FromTheGrave(), within=5)

    async def hang(*_: object) -> None:
        try:
            await trio.to_thread.run_sync(work)
        finally:
            done.set()

    async with house() as home:
        other = await home.keep("other", lambda: Doer(others))
        actor = await home.keep("a", Doer)
        actor.tell(Do(hang))
        await settle()
        began = trio.current_time()
        try:
            assert await home.life("a").kill_and_fence() == Zombie()
            assert trio.current_time() == began + KILL_WAIT
        finally:
            go_on.set()
        await done.wait()
        await settle()
        assert others == []
        assert len(raised) == 1
