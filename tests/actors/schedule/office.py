"""A scheduler in a system of its own: a clock to set, a journal to look into."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio
from attrs import define, field

from actors.journal import Claim, InboundRow, InboxLimits, MemoryJournal
from actors.kernel import System
from actors.messages import InboundState
from actors.schedule import (
    MemoryLaterStore,
    Schedule,
    Scheduler,
    Timetable,
)
from supervision import Backoff, ChildSpec, Supervisor

MONDAY = 1_767_571_200.0  # 2026-01-05 00:00 UTC


@define
class Wall:
    """A wall clock that goes with trio's, and may be set."""

    ahead: float = MONDAY

    def __call__(self) -> float:
        return trio.current_time() + self.ahead


@define(eq=False)
class Office:
    """What outlives processes (the journal and the store) and one life in between."""

    wall: Wall = field(factory=Wall)
    store: MemoryLaterStore = field(factory=MemoryLaterStore)
    nap: float = 86400.0
    room: InboxLimits = field(factory=InboxLimits)
    journal: MemoryJournal = field(init=False)
    timetable: Timetable = field(init=False)
    _router: Claim = field(factory=lambda: Claim("/router", 1))

    def __attrs_post_init__(self) -> None:
        self.journal = MemoryJournal(trio.current_time, id="j1", inbox=self.room)
        self.timetable = Timetable(self.store, self.wall)

    @asynccontextmanager
    async def open(
        self, bot: str = "demo", *schedules: Schedule
    ) -> AsyncIterator[System]:
        """Live once; a process that begins again has a new timetable."""
        self.timetable = Timetable(self.store, self.wall)
        if schedules:
            self.timetable.declare(bot, schedules)

        def scheduler() -> Scheduler:
            return Scheduler(self.timetable, self.journal, self.nap)

        children = [ChildSpec("scheduler", scheduler, backoff=Backoff(first=0.01))]
        async with System(
            Supervisor(children=children).actor, wall_clock=self.wall
        ) as system:
            await trio.testing.wait_all_tasks_blocked()
            yield system

    async def pass_by(self, seconds: float) -> None:
        """Let time pass, and whatever falls into it happen."""
        await trio.sleep(seconds)
        await trio.testing.wait_all_tasks_blocked()

    async def rows(self) -> list[InboundRow]:
        """Take and settle what has come due."""
        found: list[InboundRow] = []
        while rows := await self.journal.claim_inbound(self._router, 1000):
            found += rows
            for row in rows:
                self.journal.settle_inbound(self._router, row.seq, InboundState.DONE)
        return found

    async def due(self) -> list[float]:
        """The same, as seconds since Monday."""
        return [since(row.event.facts["due"]) for row in await self.rows()]


def since(due: object) -> float:
    assert isinstance(due, float)
    assert math.isfinite(due)
    return round(due - MONDAY, 3)


def hours(*numbers: float) -> Sequence[float]:
    return [number * 3600.0 for number in numbers]
