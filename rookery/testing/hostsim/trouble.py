"""What goes wrong in a simulated world, one trouble after the other."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import trio

from actors.kernel import ActorError, Cell
from rookery.host import Manager, Reload
from rookery.testing.hostsim.disk import Mood
from rookery.testing.hostsim.plans import random_plan
from rookery.testing.hostsim.words import Verb

if TYPE_CHECKING:
    from rookery.testing.hostsim.process import Process
    from rookery.testing.hostsim.world import World

APART = 65.0
"""Seconds between two troubles, at least: supervisors forget failures in a minute."""
RELOAD_SECONDS = 80.0
AT_WORK = ("/core/router", "/core/sender", "/bots/alpha/v1", "/bots/beta/v1", "/core")
SPARED = ("/", "/bots/alpha", "/bots/beta")
"""Who is not killed: a bot's supervisor is what makes it come back."""


class Trouble:
    """Makes trouble, for as long as `run` is not cancelled."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        kinds: list[tuple[int, Callable[[Process], Awaitable[None]]]] = [
            (6, self._kill_actor),
            (4, self._storm),
            (1, self._suspend),
            (2, self._reload),
            (2, self._kill_again),
            (3, self._kill_process),
            (1, self._crash_loop),
            (1, self._poison),
            (1, self._stop_process),
            (3, self._disk),
            (3, self._outage),
            (2, self._cut),
            (1, self._revoke),
        ]
        self._kinds = [kind for often, kind in kinds for _ in range(often)]

    async def run(self) -> None:
        """Do one thing after the other."""
        world, dice = self._world, self._dice
        pause = world.climate.trouble_pause
        while True:
            await trio.sleep(APART + dice.expovariate(1 / pause))
            process = world.process
            if process is None or process.dead:
                continue
            began = world.chronicle.now
            try:
                await dice.choice(self._kinds)(process)
            except ActorError as error:
                world.chronicle.add(f"refused: {type(error).__name__}")
            finally:
                world.diary.disturbed.append((began, world.chronicle.now))

    # --- inside the process -----------------------------------------------------------------

    async def _kill_actor(self, process: Process) -> None:
        cells = [
            cell
            for path, cell in process.system.cells.items()
            if path not in SPARED and cell.incarnation is not None
        ]
        self._kill(self._dice.choice(cells))

    async def _kill_again(self, process: Process) -> None:
        """Kill who works with messages, and its successors, while they have some."""
        path = self._dice.choice(AT_WORK)
        for _ in range(self._dice.randint(2, 4)):
            await self._busy(process)
            cell = process.system.cells.get(path)
            if process.dead or cell is None:
                return
            self._kill(cell)

    def _kill(self, cell: Cell) -> None:
        if cell.incarnation is not None:
            self._world.chronicle.count("actor kills", f"kill {cell.path}")
            cell.incarnation.kill()

    async def _storm(self, process: Process) -> None:
        seconds = self._dice.choice([5.0, 30.0, 120.0])
        plan = random_plan(self._dice, seconds)
        faults = "; ".join(str(fault) for fault in plan.faults)
        self._world.chronicle.count("storms", f"storm of {seconds:g} s: {faults}")
        process.hooks.install(plan)
        try:
            await trio.sleep(seconds + 1)
        finally:
            process.hooks.heal()
            self._world.chronicle.counts["faults"] += process.hooks.fired

    async def _suspend(self, process: Process) -> None:
        cells = [cell for cell in process.system.cells.values() if not cell.supervisor]
        cell = self._dice.choice(cells)
        self._world.chronicle.count("suspensions", f"suspend {cell.path}")
        with trio.move_on_after(self._dice.uniform(0, 30)):
            await process.system.suspend(cell.address)
            await trio.sleep(self._dice.uniform(0, 30))
        process.system.resume(cell.address)

    async def _reload(self, process: Process) -> None:
        self._world.chronicle.count("reloads", "reload")
        manager = process.system.find("/manager", Manager)
        await manager.ask(Reload(), within=RELOAD_SECONDS)

    # --- around it --------------------------------------------------------------------------

    async def _kill_process(self, process: Process) -> None:
        if self._dice.random() < 0.5:  # while there is something in hand
            await self._busy(process)
        process.kill()

    async def _crash_loop(self, process: Process) -> None:
        """Kill one process after the other as soon as there is something in hand."""
        world = self._world
        for _ in range(self._dice.randint(2, 5)):
            await self._busy(process)
            process.kill()
            process = await world.next_process()

    async def _poison(self, _: Process) -> None:
        """Somebody says what no process survives."""
        world, dice = self._world, self._dice
        server = dice.choice(list(world.servers.values()))
        chat = dice.choice(server.temper.chats)
        server.post(world.diary.say(Verb.POISON, server.name, chat, "user1"))

    async def _stop_process(self, process: Process) -> None:
        process.leave()

    async def _busy(self, process: Process) -> None:
        """Wait until something is on its way, and then a moment."""
        with trio.move_on_after(300):
            while not process.dead:
                counts = process.journal.counts()
                if counts.claimed or counts.sending or counts.queued:
                    break
                await trio.sleep(0.05)
        await trio.sleep(self._dice.expovariate(20))

    async def _disk(self, process: Process) -> None:
        disk, dice = self._world.disk, self._dice
        mood = dice.choice([Mood.FULL, Mood.FAILING, Mood.SLOW, Mood.HANGING])
        self._world.chronicle.counts["disk troubles"] += 1
        disk.become(mood)
        await trio.sleep(dice.choice([3.0, 30.0, 120.0, 600.0]))
        if dice.random() < 0.3 and not process.dead:
            process.kill()
            await trio.sleep(dice.uniform(0, 60))
        disk.become(Mood.WELL)

    async def _outage(self, _: Process) -> None:
        server = self._dice.choice(list(self._world.servers.values()))
        seconds = self._dice.choice([5.0, 60.0, 300.0, 1200.0])
        self._world.chronicle.count("outages", f"{server.name} is away {seconds:g} s")
        server.away = True
        server.cut("an outage")
        try:
            await trio.sleep(seconds)
        finally:
            server.away = False

    async def _cut(self, _: Process) -> None:
        self._dice.choice(list(self._world.servers.values())).cut("somebody tripped")

    async def _revoke(self, process: Process) -> None:
        """A token is no good until somebody has looked; then the host is told to look."""
        server = self._dice.choice(list(self._world.servers.values()))
        self._world.chronicle.count("revocations", f"{server.name} refuses the token")
        server.revoked = self._world.needs_operator = True
        server.cut("the token was revoked")
        try:
            await trio.sleep(self._dice.uniform(30, 600))
        finally:
            server.revoked = False
        await self._world.reload()
