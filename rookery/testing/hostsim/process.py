"""One life of the host's process: its real tree, on what earlier ones left in the file."""

from __future__ import annotations

import random
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from actors.bots import Bot
from actors.journal import InboxLimits, OutgoingLimits
from actors.journal.sqlite import FileJournal, SqliteStore
from actors.kernel import StartupFailed, System
from rookery.config import BotSettings, Configuration, PlatformSettings, Settings
from rookery.host import Estate, Notifier, Parts, drain, host_tree
from rookery.testing.hostsim.bots import Stage, make
from rookery.testing.hostsim.disk import Worked
from rookery.testing.hostsim.overseer import Overseer
from rookery.testing.hostsim.platform import SimulatedConfig, kind_of
from rookery.testing.hostsim.words import WALL_ZERO
from rookery.testing.stage import stands_still
from supervision.chaos import ChaosHooks

if TYPE_CHECKING:
    from rookery.testing.hostsim.world import World

STOP_WITHIN = 30.0


class Process:
    """From its start to its end, whichever it is."""

    def __init__(self, world: World, number: int) -> None:
        self.number = number
        self.dead = False
        self.up = False
        """Everything that is configured was started."""
        self.world = world
        self.dice = world.dice(f"process/{number}")
        self.hooks = ChaosHooks(block=world.clock.jump)
        self.gone = trio.Event()
        self._leave = trio.Event()
        self._scope = trio.CancelScope()
        self._worked = Worked(world.disk)
        self._make()

    def _make(self) -> None:
        world = self.world
        found = configuration(world, self)
        estate = Estate(found)

        async def reread() -> Configuration:
            return found

        async def load(use: str, _: Path) -> Bot:
            await trio.sleep(self.dice.expovariate(2))
            return make(use, self._stage())

        self.system = System(
            lambda: tree.actor(),  # noqa: PLW0108 - there is no tree yet
            seed=self.dice.getrandbits(32),
            stop_within=STOP_WITHIN,
            wall_clock=world.wall,
            stopwatch=stands_still,
            hooks=self.hooks,
            witness=self._witness,
        )
        climate, clock = world.climate, world.clock.current_time
        store = SqliteStore(
            world.disk.path,
            new_id=f"world{world.seed}",
            wall_clock=world.wall,
            connect=world.disk.connect,
        )
        self.journal = FileJournal(
            store,
            clock,
            world.wall,
            run=self._worked,
            inbox=InboxLimits(rows=climate.inbox_rows, waiting=climate.warm_rows),
            outbox=OutgoingLimits(queued=climate.outbox_rows, bodies=climate.bodies),
        )
        self.parts = Parts.of(self.system, estate, self.journal)
        tree = host_tree(
            self.parts,
            reread,
            Notifier(),
            load,
            control=False,
        )
        self.overseer = Overseer(tree, world.chronicle, world.diary)

    def _stage(self) -> Stage:
        world = self.world
        return Stage(
            world.diary,
            random.Random(self.dice.getrandbits(32)),
            self,
            world.addresses,
            lambda platform, text: text in world.servers[platform].books.texts,
            lambda platform, text: world.servers[platform].books.confirmed.get(
                text, inf
            ),
            WALL_ZERO,
            world.chronicle.note,
        )

    def _witness(self, event: object) -> None:
        if not self.dead:
            self.overseer.witness(event)

    # --- life ---------------------------------------------------------------------------

    async def live(self) -> None:
        """Live until it is killed or told to leave."""
        chronicle = self.world.chronicle
        chronicle.count("boots", f"process {self.number} begins")
        try:
            with self._scope:
                async with self.parts.open(), self.system:
                    await self._until_the_end()
        except StartupFailed as failed:
            if not self.dead:
                chronicle.note("only_kills_end_it", [f"it did not start: {failed}"])
        finally:
            if not self.dead:
                self.dead = True
                self.world.disk.let_go()
        chronicle.add(f"process {self.number} is gone")

    async def _until_the_end(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._settle)
            nursery.start_soon(self._watch, nursery.cancel_scope)
            await self._leave.wait()
            nursery.cancel_scope.cancel()
        if not self.dead:
            await drain(self.parts)

    async def _settle(self) -> None:
        await self.parts.estate.settled.wait()
        self.up = True
        world = self.world
        world.chronicle.add(f"process {self.number} is up")
        world.diary.disturbed.append((world.down_since, world.chronicle.now))
        faults = dict(self.parts.estate.faults)
        if faults:
            world.chronicle.note("everything_starts", [str(faults)])

    async def _watch(self, scope: trio.CancelScope) -> None:
        reason = await self.system.ended()
        if not self.dead:
            self.world.chronicle.note("only_kills_end_it", [f"it ended: {reason}"])
            self.world.stop()
            scope.cancel()

    def kill(self) -> None:
        """End it as `kill -9` does: nothing that it still does reaches anybody."""
        if self.dead:
            return
        self.dead = self._worked.dead = True
        world = self.world
        world.diary.killed.add(self.number)
        world.diary.ends.append(world.chronicle.now)
        world.chronicle.count("process kills", f"process {self.number} is killed")
        for server in world.servers.values():
            server.cut("the process died")
        world.disk.let_go()
        self.system.kill()
        self._scope.cancel()

    def leave(self) -> None:
        """Have it stop in order, as SIGTERM does."""
        self.world.chronicle.count("stops", f"process {self.number} is told to leave")
        self.world.diary.ends.append(self.world.chronicle.now)
        self._leave.set()


def configuration(world: World, process: Process) -> Configuration:
    """Return what the host of *world* is configured to run in *process*."""
    return Configuration(
        settings=Settings(
            bots={name: BotSettings(use=name) for name in ("alpha", "beta")},
            platforms={
                name: PlatformSettings(
                    kind=kind_of(server.temper.keeps_keys),
                    config=SimulatedConfig(server, process),
                )
                for name, server in world.servers.items()
            },
        ),
        source=None,
        folder=world.disk.path.parent,
    )
