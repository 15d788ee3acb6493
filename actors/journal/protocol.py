"""The promises of a journal: what everybody may rely on, whichever one is behind it.

`tests/actors/journal/test_contract.py` holds each of them against both journals.
"""

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
    """The one place where rows live. All others keep only what they have in hand of it.

    Implementations promise:

    * `append` writes the dedup mark, the row and the cursor in one step, and returns
      once that is committed. Calling it again for the same event changes nothing.
    * A row is handed out by exactly one claim at a time. Rows of one chat are handed
      out in the order in which they were accepted; of the outbox, one at a time.
    * `hand_out` has committed `sending` before it tells.
    * Settling is lazy: it may reach the disk later, but every later call sees it. A
      stale claim settles nothing and is told so (`False`).
    * Every move obeys the tables of `actors.messages`; another one raises
      `IllegalTransition` and changes nothing.
    * The listeners never wait. That of new events is called after the commit, and then
      not again until a claim got fewer rows than it asked for. That of the outbox may be
      called while its row is still being written: `hand_out` waits for the same
      commit.
    * Whoever needs the disk waits for as long as there is trouble with it. The one
      exception is a claim of new events, which comes back empty then; its listener is
      called when the trouble is over.
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
        commit. *told* is called for each of them once that is through.

        Returns:
            `False` if nothing was taken; they are for `append_all` then.
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
        """Say what became of a claimed or parked row. False: this claim has it no longer."""
        ...

    def park_inbound(self, claim: Claim, seq: int) -> bool:
        """Note that the handler of a claimed row waits for somebody's answer, in `ctx.ask`.

        What is younger in its chat may be claimed meanwhile.
        """
        ...

    def set_aside(self, claim: Claim, seq: int, *, begun: bool) -> bool:
        """Let a claimed row hold up no other: what is younger in its chat may be claimed.

        Args:
            claim: Who has it.
            seq: Its number.
            begun: A handler runs; else it waits for a bot that is away.
        """
        ...

    async def enqueue(self, out: Outbound, *, expires_at: float) -> Queued:
        """Write down something to say. A known key changes nothing."""
        ...

    async def enqueue_all(
        self, parts: Sequence[Outbound], *, expires_at: float
    ) -> list[Queued | None]:
        """Write down the parts of one message in this order: all of them, or none.

        The key of the first stands for all: if that is known nothing is written, and the
        answer for each part that is not known is `None`.
        """
        ...

    def pick_outbound(
        self,
        claim: Claim,
        account: AccountKey,
        limit: int = 1,
        pacing: Pacing | None = None,
    ) -> list[OutboundRow]:
        """Claim what may be said now through *account*, at most one row of each chat.

        Each of them has been given leave by *pacing*; the others wait, in their order.
        It is claimed in memory only: nothing may leave yet.
        Give the rows to `hand_out` at once. Whoever has no use for one any more gives it
        back with `requeue_outbound`, also before it is handed out.
        """
        ...

    def hand_out(
        self, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None:
        """Commit what was picked as `sending`; then call *told* with what may leave.

        When it is called from the listener of the outbox, for a row that is being written
        just then, both are one commit.
        """
        ...

    def settle_outbound(self, claim: Claim, seq: int, outcome: Outcome) -> bool:
        """Say what became of a row that was `sending`."""
        ...

    def requeue_outbound(self, claim: Claim, seq: int, not_before: float) -> bool:
        """Put a row that was refused for now back to the front of its chat.

        The chat waits until *not_before* (monotonic seconds). The row is `queued` again, or `unknown` if an earlier attempt may have gone out.
        """
        ...

    def resolve_outbound(self, key: str, outcome: Outcome) -> Outcome | None:
        """Turn `unknown` into what a late answer says. `None`: it is unknown no longer."""
        ...

    def cancel_outbound(self, key: str, why: str) -> bool:
        """Withdraw what has not left yet; say whether it could be.

        What may have left is at least not repeated.
        """
        ...

    @property
    def shed(self) -> bool:
        """Whether something was dropped or has expired that `take_expired` has not told yet."""
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
        """Return when `take_expired` has something to do, at the earliest; `None`: never."""
        ...

    def outcome_of(self, key: str) -> Outcome | None:
        """Return where the row of this key stands, if that is in memory."""
        ...

    async def find_outcome(self, key: str) -> Outcome | None:
        """Return the same, looked for wherever rows are kept."""
        ...

    async def release(self, claim: Claim) -> list[Expired]:
        """Begin a new life of a claimer: free everything its predecessors had in hand.

        Claimed events become new again (after three such ends: quarantined), parked
        ones `failed(interrupted)`, and what was `sending` is returned as `unknown`.
        """
        ...

    def can_claim(self, account: AccountKey) -> bool:
        """Say whether `pick_outbound` would return something. A hint, and a cheap one."""
        ...

    def next_claim(self, account: AccountKey) -> float:
        """Return when something may be claimed; `-inf` for at once, `inf` for never."""
        ...

    def trust_keys(
        self, account: AccountKey, seconds: float, since: float = -inf
    ) -> None:
        """Say how long the platform of *account* recognises a key; it is connected.

        For so long, counted from its first attempt, what is `unknown` is tried again,
        before anything else of its chat; it stays `unknown` until it is claimed. A row
        that becomes unknown once more waits a while, and its chat goes on.

        Args:
            account: Whose keys.
            seconds: 0, as at the start: the platform recognises none, or is not there.
            since: Monotonic seconds; a key that was tried first before then it does not
                recognise.
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
        """From now on ask *rank* how urgent a new event is.

        Where nobody has said so, it is `priority_of` the event alone.
        """
        ...

    def platforms(self) -> tuple[PlatformCounts, ...]:
        """Return what became of the events of each platform, lane by lane."""
        ...

    def counts(self) -> JournalCounts:
        """Return depths and totals for an operator."""
        ...
