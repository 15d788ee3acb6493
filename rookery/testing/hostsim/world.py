"""One world from one seed: what is in it, and its course from the first boot to the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import trio

from actors.kernel import ActorError
from rookery.host import Manager, Reload
from rookery.testing.hostsim.agenda import Agenda
from rookery.testing.hostsim.chronicle import Chronicle
from rookery.testing.hostsim.climate import climate_of
from rookery.testing.hostsim.diary import Diary
from rookery.testing.hostsim.disk import Disk, Mood
from rookery.testing.hostsim.judging import judge
from rookery.testing.hostsim.laws import settled_for_good
from rookery.testing.hostsim.overseer import bounds
from rookery.testing.hostsim.people import People
from rookery.testing.hostsim.process import Process
from rookery.testing.hostsim.servers import Server
from rookery.testing.hostsim.trouble import RELOAD_SECONDS, Trouble
from rookery.testing.hostsim.words import WALL_ZERO
from rookery.testing.simulation.clock import JumpingClock

AUDIT = 60.0
"""Seconds between two looks at what could grow."""
RECOVER = 3 * 3600.0
"""Seconds until everything is settled once nothing goes wrong any more, at most."""
REST = 30.0
"""Seconds that everything must have been settled for."""
DOWN = 20.0
"""Seconds that the host is down after a kill, in the mean; now and then much longer."""


class World:
    """Everything that there is in one world. Made outside of trio, lives inside."""

    def __init__(
        self, seed: int, seconds: float, folder: Path, *, keep: bool = False
    ) -> None:
        self.seed = seed
        self.seconds = seconds
        self.clock = JumpingClock(seconds + 7 * 24 * 3600)
        self.chronicle = Chronicle(self.clock.current_time, keep=keep)
        self.diary = Diary(self.chronicle)
        self.climate = climate_of(self.dice("climate"))
        self.disk = Disk(folder / "journal.sqlite", self.dice("disk"), self.chronicle)
        self.agenda = Agenda()
        self.servers = {
            temper.name: Server(
                temper,
                self.dice(f"server/{temper.name}"),
                agenda=self.agenda,
                chronicle=self.chronicle,
                diary=self.diary,
                disk=self.disk,
            )
            for temper in self.climate.platforms
        }
        self.addresses = tuple(
            f"{server.name}/{server.account}/group:{chat}"
            for server in self.servers.values()
            for chat in server.temper.chats
        )
        self.process: Process | None = None
        self.down_since = 0.0
        """Since when there is no process that was up; of a time in which there is none."""
        self.settled: dict[str, dict[int, str]] = {"inbound": {}, "outbound": {}}
        self.left_at = float("inf")
        """When the last process was told to leave, by the wall clock."""
        self.needs_operator = False
        """A token was refused, and nobody has told the host to look again."""
        self._over = trio.Event()

    def dice(self, what: str) -> random.Random:
        """Return dice for one purpose, so that what one thing draws changes no other."""
        return random.Random(f"{self.seed}/{what}")

    def wall(self) -> float:
        """Return the wall clock, in seconds since 1970."""
        return WALL_ZERO + self.clock.now

    def stop(self) -> None:
        """End it: a law is broken, or nobody wants to see more."""
        self._over.set()

    @property
    def stopped(self) -> bool:
        return self._over.is_set()

    # --- its course ---------------------------------------------------------------------

    async def live(self, tick: Callable[[World], None]) -> None:
        """Live through all of it. *tick* is called now and then."""
        try:
            await self._live(tick)
        finally:
            self.clock.over = True

    async def _live(self, tick: Callable[[World], None]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.agenda.run)
            nursery.start_soon(self._boots)
            nursery.start_soon(self._look, tick)
            with trio.move_on_after(self.seconds):
                await self._suffer()
            if not self.stopped:
                await self._recover()
            if not self.stopped:
                await self._leave()
            nursery.cancel_scope.cancel()
        self.disk.let_go()
        self._compare_settled()
        judge(self, wholly=not self.stopped)

    async def _suffer(self) -> None:
        """Faults and people, until the time is over or a law is broken."""
        async with trio.open_nursery() as nursery:
            trouble = Trouble(self, self.dice("trouble"))
            nursery.start_soon(trouble.run)
            for server in self.servers.values():
                dice = self.dice(f"people/{server.name}")
                people = People(server, self.climate, dice, self.diary)
                nursery.start_soon(people.bursts)
                for chat in server.temper.chats:
                    nursery.start_soon(people.chat, chat)
            await self._over.wait()
            nursery.cancel_scope.cancel()

    async def _boots(self) -> None:
        """One process after the other; a new one begins on what the last one left."""
        dice = self.dice("boots")
        number = 0
        while True:
            number += 1
            self.process = Process(self, number)
            await self.process.live()
            self._compare_settled()
            self.process.gone.set()
            if self.process.up:
                self.down_since = self.clock.now
            self.process = None
            if self.left_at < float("inf"):
                return
            mean = DOWN if dice.random() < 0.9 else 60 * DOWN
            await trio.sleep(dice.expovariate(1 / mean))

    async def _look(self, tick: Callable[[World], None]) -> None:
        while True:
            await trio.sleep(AUDIT)
            process = self.process
            if process is not None and not process.dead:
                found = bounds(process.parts, self.climate)
                self.chronicle.note("nothing_grows_without_bound", found)
            tick(self)
            if self.chronicle.broken:
                self.stop()

    async def _recover(self) -> None:
        """Nothing goes wrong any more: whatever was accepted is handled after a while."""
        self.chronicle.add("all is well from now on")
        self.disk.become(Mood.WELL)
        for server in self.servers.values():
            server.calm, server.away, server.revoked = True, False, False
        await self.reload()  # if a token was refused; else it recovers by itself
        with trio.move_on_after(RECOVER):
            await self._settle(self._is_settled)
            for server in self.servers.values():  # what it does not know to be accepted
                server.cut("a fresh start")
            await self._settle(self._is_all_told)
            return
        self.chronicle.note("everything_is_handled", [self._unsettled()])

    async def _settle(self, look: Callable[[], bool]) -> None:
        quiet = 0.0
        while quiet < REST and not self.stopped:
            await trio.sleep(5.0)
            quiet = quiet + 5.0 if look() else 0.0

    async def _leave(self) -> None:
        process = self.process
        assert process is not None
        self.chronicle.note("nobody_is_lost", process.overseer.lost())
        down = [
            f"{path} is {cell.phase}"
            for path, cell in process.system.cells.items()
            if cell.phase != "running"
        ]
        self.chronicle.note("everybody_is_back", down)
        self.left_at = self.wall()
        process.leave()
        await process.gone.wait()

    async def reload(self) -> None:
        """Have the host try again what waits for a person, until it has."""
        while self.needs_operator:
            process = await self.next_process()
            try:
                manager = process.system.find("/manager", Manager)
                await manager.ask(Reload(), within=RELOAD_SECONDS)
                self.needs_operator = process.dead
            except ActorError as error:
                self.chronicle.add(f"reload refused: {type(error).__name__}")
                await trio.sleep(1.0)

    async def next_process(self) -> Process:
        """Wait until there is a process that is up."""
        while self.process is None or not self.process.up or self.process.dead:  # noqa: ASYNC110 - nobody tells
            await trio.sleep(1.0)
        return self.process

    # --- looking ------------------------------------------------------------------------

    def _is_settled(self) -> bool:
        process = self.process
        if process is None or not process.up:
            return False
        counts = process.journal.counts()
        return not (
            counts.new
            or counts.claimed
            or counts.parked
            or counts.waiting
            or counts.queued
            or counts.sending
            or any(not server.wire for server in self.servers.values())
        )

    def _is_all_told(self) -> bool:
        owed = any(server.owed for server in self.servers.values())
        return not owed and self._is_settled()

    def _unsettled(self) -> str:
        process = self.process
        counts = None if process is None else process.journal.counts()
        owed = {server.name: server.owed for server in self.servers.values()}
        return f"after {RECOVER:g} s: {counts}, owed {owed}"

    def _compare_settled(self) -> None:
        for table, before in self.settled.items():
            now = dict(self.disk.states(table))
            found = settled_for_good(table, before, now)
            self.chronicle.note("settled_once", found)
            self.settled[table] = now
