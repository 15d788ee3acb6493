"""The outbox: takes what is to be said, and decides every state on its way out.

Three come here: whoever speaks (`say`, `withdraw`), the sender (`pick`, `hand_out`, `settle`,
`again`) and the keeper (`sweep`). Each change goes to the journal, which keeps it, and to the
tracker, which tells whoever waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

import structlog

from actors.buffer.keys import part_key
from actors.buffer.parts import Split, deletions, rows_of, whole
from actors.journal import (
    AccountKey,
    Claim,
    Expired,
    HandedOut,
    Journal,
    OutboundRow,
    Pacing,
    Queued,
)
from actors.messages import Outbound, OutboundState, Outcome
from actors.tracker import STALE_SECONDS, Receipt, ReceiptOfParts, Tracker

log = structlog.get_logger()

SHED_PER_TURN = 256
# Read for every message; an attribute of an enumeration costs as much as a call.
_QUEUED, _SENDING = OutboundState.QUEUED, OutboundState.SENDING


class Outbox:
    """The one writer of outbound states. One object for the life of the host."""

    def __init__(
        self,
        journal: Journal,
        tracker: Tracker,
        clock: Callable[[], float],
        *,
        dead: Callable[[Outbound, str], None],
        split: Split = whole,
    ) -> None:
        """Make the outbox.

        Args:
            journal: Where rows live.
            tracker: Where receipts live.
            clock: Monotonic seconds; the System's.
            dead: Called with everything that will never be said, and why.
            split: Says in which pieces a message has to be said. The same message must
                get the same answer for as long as its key may come again.
        """
        self._journal = journal
        self._tracker = tracker
        self._clock = clock
        self._dead = dead
        self._split = split
        self._wake: Callable[[], None] = lambda: None
        self._due_at = inf
        """When the keeper looks next. It may be too early, never too late."""

    # --- for those who speak -----------------------------------------------------------

    async def say(self, out: Outbound) -> Receipt:
        """Take *out* for delivery; return once it is journalled.

        The same key again says nothing twice: the receipt is that of the first time. If
        its content is another one, the first stands.
        """
        expires_at = self._clock() + STALE_SECONDS[out.kind]
        rows: Sequence[Outbound] = ()
        if out.change is not None:
            rows = deletions(out)
        elif (cutting := self._split(out)) is not None:
            bodies = await cutting
            rows = rows_of(out, bodies) if len(bodies) > 1 else ()
        if len(rows) > 1:
            receipt = await self._say_all(rows, expires_at)
        else:
            queued = await self._journal.enqueue(out, expires_at=expires_at)
            receipt = self._begun(out, queued)
        if self._journal.shed:
            self.sweep()
        if expires_at < self._due_at:
            self._due_at = expires_at
            self._wake()
        return receipt

    async def _say_all(self, rows: Sequence[Outbound], expires_at: float) -> Receipt:
        """Say the parts of one message: journalled together, sent one by one."""
        queued = await self._journal.enqueue_all(rows, expires_at=expires_at)
        known = [
            self._begun(out, part)
            for out, part in zip(rows, queued, strict=True)
            if part is not None
        ]
        return ReceiptOfParts(known) if len(known) > 1 else known[0]

    def _begun(self, out: Outbound, queued: Queued) -> Receipt:
        if not queued.same:
            log.warning("reply.diverged", key=out.key, to=str(out.to), trace=out.trace)
        outcome = queued.outcome
        if not queued.fresh or outcome.state is not _QUEUED:
            return self._tracker.begin(out, outcome, fresh=queued.fresh)
        # The sender hears of the same commit: it may have been faster than the speaker.
        now = self._journal.outcome_of(out.key) or outcome
        if now.state is _SENDING:
            return self._tracker.begin(out, now, fresh=True)
        receipt = self._tracker.begin(out, outcome, fresh=True)
        if now.state is not _QUEUED:
            self._tracker.settle(out.key, now)
        return receipt

    def withdraw(self, key: str, why: str) -> bool:
        """Withdraw a message, or those of its parts that have not left yet; say if any."""
        withdrawn = False
        part, row = 0, key
        while self._journal.outcome_of(row) is not None:
            if self._journal.cancel_outbound(row, why):
                self._tracker.settle(row, Outcome(OutboundState.CANCELLED, why))
                withdrawn = True
            part += 1
            row = part_key(key, part)
        return withdrawn

    def answered_late(self, key: str, message_id: str, how: str = "") -> bool:
        """Turn `unknown` into `sent`, for the answer came after all.

        Args:
            key: Of the message.
            message_id: The platform's id of it.
            how: What was lost on the way, in words; empty for nothing.

        Returns:
            `False` if it was not unknown.
        """
        outcome = Outcome(OutboundState.SENT, how, message_id)
        if self._journal.resolve_outbound(key, outcome) is None:
            return False
        self._tracker.settle(key, outcome)
        log.info("delivery.confirmed_late", key=key)
        return True

    # --- for the sender ----------------------------------------------------------------

    def connected(
        self, account: AccountKey, idempotent_for: float, since: float = -inf
    ) -> None:
        """Note that *account* has a line, whose platform recognises a key for so long.

        What is unknown and was tried first less than *idempotent_for* seconds ago goes
        out again, under its key, unless that was before *since* (monotonic seconds). 0:
        the platform recognises no key, or the line is gone.
        """
        self._journal.trust_keys(account, idempotent_for, since)

    def pick(
        self,
        claim: Claim,
        account: AccountKey,
        limit: int = 1,
        pacing: Pacing | None = None,
    ) -> list[OutboundRow]:
        """Take what may be said now through *account*; give it to `hand_out` at once."""
        rows = self._journal.pick_outbound(claim, account, limit, pacing)
        if self._journal.shed:
            self.sweep()
        return rows

    def hand_out(
        self, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None:
        """Commit as `sending` what was picked; then call *told* with what may leave."""

        def committed(rows: list[OutboundRow]) -> None:
            self._on_its_way(rows)
            told(rows)

        self._journal.hand_out(claim, rows, committed)

    def _on_its_way(self, rows: Sequence[OutboundRow]) -> None:
        for row in rows:
            self._tracker.sending(row.out.key)
            if row.doubts:
                log.info(
                    "delivery.repeated",
                    key=row.out.key,
                    to=str(row.out.to),
                    trace=row.out.trace,
                    attempt=row.attempt,
                    doubts=row.doubts,
                )
        if self._journal.shed:
            self.sweep()

    async def find_outcome(self, key: str) -> Outcome | None:
        """Return where a message of ours stands that is to be changed, if it is known."""
        return await self._journal.find_outcome(key)

    def next_claim(self, account: AccountKey) -> float:
        """Return when `pick` has something; `-inf` for at once, `inf` for never."""
        return self._journal.next_claim(account)

    def settle(self, claim: Claim, row: OutboundRow, outcome: Outcome) -> bool:
        """Record what the platform answered. False: *claim* is stale and has no say."""
        settled = self._journal.settle_outbound(claim, row.seq, outcome)
        if settled:
            self._tracker.settle(row.out.key, outcome)
        return settled

    def again(self, claim: Claim, row: OutboundRow, not_before: float) -> bool:
        """Let a row wait at the front of its chat, for the platform said *not now*.

        The chat waits until *not_before* (monotonic seconds). False: *claim* is stale.
        """
        queued = self._journal.requeue_outbound(claim, row.seq, not_before)
        if queued:
            self._tracker.queued(row.out.key)
        return queued

    async def release(self, claim: Claim) -> None:
        """Begin the life of a new sender: what its predecessor was sending is unknown now."""
        for lost in await self._journal.release(claim):
            self._tracker.settle(lost.out.key, lost.outcome)
            log.warning(
                "delivery.lost_sight_of",
                key=lost.out.key,
                to=str(lost.out.to),
                trace=lost.out.trace,
            )

    # --- for the keeper ----------------------------------------------------------------

    def on_deadline(self, wake: Callable[[], None]) -> None:
        """Call *wake* when the next deadline has come closer. The last listener counts."""
        self._wake = wake

    def recall(self) -> None:
        """Take over what an earlier process left in the journal, which is open now."""
        for row in self._journal.take_recalled():
            self._tracker.recall(row.key, row.to, row.kind, row.outcome, row.at)
        self.rearm()

    def rearm(self) -> None:
        """Look when the keeper is needed next, after rows came that were not said here."""
        at = self._journal.next_expiry()
        if at is not None and at < self._due_at:
            self._due_at = at
            self._wake()

    @property
    def due_at(self) -> float:
        """When `sweep` has something to do, at the earliest; `inf` for never."""
        return self._due_at

    def sweep(self) -> int:
        """Report what went stale or gave way as shed, a bounded number; return how many."""
        shed = self._journal.take_expired(SHED_PER_TURN)
        for row in shed:
            self._shelve(row)
        if self._clock() >= self._due_at:
            at = self._journal.next_expiry()
            self._due_at = inf if at is None else at
        return len(shed)

    def _shelve(self, row: Expired) -> None:
        self._tracker.settle(row.out.key, row.outcome)
        log.warning(
            "outbox.row_shed",
            key=row.out.key,
            to=str(row.out.to),
            trace=row.out.trace,
            state=row.outcome.state.value,
            why=row.outcome.detail,
        )
        if row.outcome.state is not OutboundState.CANCELLED:  # nobody misses that
            self._dead(row.out, f"{row.outcome.state.value}: {row.outcome.detail}")
