"""Actors and a diary for tests of the shell: what started and stopped, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import trio
import trio.testing
from attrs import field, frozen

from actors.kernel import (
    IGNORE,
    Actor,
    ActorContext,
    ActorError,
    Address,
    ExitReason,
    Ignore,
    NeedsOperator,
    Query,
    Shutdown,
    System,
)
from rookery.testing.log import Log
from supervision import (
    ONE_FOR_ONE,
    ChildSpec,
    Strategy,
    Supervisor,
    SupervisorActor,
)
from supervision.supervisor import SupervisorMessage


class Boom(Exception):
    """What a worker fails with."""


@frozen
class Fail:
    """End with this exception."""

    exception: Exception = field(factory=Boom)


@frozen
class Finish:
    """End in peace."""


@frozen
class Ping(Query[int]):
    """Which incarnation are you?"""


WorkerMessage: TypeAlias = Fail | Finish | Ping


class Diary:
    """What happened, in order; and how the next starts of each worker shall go."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.plans: dict[str, list[str]] = {}

    def take(self) -> list[str]:
        """Return what happened since the last time."""
        lines, self.lines = self.lines, []
        return lines

    def worker(self, name: str, *, manners: str = "prompt") -> Callable[[], Worker]:
        return lambda: Worker(name, self, manners)

    def spec(self, name: str, manners: str = "prompt", **more: object) -> ChildSpec:
        start = self.worker(name, manners=manners)
        return ChildSpec(name, start, **more)  # type: ignore[arg-type]  # tests name the fields


class Worker(Actor[WorkerMessage]):
    """Does as it is told. Manners: `prompt`, `slow` (10 s to stop), `stubborn` (never
    stops by itself), `undead` (survives being killed, for 60 s)."""

    def __init__(self, name: str, diary: Diary, manners: str = "prompt") -> None:
        self.name = name
        self.diary = diary
        self.manners = manners

    async def start(self, ctx: ActorContext) -> Ignore | None:
        plan = self.diary.plans.get(self.name)
        how = plan.pop(0) if plan else "ok"
        if how == "ignore":
            return IGNORE
        if how == "operator":
            raise NeedsOperator("no token")
        if how == "slow":
            await trio.sleep(1)
        if how == "fail":
            self.diary.lines.append(f"!{self.name}")
            raise Boom(self.name)
        self.diary.lines.append(f"+{self.name}")
        if how == "short":
            ctx.after(0.5, Fail())
        if how == "dying":
            ctx.self.cell.notify(Fail())
        return None

    async def handle(self, ctx: ActorContext, message: WorkerMessage) -> None:
        match message:
            case Fail(exception):
                self.diary.lines.append(f"x{self.name}")
                raise exception
            case Finish():
                self.diary.lines.append(f".{self.name}")
                ctx.stop()
            case Ping():
                ctx.answer(message, ctx.incarnation)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        if not isinstance(reason, Shutdown):
            return
        match self.manners:
            case "slow":
                await trio.sleep(10)
            case "stubborn":
                await trio.sleep_forever()
            case "undead":
                with trio.CancelScope(shield=True):
                    await trio.sleep(60)
            case _:
                pass
        self.diary.lines.append(f"-{self.name}")


class House:
    """A running system with a supervisor at its root."""

    def __init__(self, system: System, diary: Diary) -> None:
        self.system = system
        self.diary = diary
        self.root: Address[SupervisorMessage] = system.find("/", SupervisorActor)

    def tell(self, name: str, message: WorkerMessage) -> None:
        self.system.find(f"/{name}", Worker).tell(message)

    async def fail(self, *names: str) -> list[str]:
        """Have them fail, in this order, and return what came of it."""
        for name in names:
            self.tell(name, Fail())
        return await self.settled()

    async def finish(self, name: str) -> list[str]:
        self.tell(name, Finish())
        return await self.settled()

    async def settled(self) -> list[str]:
        """Wait until nothing happens by itself any more at this instant."""
        await trio.testing.wait_all_tasks_blocked()
        return self.diary.take()

    async def alive(self, name: str) -> bool:
        try:
            worker = self.system.find(f"/{name}", Worker)
            await worker.ask(Ping(), within=0.1)
        except ActorError:
            return False
        return True

    def phase(self, name: str) -> str:
        return self.system.snapshot(f"/{name}").phase


@asynccontextmanager
async def living(supervisor: Supervisor, diary: Diary) -> AsyncIterator[House]:
    """Run it; whatever a test does to it, the laws hold."""
    log = Log(supervisor, trio.current_time)
    async with System(supervisor.actor, seed=7, witness=log.witness) as system:
        yield House(system, diary)
    assert log.broken == []


def three(
    diary: Diary, strategy: Strategy = ONE_FOR_ONE, max_restarts: int = 3
) -> Supervisor:
    """A supervisor of a, b and c."""
    children = [diary.spec(name) for name in "abc"]
    return Supervisor(strategy, children, max_restarts)
