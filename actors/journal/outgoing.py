"""The index of what goes out: what is to be said, and what became of it. Pure.

Both journals have one. No clock and no waiting: `now` is an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from actors.journal.content import Content, content_of
from actors.journal.doubts import may_repeat
from actors.journal.endings import SENDING
from actors.journal.pacing import Pacing
from actors.journal.parts import standing
from actors.journal.sayings import OutgoingLimits, OutgoingRecord
from actors.journal.sizes import size_of_body
from actors.journal.trusting import Trusting
from actors.journal.values import AccountKey, Claim, Expired, OutboundRow, Queued
from actors.journal.waiting import QUEUED
from actors.messages import Outbound, OutboundState, Outcome, check_outbound

KEPT_SECONDS = 24 * 3600.0
LOST = "the sender ended before the answer came"
MAY_BE_OUT = "an earlier attempt may have gone out"
_S = OutboundState


def _nobody(_: OutgoingRecord) -> None:
    """Stand for somebody who writes rows down, where nobody does."""


class Outgoing(Trusting):
    """Rows by key; those that wait, per account and chat, one of a chat at a time.

    Args:
        limits: How much it holds.
        note: Called with every row whose state has changed, so that somebody can write
            it down.
    """

    def __init__(
        self,
        limits: OutgoingLimits | None = None,
        note: Callable[[OutgoingRecord], None] = _nobody,
    ) -> None:
        super().__init__(limits or OutgoingLimits(), note)
        self._sending: dict[int, OutgoingRecord] = {}
        self._lives: dict[str, int] = {}
        self._last = 0
        self.dropped = 0
        self.stale_settles = 0

    def enqueue(
        self, out: Outbound, now: float, expires_at: float, content: Content = b""
    ) -> tuple[Queued, bool]:
        """Write *out* down; also say whether its chat has become ready.

        *content* is needed where bodies do not stay: what tells this one from another.
        """
        known = self._by_key.get(out.key)
        if known is not None:
            return standing(known, content or content_of(out)), False
        self._last = seq = self._last + 1
        account = self.account((out.to.platform, out.to.account))
        record = self._by_key[out.key] = OutgoingRecord(
            seq, out, account, now, expires_at
        )
        record.content = content
        self._embody(record)
        if (victim := account.victim(self.limits, record)) is not None:
            self._drop(record, *victim)
            if record.outcome is not QUEUED:
                return Queued(seq, True, True, record.outcome), False
        return Queued(seq, True, True, QUEUED), account.add(record)

    def full(self, out: Outbound) -> bool:
        """Say whether something would have to give way for *out*, if its key is new."""
        account = self._accounts.get((out.to.platform, out.to.account))
        if account is None or out.key in self._by_key:
            return False
        return bool(account.full(self.limits, size_of_body(out.body)))

    def restore(self, record: OutgoingRecord) -> bool:
        """Take over a row of an earlier process, `queued` or `unknown`, oldest first."""
        self._last = max(self._last, record.seq)
        record.lean = True
        self._by_key[record.key] = record
        if record.outcome is not QUEUED:
            record.waits = False
            self._doubts.add(record)
            return False
        return record.account.add(record)

    def number_after(self, seq: int) -> None:
        """See to it that the next row gets a number beyond *seq*."""
        self._last = max(self._last, seq)

    def void(self, key: str) -> None:
        """Take a row back that was never written down: its key was known to the file."""
        record = self._by_key.pop(key, None)
        if record is None or record.closed:
            return  # it has ended while it was written
        if record.outcome is SENDING:
            self._land(record)
            record.account.queue.done(record.chat)
        elif record.waits:
            record.account.remove(record)
        record.closed = True
        self._unbody(record)

    def claim(
        self,
        claim: Claim,
        key: AccountKey,
        limit: int,
        now: float,
        pacing: Pacing | None = None,
    ) -> list[OutboundRow]:
        """Commit as `sending`, and hand out, the next row of up to *limit* chats."""
        account = self._accounts.get(key)
        if account is None or self._stale(claim):
            return []
        account.tick(now)
        rows: list[OutboundRow] = []
        most = self.limits.flying_bytes
        while (
            len(rows) < limit
            and (record := account.take(now, pacing, most)) is not None
        ):
            if account.spent(record, now):
                account.queue.done(record.chat)
                if record.outcome is QUEUED:
                    self._finish(record, record.spent, now)
                continue
            rows.append(self._launch(claim, record, now))
        return rows

    def _launch(self, claim: Claim, record: OutgoingRecord, now: float) -> OutboundRow:
        assert record.out is not None
        if record.outcome is not QUEUED:
            check_outbound(record.outcome.state, _S.QUEUED)
            self._doubts.remove(record)
        record.outcome = SENDING
        record.claim = claim
        record.attempt += 1
        if record.tried_at is None:
            record.tried_at = now
        record.account.flying_bytes += record.size
        self._sending[record.seq] = record
        self._note(record)
        at, until = record.queued_at, record.expires_at
        return OutboundRow(
            record.seq, record.out, at, until, record.attempt, record.doubts
        )

    def overdue(self, record: OutgoingRecord, now: float) -> bool:
        """Say whether it is too late for a row that was claimed and has not left yet."""
        if record.doubts:
            return not may_repeat(record, record.account.trust, now)
        return record.expires_at <= now

    def settle(self, claim: Claim, seq: int, outcome: Outcome, now: float) -> bool:
        """End a row that is `sending`. False: this claim does not have it (any more)."""
        record = self._mine(claim, seq)
        if record is None:
            return False
        if outcome.state is not _S.SENT:
            check_outbound(_S.SENDING, outcome.state)
        self._land(record)
        self._finish(record, outcome, now)
        record.account.queue.done(record.chat)
        return True

    def requeue(self, claim: Claim, seq: int, not_before: float) -> bool:
        """Put a refused row back to the front of its chat, which waits until then.

        It is `queued` again, unless an earlier attempt may have gone out.
        """
        record = self._mine(claim, seq)
        if record is None:
            return False
        self._land(record)
        if record.doubts:
            record.outcome = Outcome(_S.UNKNOWN, MAY_BE_OUT)
            self._doubts.add(record)
        else:
            record.outcome = QUEUED
            record.tried_at = (
                None  # nothing went out: the platform has not seen its key
            )
        record.account.give_back(record, not_before)
        self._note(record)
        return True

    def resolve(self, key: str, outcome: Outcome, now: float) -> Outcome | None:
        """Turn `unknown` into something better, once it is known."""
        record = self._by_key.get(key)
        if record is None or record.outcome.state is not _S.UNKNOWN:
            return None
        check_outbound(_S.UNKNOWN, outcome.state)
        self._undoubt(record)
        self._finish(record, outcome, now)
        return outcome

    def cancel(self, key: str, why: str, now: float) -> bool:
        """Withdraw a row that has not left. One that may have left is not repeated."""
        record = self._by_key.get(key)
        if record is None:
            return False
        if record.outcome.state is not _S.QUEUED:
            if not record.closed:
                record.expires_at = min(record.expires_at, now)
                record.withdrawn = why
            return False
        record.withdrawn = ""  # whoever asks is told at once
        self._withdraw(record, Outcome(_S.CANCELLED, why), now)
        return True

    def sweep(self, now: float, limit: int) -> None:
        """Expire up to *limit* rows whose time has passed."""
        for account in self._accounts.values():
            while limit > 0 and (record := account.by_age.stale(now)) is not None:
                self._withdraw(record, record.spent, now)
                limit -= 1

    def next_expiry(self) -> float:
        """When `sweep` has something to do; `inf` when nothing waits."""
        return min(
            (account.by_age.next_at() for account in self._accounts.values()),
            default=inf,
        )

    def tidy(self, now: float) -> None:
        """Forget accounts that have nothing to say, and settled rows of yesterday."""
        for key, account in list(self._accounts.items()):
            if account.idle:
                del self._accounts[key]
        while self._settled and self._settled[0].expires_at + KEPT_SECONDS <= now:
            self._forget_oldest()

    def release(self, claim: Claim, now: float) -> list[Expired]:
        """Start a new life of *claim*. What its earlier ones were sending is unknown now."""
        self._lives[claim.name] = max(
            claim.incarnation, self._lives.get(claim.name, claim.incarnation)
        )
        lost: list[Expired] = []
        outcome = Outcome(_S.UNKNOWN, LOST)
        for record in list(self._sending.values()):
            theirs = record.claim
            assert theirs is not None
            if theirs.name != claim.name or theirs.incarnation >= claim.incarnation:
                continue
            assert record.out is not None
            lost.append(Expired(record.seq, record.out, outcome))
            self._land(record)
            self._finish(record, outcome, now)
            record.account.queue.done(record.chat)
        return lost

    def can_claim(self, key: AccountKey, now: float) -> bool:
        """Say whether `claim` might hand something out; pace and size may still forbid it."""
        return self.next_claim(key) <= now

    def next_claim(self, key: AccountKey) -> float:
        """Return when something may be claimed; `-inf` for at once, `inf` for never."""
        account = self._accounts.get(key)
        if account is None:
            return inf
        return -inf if account.queue.ready else account.next_at()

    def holds(self, key: AccountKey) -> bool:
        """Say whether anything waits for that account, or is on its way."""
        account = self._accounts.get(key)
        return account is not None and account.busy

    def outcome_of(self, key: str) -> Outcome | None:
        record = self._by_key.get(key)
        return None if record is None else record.outcome

    def depths(self) -> tuple[int, int, int]:
        """Count what is queued, sending and unknown."""
        queued = sum(len(account.by_age) for account in self._accounts.values())
        return queued, len(self._sending), len(self._doubts)

    # --- inside ------------------------------------------------------------------------

    def _stale(self, claim: Claim) -> bool:
        newest = self._lives.setdefault(claim.name, claim.incarnation)
        return newest > claim.incarnation

    def _mine(self, claim: Claim, seq: int) -> OutgoingRecord | None:
        record = self._sending.get(seq)
        # By identity first: it is the very same object nearly always, and `!=` is a call.
        if record is None or (record.claim is not claim and record.claim != claim):
            self.stale_settles += 1
            return None
        return record

    def _land(self, record: OutgoingRecord) -> None:
        """Note that a row is no longer on its way.

        Its chat stays held: the caller frees it once it has decided what comes of the row.
        """
        del self._sending[record.seq]
        record.claim = None
        record.account.flying_bytes -= record.size

    def _withdraw(self, record: OutgoingRecord, outcome: Outcome, now: float) -> None:
        """End a row that still waits."""
        record.account.remove(record)
        self._finish(record, outcome, now)

    def _drop(self, newcomer: OutgoingRecord, victim: OutgoingRecord, why: str) -> None:
        self.dropped += 1
        outcome = Outcome(_S.DROPPED, why)
        if victim is not newcomer:
            victim.account.remove(victim)
        self._finish(victim, outcome, newcomer.queued_at)
