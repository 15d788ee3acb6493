"""The promises of a journal. Everything that is accepted or to be said goes through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Protocol

from actors.journal.pacing import Pacing
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
    OutboundRow,
    Queued,
    Rank,
    Recalled,
)
from actors.messages import Inbound, InboundState, Outbound, Outcome


class Journal(Protocol):
    """The one place where rows live. Everybody else holds a window on it.

    Implementations promise:

    * `append` writes the dedup mark, the row and the cursor in one step, and returns
      once that is committed. Calling it again for the same event changes nothing.
    * A row is handed out by exactly one claim at a time. Rows of one chat are handed
      out in the order in which they were accepted; of the outbox, one at a time.
    * `claim_outbound` has committed `sending` before it returns.
    * Settling is lazy: it may reach the disk later, but every later call sees it. A
      stale claim settles nothing and is told so (`False`).
    * Every move obeys the tables of `actors.messages`; another one raises
      `IllegalTransition` and changes nothing.
    * The listeners never wait. That of new events is called after the commit, and not
      again before a claim got less than it asked for. That of the outbox may be called
      while its row is still being written: `claim_outbound` waits for the same commit.
    * Whoever needs the disk waits for as long as there is trouble with it; only then
      does a claim of new events come back empty, and its listener is called later.
    * Every call may be repeated by somebody who does not know whether it arrived.

    Times are seconds of one monotonic clock, that of the System.
    """

    @property
    def id(self) -> str:
        """Names this journal among all others: part of every idempotency key."""
        ...

    async def append(
        self,
        platform: str,
        account: str,
        event: Inbound,
        *,
        trace: str,
        cursor: str | None = None,
    ) -> Appended:
        """Accept an event; wait for room while the platform's backlog is full.

        Nothing else makes it wait: no bot and no router, however slow they are.
        """
        ...

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        """Accept events in this order; return once all of them are committed.

        The same as one `append` after the other, for the price of one commit.
        """
        ...

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        """Take events in this order, in this very call, if there is room for all of them.

        For whoever reads many and has nothing to acknowledge: no task waits for the
        commit. *told* is called for each of them once it is through. False: nothing was
        taken, and it is for `append_all`.
        """
        ...

    async def advance(self, platform: str, account: str, cursor: str) -> None:
        """Move the cursor for a frame that held no event."""
        ...

    async def cursor(self, platform: str, account: str) -> str | None:
        """Return how far this account has been journalled.

        Of the account "", whose name nobody knows yet: how far any of the platform has.
        """
        ...

    async def claim_inbound(self, claim: Claim, limit: int) -> list[InboundRow]:
        """Take up to *limit* new rows: platforms in turn, by priority, chats in turn."""
        ...

    def settle_inbound(
        self, claim: Claim, seq: int, state: InboundState, why: str = ""
    ) -> bool:
        """Say what became of a claimed or parked row."""
        ...

    def park_inbound(self, claim: Claim, seq: int) -> bool:
        """The handler waits for somebody's answer; the lane goes on without it."""
        ...

    def set_aside(self, claim: Claim, seq: int, *, begun: bool) -> bool:
        """Let a claimed row hold up no other: what is younger in its chat may be claimed.

        Args:
            claim: Who has it.
            seq: Its number.
            begun: Somebody is at it; else it waits for one that is away.
        """
        ...

    async def enqueue(self, out: Outbound, *, expires_at: float) -> Queued:
        """Write down something to say. A known key changes nothing."""
        ...

    async def enqueue_all(
        self, parts: Sequence[Outbound], *, expires_at: float
    ) -> list[Queued | None]:
        """Write down the parts of one message in this order: all of them, or none.

        The key of the first stands for all. Is that known, nothing is written, whatever
        the others are; the answer for a part that is not known then is `None`.
        """
        ...

    async def claim_outbound(
        self,
        claim: Claim,
        account: AccountKey,
        limit: int = 1,
        pacing: Pacing | None = None,
    ) -> list[OutboundRow]:
        """Take what may be said now through *account*, at most one row of each chat.

        Each of them has been given leave by *pacing*; the others wait, in their order.
        It is `pick_outbound` and `hand_out` for one who waits.
        """
        ...

    def pick_outbound(
        self,
        claim: Claim,
        account: AccountKey,
        limit: int = 1,
        pacing: Pacing | None = None,
    ) -> list[OutboundRow]:
        """Claim as `claim_outbound` does, but only in the index: nothing may leave yet.

        They are to be given to `hand_out` at once. Whoever has no use for one any more
        gives it back with `requeue_outbound`, also before it is handed out.
        """
        ...

    def hand_out(
        self, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None:
        """Commit what was picked as `sending`; *told* is called with what may leave then.

        Asked while a row is being written, in the call that rings for it, this is the
        same commit.
        """
        ...

    def settle_outbound(self, claim: Claim, seq: int, outcome: Outcome) -> bool:
        """Say what became of a row that was `sending`."""
        ...

    def requeue_outbound(self, claim: Claim, seq: int, not_before: float) -> bool:
        """The platform refused for now: back to the front of its chat, for later.

        The row is `queued` again, or `unknown` if an earlier attempt may have gone out.
        """
        ...

    def resolve_outbound(self, key: str, outcome: Outcome) -> Outcome | None:
        """A late answer: `unknown` becomes `sent`. `None`: it is not (or no longer) unknown."""
        ...

    def cancel_outbound(self, key: str, why: str) -> bool:
        """Withdraw what has not left yet. What may have left is not said again."""
        ...

    @property
    def shed(self) -> bool:
        """Has something been dropped or expired that nobody has fetched?"""
        ...

    def take_expired(self, limit: int) -> list[Expired]:
        """Expire up to *limit* stale rows and hand over every row dropped since the last call."""
        ...

    def take_recalled(self) -> list[Recalled]:
        """Hand over, once, what earlier processes left in the outbox, oldest first.

        Everything that is open, and the newest of what was delivered within a day.
        """
        ...

    def next_expiry(self) -> float | None:
        """When `take_expired` has something to do, at the earliest."""
        ...

    def outcome_of(self, key: str) -> Outcome | None:
        """Where the row of this key stands."""
        ...

    async def find_outcome(self, key: str) -> Outcome | None:
        """The same, looked for wherever rows are kept."""
        ...

    async def release(self, claim: Claim) -> list[Expired]:
        """Begin a new life of a claimer: free everything its predecessors had in hand.

        Claimed events become new again (after three such ends: quarantined), parked
        ones `failed(interrupted)`, and what was `sending` is returned as `unknown`.
        """
        ...

    def can_claim(self, account: AccountKey) -> bool:
        """Would `claim_outbound` hand something out? A hint, and a cheap one."""
        ...

    def next_claim(self, account: AccountKey) -> float:
        """When something may be claimed that waits for a time; `inf` for never."""
        ...

    def trust_keys(
        self, account: AccountKey, seconds: float, since: float = -inf
    ) -> None:
        """The platform of *account* is there, and recognises a key for so long.

        What is `unknown` is tried again for that time, counted from its first attempt,
        before anything else of its chat; a row that is in doubt once more waits a while,
        and its chat goes on. It stays `unknown` until it is claimed. 0, as at the start:
        the platform recognises none, or is not there. What was tried first before *since*
        (monotonic seconds) it does not recognise.
        """
        ...

    def on_inbound(self, ring: Callable[[], None]) -> None:
        """Call *ring* when there are new rows. One listener; the last one counts."""
        ...

    def on_outbound(self, ring: Callable[[AccountKey], None]) -> None:
        """Call *ring* when an account has something to say. One listener; the last one counts."""
        ...

    def off_outbound(self, ring: Callable[[AccountKey], None]) -> None:
        """Call it no longer; nothing happens if another one has taken its place."""
        ...

    def rank_by(self, rank: Rank) -> None:
        """Ask *rank* how urgent new events are. The last one counts; without one, it is
        `priority_of` the event alone.
        """
        ...

    def platforms(self) -> tuple[PlatformCounts, ...]:
        """Return what became of the events of each platform, lane by lane."""
        ...

    def counts(self) -> JournalCounts:
        """Return depths and totals for an operator."""
        ...
