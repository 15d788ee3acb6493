"""A journal that lives in this process: it survives every actor, and ends with the host."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

from actors.journal.backlog import InboxAccount, InboxLimits, by_itself
from actors.journal.content import content_of
from actors.journal.crowds import Crowds, Waiter
from actors.journal.memory_desk import MemoryDesk
from actors.journal.memory_shelf import MemoryShelf
from actors.journal.outbox_side import OutboxSide
from actors.journal.parts import known_parts
from actors.journal.sayings import OutgoingLimits
from actors.journal.sizes import size_of
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


def _nobody(_account: AccountKey = ("", "")) -> None:
    """Ignore that there is something to do: nobody listens yet."""


class MemoryJournal(MemoryDesk, OutboxSide):
    """Keeps rows in dictionaries. No call is a checkpoint unless it has to wait.

    One object for the life of the System, shared by whoever needs it: it belongs to no
    incarnation of any actor.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        id: str,  # noqa: A002 - it is what the Protocol calls it
        wall_clock: Callable[[], float] = time.time,
        inbox: InboxLimits | None = None,
        outbox: OutgoingLimits | None = None,
    ) -> None:
        """Make an empty journal.

        Args:
            clock: Monotonic seconds; the System's.
            id: A fresh one for each journal: rows of two of them have equal numbers.
            wall_clock: Seconds since 1970; for what is shown to people.
            inbox: Bounds of what came in.
            outbox: Bounds of what is to go out.
        """
        self.id = id
        MemoryDesk.__init__(self, clock, wall_clock, inbox, outbox)
        OutboxSide.__init__(self, self._said, clock)
        self._crowds: Crowds[Appended | None] = Crowds(self._inbox.fits)
        self._rank: Rank = by_itself
        self._ring_inbound: Callable[[], None] = _nobody
        self._ring_outbound: Callable[[AccountKey], None] = _nobody
        self._rung = False
        self._shelves: dict[str, MemoryShelf] = {}

    def shelf(self, kind: str) -> MemoryShelf:
        """Return where things of a kind are kept beside the rows."""
        return self._shelves.setdefault(kind, MemoryShelf())

    @asynccontextmanager
    async def running(
        self, opened: Callable[[], None] = lambda: None
    ) -> AsyncIterator[MemoryJournal]:
        """Do nothing: memory is there at once, and nothing of it stays."""
        opened()
        yield self

    @property
    def health(self) -> JournalHealth:
        return JournalHealth("open")

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
        inbox = self._inbox
        owner = inbox.account(platform, account)
        size = size_of(event)
        fits = inbox.fits(owner, size)
        if self._crowds or not fits:
            # A known event needs no room, but its cursor may not overtake those in line.
            full = not fits and inbox.known(owner, event, self._clock()) is None
            if full or platform in self._crowds:

                def accept(waiter: Waiter[Appended | None]) -> None:
                    waiter.answer(self._accept(owner, event, trace, cursor, size))

                waited = await self._crowds.wait(Waiter(owner, size, accept))
                assert waited is not None
                return waited
        return self._accept(owner, event, trace, cursor, size)

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        """Accept events in this order."""
        return [
            await self.append(
                platform, account, one.event, trace=one.trace, cursor=one.cursor
            )
            for one in arrived
        ]

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        """Accept events in this very call, if there is room for all of them."""
        owner = self._inbox.account(platform, account)
        sizes = [size_of(one.event) for one in arrived]
        if platform in self._crowds or not self._inbox.fits(owner, sum(sizes)):
            return False
        for one, size in zip(arrived, sizes, strict=True):
            told(one, self._accept(owner, one.event, one.trace, one.cursor, size))
        return True

    async def advance(self, platform: str, account: str, cursor: str) -> None:
        """Move the cursor for a frame that held no event."""
        owner = self._inbox.account(platform, account)
        if platform in self._crowds:

            def accept(waiter: Waiter[Appended | None]) -> None:
                owner.move(cursor)
                waiter.answer(None)

            await self._crowds.wait(Waiter(owner, 0, accept))
        else:
            owner.move(cursor)

    async def cursor(self, platform: str, account: str) -> str | None:
        """Return how far this account has been journalled. A new session asks this first."""
        return self._inbox.account(platform, account).begin()

    async def claim_inbound(self, claim: Claim, limit: int) -> list[InboundRow]:
        """Take up to *limit* new rows: platforms in turn, by priority, chats in turn."""
        rows = [record.row for record in self._inbox.claim(claim, limit)]
        if len(rows) < limit:
            self._rung = False
        return cast(list[InboundRow], rows)  # none of them is anywhere but here

    def settle_inbound(
        self, claim: Claim, seq: int, state: InboundState, why: str = ""
    ) -> bool:
        """Say what became of a claimed or parked row."""
        settled = self._inbox.settle(claim, seq, state, why)
        if settled:
            if self._crowds:
                self._crowds.admit()
            self._ring()
        return settled

    def park_inbound(self, claim: Claim, seq: int) -> bool:
        """The handler waits for somebody's answer; the lane goes on without it."""
        return self.settle_inbound(claim, seq, InboundState.PARKED)

    def set_aside(self, claim: Claim, seq: int, *, begun: bool) -> bool:
        """Let a claimed row hold up no other: what is younger in its chat may be claimed."""
        aside = self._inbox.set_aside(claim, seq, begun=begun)
        self._ring()
        return aside

    def state_of(self, seq: int) -> tuple[InboundState, str] | None:
        """Return where a row stands and why; `None` when it is forgotten."""
        return self._inbox.state_of(seq)

    # --- what goes out -----------------------------------------------------------------

    async def enqueue(self, out: Outbound, *, expires_at: float) -> Queued:
        """Write down something to say. A known key changes nothing."""
        queued, ready = self._outgoing.enqueue(out, self._clock(), expires_at)
        if ready:
            self._ring_outbound((out.to.platform, out.to.account))
        return queued

    async def enqueue_all(
        self, parts: Sequence[Outbound], *, expires_at: float
    ) -> list[Queued | None]:
        """Write down the parts of one message, all of them or none."""
        contents = [content_of(part) for part in parts]
        known = known_parts(self._outgoing.find, parts, contents)
        if known is not None:
            return known
        return [*[await self.enqueue(part, expires_at=expires_at) for part in parts]]

    def hand_out(
        self, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None:
        """Hand over what was picked, at once: there is nothing to wait for."""
        told(list(rows))

    # --- both --------------------------------------------------------------------------

    def leave(self) -> None:
        """The host leaves as asked; nothing is left of what is here."""

    async def release(self, claim: Claim) -> list[Expired]:
        """Begin a new life of a claimer: free everything its predecessors had in hand."""
        self._inbox.release(claim)
        if self._crowds:
            self._crowds.admit()
        return self._outgoing.release(claim, self._clock())

    def on_inbound(self, ring: Callable[[], None]) -> None:
        """Call *ring* when there are new rows. One listener; the last one counts."""
        self._ring_inbound = ring
        self._rung = False

    def on_outbound(self, ring: Callable[[AccountKey], None]) -> None:
        """Call *ring* when an account has something to say. One listener; the last one counts."""
        self._ring_outbound = ring

    def off_outbound(self, ring: Callable[[AccountKey], None]) -> None:
        """Call it no longer; nothing happens if another one has taken its place."""
        if self._ring_outbound is ring:
            self._ring_outbound = _nobody

    def rank_by(self, rank: Rank) -> None:
        """Ask *rank* how urgent new events are. The last one counts."""
        self._rank = rank

    def platforms(self) -> tuple[PlatformCounts, ...]:
        """Return what became of the events of each platform, lane by lane."""
        return tuple(self._inbox.counts_of(self._clock(), self._crowds.waiting))

    def counts(self) -> JournalCounts:
        """Return depths and totals for an operator."""
        inbox = self._inbox
        queued, sending, unknown = self._outgoing.depths()
        return JournalCounts(
            accepted=inbox.accepted,
            duplicates=inbox.duplicates,
            evicted_marks=inbox.evicted_marks,
            waiting=len(self._crowds),
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
        """Free what time has made useless, a bounded amount at once."""
        now = self._clock()
        if not self._crowds:  # who waits in line holds on to an account
            self._inbox.tidy(now)
        self._outgoing.tidy(now)

    # --- inside ------------------------------------------------------------------------

    def _accept(
        self,
        owner: InboxAccount,
        event: Inbound,
        trace: str,
        cursor: str | None,
        size: int,
    ) -> Appended:
        """Mark, row and cursor in one step."""
        inbox = self._inbox
        now = self._clock()
        known = inbox.known(owner, event, now)
        if known is None:
            priority = self._rank(owner.platform, owner.name, event)
            row = inbox.append(owner, event, trace, now, size, priority=priority)
            if not self._rung:
                self._ring()
        else:
            row = known
            owner.backlog.duplicates += 1
        if cursor is not None:
            owner.move(cursor)
        return Appended(row, known is not None)

    def _tell_inbound(self) -> None:
        self._ring()

    def _tell_outbound(self, account: AccountKey) -> None:
        self._ring_outbound(account)

    def _ring(self) -> None:
        if not self._rung and self._inbox.ready:
            self._rung = True
            self._ring_inbound()
