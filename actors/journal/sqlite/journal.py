"""The journal on disk, put together: the file behind, the promises of `Journal` before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
import trio

from actors.journal.backlog import InboxLimits
from actors.journal.outbox_side import OutboxSide
from actors.journal.pacing import Pacing
from actors.journal.sayings import OutgoingLimits
from actors.journal.sqlite.arrivals import Arrivals
from actors.journal.sqlite.calendar import Calendar
from actors.journal.sqlite.departures import Departures
from actors.journal.sqlite.desk import FileDesk
from actors.journal.sqlite.effects import Effect
from actors.journal.sqlite.handouts import Handouts
from actors.journal.sqlite.loading import Loaded
from actors.journal.sqlite.pump import Pump
from actors.journal.sqlite.shelf import Shelf
from actors.journal.sqlite.store import Store
from actors.journal.sqlite.thread import OwnThread, Run
from actors.journal.tallies import PlatformCounts
from actors.journal.values import (
    AccountKey,
    Appended,
    Arrived,
    Claim,
    Expired,
    HandedOut,
    InboundRow,
    JournalCounts,
    JournalHealth,
    OutboundRow,
    Queued,
    Rank,
)
from actors.messages import Inbound, InboundState, Outbound

log = structlog.get_logger()


class FileJournal(FileDesk, OutboxSide):
    """Keeps rows in a file. Usable inside `async with journal.running():` only.

    What has to be on the disk waits for the file to be open, and for as long as there is
    trouble with it. Everything else is answered from the index at once.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        *,
        run: Run | None = None,
        inbox: InboxLimits | None = None,
        outbox: OutgoingLimits | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            store: The file.
            clock: Monotonic seconds; the System's.
            wall_clock: Seconds since 1970; for what outlives the process.
            run: How the store's work is run; a thread of its own if not given.
            inbox: Bounds of what came in.
            outbox: Bounds of what is to go out.
        """
        calendar = Calendar(clock, wall_clock)
        pump = Pump(
            store,
            run or OwnThread("journal"),
            clock,
            changes=self._changes,
            mended=self._mended,
        )
        self._handouts = Handouts(pump, calendar, inbox or InboxLimits())
        arrivals = Arrivals(pump, calendar, self._handouts)
        departures = Departures(pump, calendar, outbox or OutgoingLimits())
        reading = run or OwnThread("journal-reader")
        FileDesk.__init__(self, store, pump, reading, self._handouts, departures)
        OutboxSide.__init__(self, departures.outgoing, clock)
        self._arrivals = arrivals
        self._inbox = self._handouts.inbox
        self._id = ""
        self._rings: list[Callable[[], None]] = []

    @property
    def id(self) -> str:
        """The id of the journal, which stands in the file; before it is known no row is
        handed out.
        """
        if not self._id:
            msg = "the journal must be open before its id is asked for"
            raise RuntimeError(msg)
        return self._id

    @asynccontextmanager
    async def running(
        self, opened: Callable[[], None] = lambda: None
    ) -> AsyncIterator[FileJournal]:
        """Keep the file open while the block lasts; *opened* is called once it is.

        The block begins at once: that a disk is slow or broken keeps nobody from
        starting. At its end what waits is written down, for a few seconds at most.
        """
        # A system task: it belongs to no actor, and a nursery would wrap what is raised.
        scope = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._live, scope, opened)
        try:
            yield self
        finally:
            with trio.CancelScope(shield=True):
                if not await self._pump.close():
                    log.error(
                        "journal.left_behind",
                        rows=self._pump.waiting,
                        why=self.health.why,
                    )
            self._reading.close()
            scope.cancel(reason="the journal is closed")

    async def _live(self, scope: trio.CancelScope, opened: Callable[[], None]) -> None:
        with scope:
            try:
                await self._open()
                opened()
                await self._pump.run()
            except Exception as error:  # whatever it is, the host goes on without us
                log.exception("journal.broke")
                self._pump.break_off(error)

    async def _open(self) -> None:
        loaded = await self._pump.load()
        assert isinstance(loaded, Loaded)
        await self._handouts.restore(loaded, self._pump.read)
        ready = await self._departures.restore(loaded)
        self._recalled = self._departures.recalled(loaded)
        self._id = loaded.id
        self._pump.opened.set()
        log.info(
            "journal.opened",
            id=loaded.id,
            unhandled=loaded.unhandled,
            handled_again=loaded.again,
            quarantined=loaded.quarantined,
            interrupted=loaded.interrupted,
            unsent=len(loaded.outbound) - loaded.unknown,
            unknown=loaded.unknown,
        )
        self._handouts.recovered()
        for account in ready:
            self._departures.tell(account)

    def in_trouble(self) -> bool:
        """Whether nothing can be written down now."""
        return self._pump.stalled

    def on_mended(self, ring: Callable[[], None]) -> None:
        """Call *ring* each time trouble is over. Any number of listeners."""
        self._rings.append(ring)

    def off_mended(self, ring: Callable[[], None]) -> None:
        """Call it no longer."""
        self._rings.remove(ring)

    def _mended(self) -> None:
        self._handouts.recovered()
        for ring in tuple(self._rings):
            ring()

    def _changes(self) -> list[Effect]:
        return self._handouts.changes() + self._departures.changes()

    def shelf(self, kind: str) -> Shelf:
        """Return where things of a kind are kept beside the rows."""
        return Shelf(self._pump, kind)

    @property
    def health(self) -> JournalHealth:
        return self._pump.health

    # --- what comes in -----------------------------------------------------------------

    async def append(
        self,
        platform: str,
        account: str,
        event: Inbound,
        *,
        trace: str,
        cursor: str | None = None,
    ) -> Appended:
        """Accept an event; wait for room while the platform's backlog is full."""
        return await self._arrivals.append(platform, account, event, trace, cursor)

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        """Accept events in this order, as far as there is room in one commit."""
        return await self._arrivals.append_all(platform, account, arrived)

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        """Submit events in this very call, if the file is open and there is room for all."""
        return self._arrivals.append_now(platform, account, arrived, told)

    async def advance(self, platform: str, account: str, cursor: str) -> None:
        """Move the cursor for a frame that held no event."""
        await self._arrivals.advance(platform, account, cursor)

    async def cursor(self, platform: str, account: str) -> str | None:
        """Return how far this account has been journalled. A new session asks this first."""
        return await self._arrivals.cursor(platform, account)

    async def claim_inbound(self, claim: Claim, limit: int) -> list[InboundRow]:
        """Take up to *limit* new rows as they are due; none in trouble."""
        return await self._handouts.claim(claim, limit)

    def settle_inbound(
        self, claim: Claim, seq: int, state: InboundState, why: str = ""
    ) -> bool:
        """Say what became of a claimed or parked row."""
        return self._handouts.settle(claim, seq, state, why)

    def park_inbound(self, claim: Claim, seq: int) -> bool:
        """The handler waits for somebody's answer; the lane goes on without it."""
        return self._handouts.settle(claim, seq, InboundState.PARKED, "")

    def set_aside(self, claim: Claim, seq: int, *, begun: bool) -> bool:
        """Let a claimed row hold up no other: what is younger in its chat may be claimed."""
        return self._handouts.set_aside(claim, seq, begun=begun)

    # --- what goes out -----------------------------------------------------------------

    def enqueue(
        self, out: Outbound, *, expires_at: float
    ) -> Coroutine[Any, Any, Queued]:
        """Write down something to say. A known key changes nothing."""
        return self._departures.enqueue(out, expires_at)

    async def enqueue_all(
        self, parts: Sequence[Outbound], *, expires_at: float
    ) -> list[Queued | None]:
        """Write down the parts of one message, all of them or none, in one commit."""
        return await self._departures.enqueue_all(parts, expires_at)

    def pick_outbound(
        self,
        claim: Claim,
        account: AccountKey,
        limit: int = 1,
        pacing: Pacing | None = None,
    ) -> list[OutboundRow]:
        """Claim in the index what may be said now; nothing before the file is open."""
        return self._departures.pick(claim, account, limit, pacing)

    def hand_out(
        self, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None:
        """Hand over what was picked, once it is committed as `sending`."""
        self._departures.hand_out(claim, rows, told)

    def cancel_outbound(self, key: str, why: str) -> bool:
        """Withdraw what has not left yet. What may have left no process says again."""
        cancelled = super().cancel_outbound(key, why)
        if not cancelled:
            self._departures.not_worth_it(key)
        return cancelled

    # --- both --------------------------------------------------------------------------

    def leave(self) -> None:
        """The host leaves as asked: what is still in hand is no suspect of its end."""
        self._handouts.leave()

    async def release(self, claim: Claim) -> list[Expired]:
        """Begin a new life of a claimer: free everything its predecessors had in hand."""
        self._handouts.release(claim)
        return self._outgoing.release(claim, self._clock())

    def on_inbound(self, ring: Callable[[], None]) -> None:
        """Call *ring* when there are new rows. One listener; the last one counts."""
        self._handouts.listen(ring)

    def on_outbound(self, ring: Callable[[AccountKey], None]) -> None:
        """Call *ring* when an account has something to say. One listener; the last one counts."""
        self._departures.listen(ring)

    def off_outbound(self, ring: Callable[[AccountKey], None]) -> None:
        """Call it no longer; nothing happens if another one has taken its place."""
        self._departures.listen_no_more(ring)

    def rank_by(self, rank: Rank) -> None:
        """Ask *rank* how urgent new events are. The last one counts."""
        self._arrivals.rank = rank

    def on_refused(self, told: Callable[[str, str, str], None]) -> None:
        """Tell platform, why and trace of each event that can never be kept."""
        self._arrivals.refused = told

    def platforms(self) -> tuple[PlatformCounts, ...]:
        """Return what became of the events of each platform, lane by lane."""
        waiting = self._handouts.crowds.waiting
        return tuple(self._inbox.counts_of(self._clock(), waiting))

    def counts(self) -> JournalCounts:
        """Return depths and totals for an operator."""
        inbox = self._inbox
        queued, sending, unknown = self._outgoing.depths()
        return JournalCounts(
            accepted=inbox.accepted,
            duplicates=inbox.duplicates,
            evicted_marks=self._store.evicted,
            waiting=len(self._handouts.crowds),
            new=inbox.waiting,
            claimed=inbox.claimed,
            parked=inbox.parked,
            ended={state.value: n for state, n in sorted(inbox.ended.items())},
            queued=queued,
            sending=sending,
            unknown=unknown,
            dropped=self._outgoing.dropped,
            stale_settles=inbox.stale_settles + self._outgoing.stale_settles,
        )

    def tidy(self) -> None:
        """Free what time has made useless, in memory at once, in the file bit by bit."""
        self._arrivals.tidy()
        self._outgoing.tidy(self._clock())
        self._pump.sweep()

    async def compact(self) -> None:
        """Give unused space back to the disk; whoever writes waits meanwhile.

        Raises:
            Trouble: it cannot be done now; it may need as much space as the file has.
        """
        await self._pump.opened.wait()
        await self._pump.compact()
