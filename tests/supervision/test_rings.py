"""A child that asks whoever waits for it to start or to stop: refused at once, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from actors.kernel import (
    Actor,
    ActorContext,
    ActorError,
    ExitReason,
    Query,
    StartupFailed,
    System,
    WouldDeadlock,
)
from supervision import (
    DYNAMIC,
    ChildSpec,
    Counts,
    Done,
    Instance,
    StartRefused,
    Supervisor,
    SupervisorActor,
    count_children,
    start_child,
    terminate_child,
)

Ask = Callable[[ActorContext], Awaitable[object]]


class Relay(Query[Counts]):
    """Ask the root how many there are, and hand it on."""


class Between(Actor[Relay]):
    async def handle(self, ctx: ActorContext, message: Relay) -> None:
        ctx.answer(message, await asks_above(ctx))


class Curious(Actor[None]):
    """Asks while it starts, or while it stops."""

    def __init__(self, ask: Ask, when: str, got: list[object]) -> None:
        self.ask = ask
        self.when = when
        self.got = got

    async def start(self, ctx: ActorContext) -> None:
        if self.when == "start":
            await self.ask(ctx)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        if self.when == "stop":
            try:
                self.got.append(await self.ask(ctx))
            except ActorError as error:
                self.got.append(error)


async def asks_above(ctx: ActorContext) -> Counts:
    return await count_children(ctx.find("/", SupervisorActor))


async def asks_across(ctx: ActorContext) -> Counts:
    return await ctx.find("/between", Between).ask(Relay(), within=30)


@pytest.mark.parametrize("strategy", ["static", "dynamic"])
async def test_a_start_that_asks_its_own_supervisor(
    strategy: str, autojump_clock: trio.testing.MockClock
) -> None:
    spec = ChildSpec("a", lambda: Curious(asks_above, "start", []))
    dynamic = strategy == "dynamic"
    tree = Supervisor(DYNAMIC, [spec]) if dynamic else Supervisor()
    async with System(tree.actor) as system:
        root = system.find("/", SupervisorActor)
        refused = await start_child(root, Instance("a") if dynamic else spec)

        assert isinstance(refused, StartRefused)
        assert isinstance(refused.exception, WouldDeadlock)
        assert refused.exception.path == ("/a", "/", "/a")
        assert trio.current_time() == 0


async def test_the_same_while_the_supervisor_itself_starts(
    autojump_clock: trio.testing.MockClock,
) -> None:
    tree = Supervisor(
        children=[ChildSpec("a", lambda: Curious(asks_above, "start", []))]
    )
    with pytest.raises(StartupFailed, match="WouldDeadlock"):
        async with System(tree.actor):
            raise AssertionError
    assert trio.current_time() == 0


@pytest.mark.parametrize(
    ("ask", "ring"),
    [
        (asks_above, ("/a", "/", "/a")),
        (asks_across, ("/between", "/", "/a", "/between")),
    ],
)
async def test_a_stop_that_asks_its_own_supervisor(
    ask: Ask, ring: tuple[str, ...], autojump_clock: trio.testing.MockClock
) -> None:
    """Over a detour it is the one in between that is refused."""
    got: list[object] = []
    children = [
        ChildSpec("between", Between),
        ChildSpec("a", lambda: Curious(ask, "stop", got)),
    ]
    async with System(Supervisor(children=children).actor) as system:
        assert await terminate_child(system.find("/", SupervisorActor), "a") == Done()

        (error,) = got
        refused = getattr(error, "exception", error)
        assert isinstance(refused, WouldDeadlock)
        assert refused.path == ring
        assert trio.current_time() == 0


async def test_others_may_ask_while_a_supervisor_waits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """No ring, no refusal: the answer comes when the start is over."""

    async def takes_its_time(ctx: ActorContext) -> None:
        await trio.sleep(3)

    spec = ChildSpec("a", lambda: Curious(takes_its_time, "start", []))
    async with System(Supervisor(children=[ChildSpec("between", Between)]).actor) as s:
        root = s.find("/", SupervisorActor)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(start_child, root, spec)
            await trio.testing.wait_all_tasks_blocked()
            assert s.snapshot().waits_for == ("/a",)
            counts = await s.find("/between", Between).ask(Relay(), within=10)

        assert counts == Counts(2, 2, 0, 2)
        assert trio.current_time() == 3
        assert s.snapshot().waits_for == ()
