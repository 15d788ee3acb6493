"""The outbound half of a journal in memory: what is to be said, and what became of it. Pure.

No clock and no waiting: `now` is an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from math import inf
from typing import TypeAlias

from attrs import frozen

from actors.journal.content import Content, content_of, went_stale
from actors.journal.stale import Shelf
from actors.journal.values import AccountKey, Claim, Expired, OutboundRow, Queued
from actors.lanes import KeyedQueue
from actors.messages import (
    Outbound,
    OutboundKind,
    OutboundState,
    Outcome,
    check_outbound,
)

KEPT_SECONDS = 24 * 3600.0
_S = OutboundState
_QUEUED = Outcome(_S.QUEUED)
_SENDING = Outcome(_S.SENDING)


class Victim(Enum):
    """Who gives way when an account's outbox is full. Exactly one, and it is told."""

    OLDEST = "drop_oldest"
    NEWEST = "drop_newest"


@frozen(kw_only=True)
class OutgoingLimits:
    """How much is kept of what is to be said, and of what was."""

    queued: int = 10_000
    """Rows that wait, per account."""
    victim: Victim = Victim.OLDEST
    settled: int = 10_000
    """Settled rows kept, without their bodies, to recognise a repeated key."""
    unknown: int = 10_000
    """Rows of which nobody knows; kept whole."""


ChatKey: TypeAlias = tuple[str, str]
"""Kind and id: a plain tuple is a cheaper key than the value it stands for."""


class _Record:
    """One thing to say and where it stands."""

    __slots__ = (
        "account",
        "attempt",
        "chat",
        "claim",
        "content",
        "expires_at",
        "key",
        "kind",
        "out",
        "outcome",
        "queued_at",
        "seq",
    )

    def __init__(
        self, seq: int, out: Outbound, account: _Account, now: float, expires_at: float
    ) -> None:
        self.seq = seq
        self.key = out.key
        self.kind: OutboundKind = out.kind
        self.out: Outbound | None = out
        self.account = account
        chat = out.to.chat
        self.chat: ChatKey = (chat.kind, chat.id)
        self.queued_at = now
        self.expires_at = expires_at
        self.outcome = _QUEUED
        self.claim: Claim | None = None
        self.content: Content = b""
        self.attempt = 0


class _Account:
    """What waits to be said through one account of ours."""

    __slots__ = ("delayed", "next_delay", "queue", "shelf")

    def __init__(self) -> None:
        self.queue: KeyedQueue[ChatKey, _Record] = KeyedQueue()
        self.shelf: Shelf[_Record] = Shelf()
        self.delayed: dict[ChatKey, float] = {}
        self.next_delay = inf


class Outgoing:
    """Rows by key; those that wait, per account and chat, one of a chat at a time."""

    def __init__(self, limits: OutgoingLimits | None = None) -> None:
        self.limits = limits or OutgoingLimits()
        self._by_key: dict[str, _Record] = {}
        self._accounts: dict[AccountKey, _Account] = {}
        self._sending: dict[int, _Record] = {}
        self._unknown: dict[int, _Record] = {}
        self._settled: deque[_Record] = deque()
        self._lives: dict[str, int] = {}
        self._last = 0
        self.shed: list[Expired] = []
        """Rows that expired or were dropped, and that nobody has fetched yet."""
        self.dropped = 0
        self.stale_settles = 0

    def enqueue(
        self, out: Outbound, now: float, expires_at: float
    ) -> tuple[Queued, bool]:
        """Write *out* down; also say whether its chat has become ready."""
        known = self._by_key.get(out.key)
        if known is not None:
            same = content_of(
                known.out.body if known.out else known.content
            ) == content_of(out.body)
            return Queued(known.seq, False, same, known.outcome), False
        self._last = seq = self._last + 1
        to = out.to
        account = self._accounts.get((to.platform, to.account))
        if account is None:
            account = self._accounts[to.platform, to.account] = _Account()
        record = self._by_key[out.key] = _Record(seq, out, account, now, expires_at)
        if len(account.queue) >= self.limits.queued:
            self._make_room(account, record)
            if record.outcome is not _QUEUED:
                return Queued(seq, True, True, record.outcome), False
        account.shelf.add(record)
        ready = account.queue.push(record.chat, record)
        return Queued(seq, True, True, _QUEUED), ready

    def claim(
        self, claim: Claim, key: AccountKey, limit: int, now: float
    ) -> list[OutboundRow]:
        """Commit as `sending`, and hand out, the next row of up to *limit* chats."""
        account = self._accounts.get(key)
        if account is None or self._stale(claim):
            return []
        if account.next_delay <= now:
            self._end_delays(account, now)
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
        record.outcome = _QUEUED
        account.queue.hold(chat)
        account.queue.push_front(chat, record)
        account.queue.done(chat)
        account.shelf.add_again(record)
        account.delayed[chat] = not_before
        account.next_delay = min(account.next_delay, not_before)
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
        outcome = Outcome(_S.UNKNOWN, "the sender ended before the answer came")
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

    def _mine(self, claim: Claim, seq: int) -> _Record | None:
        record = self._sending.get(seq)
        if record is None or record.claim is None or record.claim != claim:
            self.stale_settles += 1
            return None
        return record

    def _land(self, record: _Record) -> tuple[_Account, ChatKey]:
        """Take a row out of the air; return where it belongs."""
        del self._sending[record.seq]
        record.claim = None
        return record.account, record.chat

    def _withdraw(self, record: _Record, outcome: Outcome) -> None:
        """End a row that still waits."""
        record.account.shelf.discard(record)
        record.account.queue.discard(record.chat, record)
        self._finish(record, outcome)

    def _make_room(self, account: _Account, newest: _Record) -> None:
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

    def _finish(self, record: _Record, outcome: Outcome) -> None:
        if record.outcome is not _SENDING or outcome.state is not _S.SENT:
            check_outbound(record.outcome.state, outcome.state)
        record.outcome = outcome
        out = record.out
        assert out is not None
        if outcome.state is _S.UNKNOWN:
            self._unknown[record.seq] = record
            if len(self._unknown) <= self.limits.unknown:
                return
            record = self._unknown.pop(next(iter(self._unknown)))
            out = record.out
            assert out is not None
        elif outcome.state in (_S.EXPIRED, _S.DROPPED):
            self.shed.append(Expired(record.seq, out, outcome))
        record.content = content_of(out.body)
        record.out = None
        self._settled.append(record)
        if len(self._settled) > self.limits.settled:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        del self._by_key[self._settled.popleft().key]

    def _end_delays(self, account: _Account, now: float) -> None:
        for chat, until in list(account.delayed.items()):
            if until <= now:
                del account.delayed[chat]
                account.queue.free(chat)
        account.next_delay = min(account.delayed.values(), default=inf)
