"""What is done to a tree from outside: jobs, kills, calls to supervisors, suspensions."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio

from actors.kernel import ActorError, Cell, System
from rookery.testing.log import Log
from rookery.testing.simulation.workers import Leave, Society, Worker
from rookery.testing.simulation.worlds import random_spec
from supervision import (
    ChildSpec,
    CountChildren,
    DeleteChild,
    Instance,
    RestartChild,
    RestartNow,
    StartChild,
    SupervisorActor,
    TerminateChild,
    WhichChildren,
)

Call: TypeAlias = (
    StartChild
    | TerminateChild
    | RestartChild
    | DeleteChild
    | RestartNow
    | WhichChildren
    | CountChildren
)

MAX_CHILDREN = 10
"""No supervisor is given more than so many."""


class Operations:
    """An operator who does random things to a tree, from *dice*."""

    def __init__(
        self,
        system: System,
        log: Log,
        dice: random.Random,
        society: Society,
        *,
        known: bool,
    ) -> None:
        self.system = system
        self.log = log
        self.dice = dice
        self.society = society
        self.suspended: list[Cell] = []
        self._added = 0
        self._ways: list[Callable[[], Awaitable[None]]] = [
            self.kill,
            self.terminate,
            self.restart,
            self.delete,
            self.restart_now,
            self.look,
            self.suspend,
        ]
        if known:  # a tree of somebody else's has messages of its own
            self._ways += [self.leave, self.add, self.add, *[self.burst] * 6]

    async def run(self, pause: float) -> None:
        """Do one thing after the other, *pause* seconds apart in the mean, for ever."""
        async with trio.open_nursery() as nursery:
            try:
                while True:
                    await trio.sleep(self.dice.expovariate(1 / pause))
                    nursery.start_soon(self._try, self.dice.choice(self._ways))
            finally:
                nursery.cancel_scope.cancel()

    def rest(self) -> None:
        """Leave nobody suspended."""
        for cell in self.suspended:
            self.system.resume(cell.address)

    async def _try(self, way: Callable[[], Awaitable[None]]) -> None:
        try:
            await way()
        except ActorError as error:
            self.log.did(f"refused: {error}")

    # --- workers ------------------------------------------------------------------------

    async def burst(self) -> None:
        cell = self._somebody()
        if cell is None:
            return
        count = self.dice.choice([1, 1, 3, 10, 100])
        address = self.system.find(cell.path, Worker)
        accepted = 0
        try:
            for _ in range(count):
                job = self.society.new_job(hops=self.dice.randint(0, 3))
                address.tell(job)
                self.society.mail.told(cell.path, job.number)
                accepted += 1
        finally:
            self.log.did(f"tell {cell.path} {accepted} of {count} jobs")

    async def leave(self) -> None:
        cell = self._somebody()
        if cell is not None:
            self.log.did(f"ask {cell.path} to leave")
            self.system.find(cell.path, Worker).tell(Leave())

    async def kill(self) -> None:
        cell = self._somebody(supervisor=self.dice.random() < 0.2)
        if cell is not None and cell.incarnation is not None:
            self.log.did(f"kill {cell.path}")
            cell.incarnation.kill()

    async def suspend(self) -> None:
        cell = self._somebody(supervisor=self.dice.random() < 0.2)
        if cell is None or cell in self.suspended:
            return
        self.log.did(f"suspend {cell.path}")
        self.suspended.append(cell)
        try:
            await self.system.suspend(cell.address)
            await trio.sleep(self.dice.uniform(0, 20))
        finally:
            self.suspended.remove(cell)
            self.log.did(f"resume {cell.path}")
            self.system.resume(cell.address)

    # --- supervisors --------------------------------------------------------------------

    async def terminate(self) -> None:
        path, child = self._family()
        if child:
            dynamic = self._is_dynamic(path)
            await self._call(
                path, TerminateChild(Instance(child) if dynamic else child)
            )

    async def restart(self) -> None:
        path, child = self._family(down=True)
        if child:
            await self._call(path, RestartChild(child))

    async def delete(self) -> None:
        path, child = self._family(down=True)
        if child and self.dice.random() < 0.3:
            await self._call(path, DeleteChild(child))

    async def restart_now(self) -> None:
        path, child = self._family(down=True)
        if child:
            await self._call(path, RestartNow(child))

    async def look(self) -> None:
        path, _ = self._family()
        which = self.dice.random() < 0.5
        await self._call(path, WhichChildren() if which else CountChildren())

    async def add(self) -> None:
        path, _ = self._family()
        if len(self.system.cells[path].children or ()) >= MAX_CHILDREN:
            return
        self._added += 1
        name = self.dice.choice([f"n{self._added}", "a", "b"])
        child: ChildSpec | Instance
        if self._is_dynamic(path):
            child = Instance(name)
            self.society.paths.append(f"{path.rstrip('/')}/{name}")
        else:
            child = random_spec(self.dice, self.society, path, name)
        # Those who are gone are found by nobody: the newest are enough.
        del self.society.paths[:-50]
        await self._call(path, StartChild(child))

    async def _call(self, path: str, call: Call) -> None:
        name = getattr(call, "child", "")
        self.log.did(f"{type(call).__name__} {getattr(name, 'id', name)} of {path}")
        supervisor = self.system.find(path, SupervisorActor)
        await supervisor.ask(call, within=30.0)

    def _is_dynamic(self, path: str) -> bool:
        flags = self.log.census.specs.get(path)
        return flags is not None and flags.strategy.value == "dynamic"

    # --- choosing -----------------------------------------------------------------------

    def _somebody(self, *, supervisor: bool = False) -> Cell | None:
        found = [
            cell
            for path, cell in self.system.cells.items()
            if cell.supervisor is supervisor and path != "/"
        ]
        return self.dice.choice(found) if found else None

    def _family(self, *, down: bool = False) -> tuple[str, str]:
        """Return the path of a supervisor and the id of one of its children, or `""`."""
        paths = [path for path, cell in self.system.cells.items() if cell.supervisor]
        path = self.dice.choice(paths)
        children = self.system.cells[path].children or {}
        found = [n for n, cell in children.items() if not down or not cell.incarnation]
        return path, self.dice.choice(found) if found else ""
