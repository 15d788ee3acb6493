"""The scheduler: writes into the journal what has come due, and sleeps until the next.

It runs nothing itself. What it appends is an event like any other: claimed, routed,
handled, settled, and handed out again if somebody dies with it in hand.
"""

from __future__ import annotations

from math import inf
from typing import TypeAlias, assert_never

import structlog
import trio
from attrs import frozen

from actors.journal import Journal
from actors.kernel import Actor, ActorContext, Mailbox, Overflow, Timer
from actors.lanes import bell, wakes
from actors.schedule.missed import corrected, owed
from actors.schedule.timetable import Entry, Timetable
from actors.schedule.values import (
    PLATFORM,
    Later,
    cursor_of,
    event_of,
    run_of,
    until_of,
)

NAP_SECONDS = 60.0
"""It looks at the wall clock at least so often, as cron does: that may be set, or go on while
the machine sleeps, and a timer would not notice."""

log = structlog.get_logger()


@frozen
class Wake:
    """To itself: something is due, or the next run is earlier than it was."""


SchedulerMessage: TypeAlias = Wake


class Scheduler(Actor[SchedulerMessage]):
    """Lives at `/core/scheduler`. The timetable outlives it, and so do the cursors."""

    mailbox = Mailbox(overflow=Overflow.conflate(wakes))

    def __init__(
        self, timetable: Timetable, journal: Journal, nap: float = NAP_SECONDS
    ) -> None:
        self._timetable = timetable
        self._journal = journal
        self._nap = nap
        self._timer: Timer | None = None
        self._at_work: set[str] = set()

    async def start(self, ctx: ActorContext) -> None:
        self._new_id = ctx.system.new_id
        self._nursery = await ctx.enter(trio.open_nursery())
        self._ring = bell(ctx.find(ctx.path, Scheduler), Wake())
        # An earlier incarnation may have ended after it wrote an event and before it noted
        # that in the timetable: so ask the journal how far everything is.
        self._timetable.renew()
        self._timetable.on_change(self._ring)
        self._ring()

    async def handle(self, ctx: ActorContext, message: SchedulerMessage) -> None:
        match message:
            case Wake():
                self._begin_work()
                self._arm(ctx)
            case _:
                assert_never(message)

    # --- one task for each platform, so that one that is full delays no other ---------------

    def _begin_work(self) -> None:
        timetable, now = self._timetable, self._timetable.now()
        if (
            timetable.forgotten
            or not timetable.loaded
            or any(entry.wants(now) for entry in timetable.entries)
        ):
            self._begin(PLATFORM)
        for later in timetable.due_laters(now):
            self._begin(later.platform)

    def _begin(self, platform: str) -> None:
        if platform not in self._at_work:
            self._at_work.add(platform)
            self._nursery.start_soon(self._work, platform)

    async def _work(self, platform: str) -> None:
        try:
            if platform == PLATFORM:
                await self._timetable.load()
                await self._run_schedules()
            await self._run_laters(platform)
        finally:
            self._at_work.discard(platform)
        self._ring()

    # --- schedules -------------------------------------------------------------------------

    async def _run_schedules(self) -> None:
        timetable = self._timetable
        for account in timetable.forgotten:
            await self._journal.advance(PLATFORM, account, "")
            timetable.forgot(account)
        for entry in timetable.entries:
            if not (entry.live and entry.wants(timetable.now())):
                continue
            try:
                await self._run(entry)
            except Exception:  # one schedule that fails must not hold up the others
                log.exception(
                    "schedule.set_aside",
                    bot=entry.bot,
                    handler=entry.schedule.handler,
                )
                timetable.set_aside(entry)

    async def _run(self, entry: Entry) -> None:
        """Begin what is owed of one schedule, and note how far that is."""
        plan, now = entry.schedule.plan, self._timetable.now()
        until = entry.until
        if until is None:
            until = await self._until(entry, now)
        going_on = corrected(plan, until, now)
        if going_on != until:
            log.warning(
                "schedule.clock_went_back",
                bot=entry.bot,
                handler=entry.schedule.handler,
                seconds=round(until - now, 3),
            )
            await self._note(entry, going_on)
            until = going_on
        debt = owed(plan, entry.schedule.missed, until, now)
        if debt.passed_over:
            log.warning(
                "schedule.runs_missed",
                bot=entry.bot,
                handler=entry.schedule.handler,
                runs=debt.passed_over,
                begun=len(debt.due),
            )
        for due in debt.due:
            if not entry.live:
                return
            await self._journal.append(
                PLATFORM,
                entry.account,
                run_of(entry.bot, entry.schedule, due, debt.passed_over),
                trace=self._new_id(),
                cursor=cursor_of(due, plan),
            )
            until = due
        if debt.until is not None and debt.until != until and entry.live:
            await self._note(entry, debt.until)
            until = debt.until
        entry.dealt_with(until)

    async def _until(self, entry: Entry, now: float) -> float:
        """Return how far a schedule was run; a new one begins now."""
        plan = entry.schedule.plan
        told = until_of(await self._journal.cursor(PLATFORM, entry.account), plan)
        if told is not None:
            return told
        await self._note(entry, now)
        return now

    async def _note(self, entry: Entry, until: float) -> None:
        cursor = cursor_of(until, entry.schedule.plan)
        await self._journal.advance(PLATFORM, entry.account, cursor)

    # --- laters ----------------------------------------------------------------------------

    async def _run_laters(self, platform: str) -> None:
        timetable = self._timetable
        while later := self._due_of(platform):
            try:
                await self._journal.append(
                    later.platform,
                    later.account,
                    event_of(later),
                    trace=later.trace or self._new_id(),
                )
                await timetable.remove(later)
            except Exception:  # nor must a later; it is tried again after a restart
                log.exception(
                    "schedule.set_aside", bot=later.bot, handler=later.handler
                )
                timetable.finish(later)

    def _due_of(self, platform: str) -> Later | None:
        timetable = self._timetable
        for later in timetable.due_laters(timetable.now()):
            if later.platform == platform:
                return later
        return None

    # --- time --------------------------------------------------------------------------------

    def _arm(self, ctx: ActorContext) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # What is due by now is being worked on, and whoever does that will ring.
        now = self._timetable.now()
        at = self._timetable.next_due(now)
        if at < inf:
            self._timer = ctx.after(min(at - now, self._nap), Wake())
