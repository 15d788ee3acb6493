"""A supervisor just big enough to test the kernel with, and actors to keep.

`Keeper` restarts what crashes, at once and for ever; what ends otherwise stays down. The
real ones are in `supervision`, which the kernel knows nothing of.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeAlias

import trio
import trio.testing
from attrs import frozen

from actors.kernel import (
    IGNORE,
    Actor,
    ActorContext,
    Address,
    AnyActor,
    Cell,
    ChildExited,
    Crash,
    ExitReason,
    Hooks,
    Ignore,
    Incarnation,
    Mailbox,
    Overflow,
    Poison,
    Query,
    Shutdown,
    StartFailed,
    StopRequested,
    System,
    Witness,
)

Factory: TypeAlias = Callable[[], AnyActor]


@frozen
class Keep(Query[Ignore | StartFailed | None]):
    """Start `child`, and say what became of it."""

    child: str
    factory: Factory
    restart: bool = True


@frozen
class Halt(Query[ExitReason]):
    """Stop `child`: ask, wait `grace`, kill, fence. Then it rests."""

    child: str
    grace: float = 5.0


@frozen
class Forget(Query[bool]):
    """Close the address of `child`, which is down."""

    child: str


@frozen
class Again:
    """Start `child` again, now that the mail before this was handled."""

    child: str


@frozen
class CrashNow:
    """Fail."""


class KeeperFailed(Exception):
    """What a keeper fails with."""


KeeperMessage: TypeAlias = (
    Keep | Halt | Forget | Again | CrashNow | ChildExited | StopRequested
)


class Keeper(Actor[KeeperMessage]):
    """Holds children by id. `exits` is a diary that outlives its incarnations."""

    mailbox = Mailbox(capacity=64, ordered=True)

    def __init__(
        self, plan: Iterable[tuple[str, Factory]] = (), exits: list[Exit] | None = None
    ) -> None:
        self.plan = dict(plan)
        self.exits = exits if exits is not None else []
        self.cells: dict[str, Cell] = {}
        self.factories: dict[str, Factory] = {}
        self.lives: dict[str, Incarnation] = {}

    async def start(self, ctx: ActorContext) -> None:
        for child, factory in self.plan.items():
            failed = await self._launch(ctx, child, factory)
            if isinstance(failed, StartFailed):
                raise failed.exception

    async def handle(self, ctx: ActorContext, message: KeeperMessage) -> None:
        match message:
            case Keep(child, factory, restart):
                failed = await self._launch(ctx, child, factory)
                if not restart:
                    self.factories.pop(child, None)
                ctx.answer(message, failed)
            case Halt(child, grace):
                ctx.answer(message, await self._halt(child, Shutdown("keeper"), grace))
            case Forget(child):
                self.cells.pop(child).close(Shutdown("forgotten"))
                ctx.answer(message, True)
            case ChildExited(cell, number, reason):
                self._ended(ctx, cell, number, reason)
            case Again(child):
                failed = await self._launch(ctx, child, self.factories[child])
                if isinstance(failed, StartFailed):
                    ctx.post(message)
            case CrashNow():
                raise KeeperFailed
            case StopRequested(reason):
                for child in reversed(tuple(self.lives)):
                    await self._halt(child, reason, 5.0)
                ctx.stop(reason)

    async def _launch(
        self, ctx: ActorContext, child: str, factory: Factory
    ) -> Ignore | StartFailed | None:
        self.factories[child] = factory
        cell = self.cells[child] = ctx.adopt(child)
        life = cell.launch(factory)
        failed = await life.started()
        if failed is None:
            self.lives[child] = life
        return failed

    def _ended(
        self, ctx: ActorContext, cell: Cell, number: int, reason: ExitReason
    ) -> None:
        child = cell.path.rsplit("/", 1)[1]
        self.exits.append(Exit(child, number, reason))
        life = self.lives.get(child)
        if life is None or life.number != number:
            return
        del self.lives[child]
        if isinstance(reason, Crash) and child in self.factories:
            ctx.post(Again(child))
        else:
            cell.rest(reason)

    async def _halt(self, child: str, reason: ExitReason, grace: float) -> ExitReason:
        life = self.lives.pop(child)
        life.request_stop(reason)
        ended: ExitReason | None = None
        with trio.move_on_after(grace):
            ended = await life.ended()
        if ended is None:
            ended = await life.kill_and_fence()
        self.cells[child].rest(ended)
        return ended


@frozen
class Exit:
    """A line of the keeper's diary."""

    child: str
    incarnation: int
    reason: ExitReason


class House:
    """A system with a keeper at its root."""

    def __init__(self, system: System, exits: list[Exit]) -> None:
        self.system = system
        self.exits = exits
        self.root: Address[KeeperMessage] = system.find("/", Keeper)

    async def keep(
        self, child: str, factory: Factory, *, restart: bool = True
    ) -> Address[Order]:
        """Start an actor of `Order`s and return its address."""
        failed = await self.try_to_keep(child, factory, restart=restart)
        assert failed is None, failed
        return self.system.find(f"/{child}", Doer)

    async def try_to_keep(
        self, child: str, factory: Factory, *, restart: bool = True
    ) -> Ignore | StartFailed | None:
        return await self.root.ask(Keep(child, factory, restart), within=30)

    async def halt(self, child: str, grace: float = 5.0) -> ExitReason:
        return await self.root.ask(Halt(child, grace), within=60)

    async def forget(self, child: str) -> None:
        await self.root.ask(Forget(child), within=30)

    def cell(self, child: str) -> Cell:
        return self.system.find(f"/{child}").cell

    def life(self, child: str) -> Incarnation:
        life = self.cell(child).incarnation
        assert life is not None
        return life

    def reasons(self, child: str) -> list[ExitReason]:
        return [line.reason for line in self.exits if line.child == child]

    def shelved(self) -> list[tuple[object, str]]:
        """Return message and reason of every dead letter, oldest first."""
        letters = reversed(self.system.dead_letters.newest(10_000))
        return [(letter.message, letter.why) for letter in letters]


@asynccontextmanager
async def house(
    *plan: tuple[str, Factory],
    seed: int = 7,
    stopwatch: Callable[[], float] = time.perf_counter,
    hooks: Hooks | None = None,
    witness: Witness | None = None,
) -> AsyncIterator[House]:
    exits: list[Exit] = []
    root = partial(Keeper, plan, exits)
    async with System(
        root, seed=seed, stopwatch=stopwatch, hooks=hooks, witness=witness
    ) as system:
        yield House(system, exits)


async def settle() -> None:
    """Wait until nothing happens by itself any more at this instant."""
    await trio.testing.wait_all_tasks_blocked()


# --- an actor that does as it is told ---------------------------------------------------


class Boom(Exception):
    """What a `Doer` fails with. Two of one name are equal in tests' eyes."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.name = name


Work: TypeAlias = Callable[["Doer", ActorContext], object]


@frozen(eq=False)
class Do:
    """Call `work(actor, ctx)`; if it returns something awaitable, await it."""

    work: Callable[[Doer, ActorContext], object]


@frozen(eq=False)
class Get(Query[object]):
    """As `Do`; the answer is what the work returns, unless that is `LATER`."""

    work: Callable[[Doer, ActorContext], object]


@frozen
class Note:
    """Write it into the diary."""

    text: object


LATER = object()
Order: TypeAlias = Do | Get | Note | object


class Doer(Actor[Order]):
    """Does what it is told; notes what it got into a diary that outlives it."""

    def __init__(self, diary: list[object] | None = None) -> None:
        self.diary = diary if diary is not None else []
        self.kept: dict[str, object] = {}

    async def handle(self, ctx: ActorContext, message: Order) -> None:
        match message:
            case Do(work):
                await finished(work(self, ctx))
            case Get(work):
                answer = await finished(work(self, ctx))
                if answer is not LATER:
                    ctx.answer(message, answer)
            case Note(text):
                self.diary.append(text)
            case _:
                self.diary.append(message)


async def finished(result: object) -> object:
    if hasattr(result, "__await__"):
        return await result
    return result


def doer(
    *,
    capacity: int = 64,
    overflow: Overflow = Overflow.BACKPRESSURE,
    poison: Poison = Poison.DROP,
) -> type[Doer]:
    """Return a class of doers with another mailbox or poison policy."""
    box, cure = Mailbox(capacity=capacity, overflow=overflow), poison

    class Special(Doer):
        mailbox = box
        poison = cure

    return Special


class Gate:
    """Holds a handler where it is until the test opens it."""

    def __init__(self) -> None:
        self._event = trio.Event()
        self.reached = trio.Event()

    def open(self) -> None:
        self._event.set()

    async def wait(self, *_: object) -> None:
        self.reached.set()
        await self._event.wait()

    @property
    def order(self) -> Do:
        return Do(lambda _, __: self.wait())


def boom(name: str = "") -> Do:
    def fail(_: Doer, __: ActorContext) -> None:
        raise Boom(name)

    return Do(fail)


def starts(work: Callable[[ActorContext], object]) -> Callable[[], Doer]:
    """Return a factory of doers whose `start` does *work*."""

    class Starter(Doer):
        async def start(self, ctx: ActorContext) -> Ignore | None:
            return IGNORE if await finished(work(ctx)) is IGNORE else None

    return Starter


def stops(
    work: Callable[[ActorContext, ExitReason], object],
) -> Callable[[], Doer]:
    """Return a factory of doers whose `stop` does *work*."""

    class Stopper(Doer):
        async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
            await finished(work(ctx, reason))

    return Stopper


def is_boom(reason: ExitReason, name: str = "") -> bool:
    return (
        isinstance(reason, Crash)
        and isinstance(reason.exception, Boom)
        and reason.exception.name == name
    )


def sleeping(seconds: float) -> Callable[..., object]:
    """Return work that takes *seconds*."""

    async def sleep(*_: object) -> None:
        await trio.sleep(seconds)

    return sleep


async def stored_cancelled() -> trio.Cancelled:
    """Return a `Cancelled` of somebody else's scope."""
    with trio.CancelScope() as scope:
        scope.cancel(reason="somebody else's")
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled as cancelled:
            return cancelled
    raise AssertionError
