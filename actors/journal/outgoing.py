"""The outbound half of a journal in memory: what is to be said, and what became of it. Pure.

No clock and no waiting: `now` is an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf

from attrs import evolve

from actors.journal.content import Content, content_of, went_stale
from actors.journal.sayings import (
    QUEUED,
    ChatKey,
    OutgoingAccount,
    OutgoingLimits,
    OutgoingRecord,
    Victim,
)
from actors.journal.values import AccountKey, Claim, Expired, OutboundRow, Queued
from actors.messages import Outbound, OutboundState, Outcome, check_outbound

KEPT_SECONDS = 24 * 3600.0
LOST = "the sender ended before the answer came"
_S = OutboundState
_SENDING = Outcome(_S.SENDING)


def _nobody(_: OutgoingRecord) -> None:
    """Nobody writes it down."""


class Outgoing:
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
        self.limits = limits or OutgoingLimits()
        self._note = note
        self._by_key: dict[str, OutgoingRecord] = {}
        self._accounts: dict[AccountKey, OutgoingAccount] = {}
        self._sending: dict[int, OutgoingRecord] = {}
        self._unknown: dict[int, OutgoingRecord] = {}
        self._settled: deque[OutgoingRecord] = deque()
        self._lives: dict[str, int] = {}
        self._last = 0
        self._bodies = 0
        self.shed: list[Expired] = []
        """Rows that expired or were dropped, and that nobody has fetched yet."""
        self.dropped = 0
        self.stale_settles = 0

    def find(self, key: str) -> OutgoingRecord | None:
        return self._by_key.get(key)

    def enqueue(
        self, out: Outbound, now: float, expires_at: float, content: Content = b""
    ) -> tuple[Queued, bool]:
        """Write *out* down; also say whether its chat has become ready.

        *content* is needed where bodies do not stay: what tells this one from another.
        """
        known = self._by_key.get(out.key)
        if known is not None:
            same = (known.content or _content(known)) == (
                content or content_of(out.body)
            )
            return Queued(known.seq, False, same, known.outcome), False
        self._last = seq = self._last + 1
        account = self.account(out)
        record = self._by_key[out.key] = OutgoingRecord(
            seq, out, account, now, expires_at
        )
        record.content = content
        self._bodies += 1
        if self._bodies > self.limits.bodies:
            self._slim(record)
        if len(account.queue) >= self.limits.queued:
            self._make_room(account, record)
            if record.outcome is not QUEUED:
                return Queued(seq, True, True, record.outcome), False
        account.shelf.add(record)
        ready = account.queue.push(record.chat, record)
        return Queued(seq, True, True, QUEUED), ready

    def restore(self, record: OutgoingRecord) -> bool:
        """Take over a row of an earlier process, `queued` or `unknown`, oldest first."""
        self._last = max(self._last, record.seq)
        record.lean = True
        self._by_key[record.key] = record
        if record.outcome.state is _S.UNKNOWN:
            self._unknown[record.seq] = record
            return False
        record.account.shelf.add(record)
        return record.account.queue.push(record.chat, record)

    def number_after(self, seq: int) -> None:
        """The next row gets a number beyond *seq*."""
        self._last = max(self._last, seq)

    def void(self, key: str) -> None:
        """Take a row back that was never written down: its key was known to the file."""
        record = self._by_key.pop(key)
        if record.outcome is _SENDING:
            account, chat = self._land(record)
            account.queue.done(chat)
        elif record.outcome.state is _S.QUEUED:
            record.account.shelf.discard(record)
            record.account.queue.discard(record.chat, record)
        record.closed = True
        self._unbody(record)

    def claim(
        self, claim: Claim, key: AccountKey, limit: int, now: float
    ) -> list[OutboundRow]:
        """Commit as `sending`, and hand out, the next row of up to *limit* chats."""
        account = self._accounts.get(key)
        if account is None or self._stale(claim):
            return []
        if account.next_delay <= now:
            account.end_delays(now)
        rows: list[OutboundRow] = []
        queue = account.queue
        while len(rows) < limit and (taken := queue.take()) is not None:
            chat, record = taken
            account.shelf.discard(record)
            if record.expires_at <= now:
                queue.done(chat)
                self._finish(record, went_stale(record.queued_at, record.expires_at))
                continue
            assert record.out is not None
            record.outcome = _SENDING
            record.claim = claim
            record.attempt += 1
            self._sending[record.seq] = record
            self._note(record)
            at, until = record.queued_at, record.expires_at
            rows.append(OutboundRow(record.seq, record.out, at, until, record.attempt))
        return rows

    def settle(self, claim: Claim, seq: int, outcome: Outcome) -> bool:
        """End a row that is `sending`. False: this claim does not have it (any more)."""
        record = self._mine(claim, seq)
        if record is None:
            return False
        if outcome.state is not _S.SENT:
            check_outbound(_S.SENDING, outcome.state)
        account, chat = self._land(record)
        account.queue.done(chat)
        self._finish(record, outcome)
        return True

    def requeue(self, claim: Claim, seq: int, not_before: float) -> bool:
        """Put a refused row back to the front of its chat, which waits until then."""
        record = self._mine(claim, seq)
        if record is None:
            return False
        account, chat = self._land(record)
        record.outcome = QUEUED
        account.queue.hold(chat)
        account.queue.push_front(chat, record)
        account.queue.done(chat)
        account.shelf.add_again(record)
        account.delayed[chat] = not_before
        account.next_delay = min(account.next_delay, not_before)
        self._note(record)
        return True

    def resolve(self, key: str, outcome: Outcome) -> Outcome | None:
        """Turn `unknown` into something better, once it is known."""
        record = self._by_key.get(key)
        if record is None or record.outcome.state is not _S.UNKNOWN:
            return None
        check_outbound(_S.UNKNOWN, outcome.state)
        del self._unknown[record.seq]
        self._finish(record, outcome)
        return outcome

    def cancel(self, key: str, why: str) -> bool:
        """Withdraw a row that has not left."""
        record = self._by_key.get(key)
        if record is None or record.outcome.state is not _S.QUEUED:
            return False
        self._withdraw(record, Outcome(_S.CANCELLED, why))
        return True

    def sweep(self, now: float, limit: int) -> None:
        """Expire up to *limit* rows whose time has passed."""
        for account in self._accounts.values():
            while limit > 0 and (record := account.shelf.stale(now)) is not None:
                self._withdraw(record, went_stale(record.queued_at, record.expires_at))
                limit -= 1

    def next_expiry(self) -> float:
        """When `sweep` has something to do; `inf` when nothing waits."""
        return min(
            (account.shelf.next_at() for account in self._accounts.values()),
            default=inf,
        )

    def tidy(self, now: float) -> None:
        """Forget accounts that have nothing to say, and settled rows of yesterday."""
        busy = {id(record.account) for record in self._sending.values()}
        for key, account in list(self._accounts.items()):
            if not account.shelf and not account.delayed and id(account) not in busy:
                del self._accounts[key]
        while self._settled and self._settled[0].expires_at + KEPT_SECONDS <= now:
            self._forget_oldest()

    def release(self, claim: Claim) -> list[Expired]:
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
            account, chat = self._land(record)
            account.queue.done(chat)
            self._finish(record, outcome)
        return lost

    def can_claim(self, key: AccountKey, clock: Callable[[], float]) -> bool:
        """Would `claim` hand something out?"""
        account = self._accounts.get(key)
        return account is not None and (
            account.queue.ready
            or (account.next_delay < inf and account.next_delay <= clock())
        )

    def outcome_of(self, key: str) -> Outcome | None:
        record = self._by_key.get(key)
        return None if record is None else record.outcome

    def depths(self) -> tuple[int, int, int]:
        """Count what is queued, sending and unknown."""
        queued = sum(len(account.queue) for account in self._accounts.values())
        return queued, len(self._sending), len(self._unknown)

    # --- inside ------------------------------------------------------------------------

    def _stale(self, claim: Claim) -> bool:
        newest = self._lives.setdefault(claim.name, claim.incarnation)
        return newest > claim.incarnation

    def _mine(self, claim: Claim, seq: int) -> OutgoingRecord | None:
        record = self._sending.get(seq)
        if record is None or record.claim is None or record.claim != claim:
            self.stale_settles += 1
            return None
        return record

    def _land(self, record: OutgoingRecord) -> tuple[OutgoingAccount, ChatKey]:
        """Take a row out of the air; return where it belongs."""
        del self._sending[record.seq]
        record.claim = None
        return record.account, record.chat

    def _withdraw(self, record: OutgoingRecord, outcome: Outcome) -> None:
        """End a row that still waits."""
        record.account.shelf.discard(record)
        record.account.queue.discard(record.chat, record)
        self._finish(record, outcome)

    def _make_room(self, account: OutgoingAccount, newest: OutgoingRecord) -> None:
        oldest = account.shelf.oldest()
        victim = newest
        if self.limits.victim is Victim.OLDEST and oldest is not None:
            victim = oldest
        outcome = Outcome(
            _S.DROPPED, f"the outbox of its account holds {self.limits.queued}"
        )
        self.dropped += 1
        if victim is newest:
            self._finish(newest, outcome)
        else:
            self._withdraw(victim, outcome)

    def _finish(self, record: OutgoingRecord, outcome: Outcome) -> None:
        if record.outcome is not _SENDING or outcome.state is not _S.SENT:
            check_outbound(record.outcome.state, outcome.state)
        record.outcome = outcome
        out = record.out
        assert out is not None
        if outcome.state is _S.UNKNOWN:
            self._unknown[record.seq] = record
            if self.limits.bodies < inf:
                self._slim(record)
            if len(self._unknown) <= self.limits.unknown:
                self._note(record)
                return
            self._note(record)
            record = self._unknown.pop(next(iter(self._unknown)))
            out = record.out
            assert out is not None
        elif outcome.state in (_S.EXPIRED, _S.DROPPED):
            self.shed.append(Expired(record.seq, out, outcome))
        record.content = record.content or content_of(out.body)
        self._unbody(record)
        record.out = None
        record.closed = True
        self._settled.append(record)
        self._note(record)
        if len(self._settled) > self.limits.settled:
            self._forget_oldest()

    def account(self, out: Outbound) -> OutgoingAccount:
        to = out.to
        account = self._accounts.get((to.platform, to.account))
        if account is None:
            account = self._accounts[to.platform, to.account] = OutgoingAccount()
        return account

    def _slim(self, record: OutgoingRecord) -> None:
        """Leave its body to the file."""
        if not record.lean:
            assert record.out is not None
            self._unbody(record)
            record.lean = True
            record.out = evolve(record.out, body=())

    def _unbody(self, record: OutgoingRecord) -> None:
        if not record.lean:
            self._bodies -= 1

    def _forget_oldest(self) -> None:
        del self._by_key[self._settled.popleft().key]


def _content(record: OutgoingRecord) -> Content:
    assert record.out is not None
    return content_of(record.out.body)
