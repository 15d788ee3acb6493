"""The inbound half of a journal in memory: what was accepted, and who has it. Pure.

No clock and no waiting: `now` is an argument, and whoever appends has asked for room
before.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from attrs import frozen
from msgspec.structs import replace

from actors.journal.dedup import Dedup
from actors.journal.values import Claim, InboundRow
from actors.lanes import KeyedQueue
from actors.messages import (
    FINAL_INBOUND,
    IllegalTransition,
    Inbound,
    InboundState,
    check_inbound,
)

MAX_BOOTS = 3
TIDIED_MARKS = 1_000
_ChatKey: TypeAlias = tuple[str, str, str]
_MarkKey: TypeAlias = tuple[str, str, str, int]
_S = InboundState


@frozen(kw_only=True)
class InboxLimits:
    """How much an inbox holds. All of them per platform, but the last two."""

    rows: int = 100_000
    """Unsettled rows; beyond, `append` waits."""
    size_bytes: int = 256 * 1024 * 1024
    """The same, by size."""
    claimed: int = 2_500
    """Rows in somebody's hand: a noisy platform leaves room for the others."""
    claimed_per_chat: int = 64
    """The same for a chat: a noisy chat leaves room for its neighbours."""
    marks: int = 100_000
    """Dedup marks per account."""
    settled: int = 1_000
    """Settled rows kept to look at. They end with the process anyway, so few will do."""
    settled_bytes: int = 16 * 1024 * 1024


class _Record:
    """One row and where it stands."""

    __slots__ = ("backlog", "chat", "claim", "row", "size", "state", "why")

    def __init__(
        self, row: InboundRow, backlog: _Backlog, chat: _ChatKey, size: int
    ) -> None:
        self.row = row
        self.backlog = backlog
        self.chat = chat
        self.size = size
        self.state = _S.NEW
        self.claim: Claim | None = None
        self.why = ""


class _Backlog:
    """What one platform has brought and nobody has settled yet."""

    __slots__ = ("claimed", "offered", "queue", "rows", "size")

    def __init__(self, limits: InboxLimits) -> None:
        self.queue: KeyedQueue[_ChatKey, _Record] = KeyedQueue(limits.claimed_per_chat)
        self.rows = 0
        self.size = 0
        self.claimed = 0
        self.offered = False


class InboxAccount:
    """What one login of ours has brought: its marks, its cursor, its platform's backlog."""

    __slots__ = ("backlog", "cursor", "derived", "name", "named", "platform", "torn")

    def __init__(self, platform: str, name: str, backlog: _Backlog, marks: int) -> None:
        self.platform = platform
        self.name = name
        self.backlog = backlog
        self.named: Dedup[_MarkKey] = Dedup(marks)
        # Ids that were derived from fields live a minute. Apart, so that many of them
        # cannot push out those that must live a day.
        self.derived: Dedup[_MarkKey] = Dedup(marks // 10)
        self.cursor: str | None = None
        self.torn = False
        """An event was given up before it was accepted: the cursor may not pass it."""


class Inbox:
    """Rows by sequence number; new ones wait per platform and chat."""

    def __init__(self, limits: InboxLimits | None = None) -> None:
        self.limits = limits or InboxLimits()
        self._rows: dict[int, _Record] = {}
        self._backlogs: dict[str, _Backlog] = {}
        self._accounts: dict[tuple[str, str], InboxAccount] = {}
        self._turns: deque[_Backlog] = deque()
        self._held: dict[str, dict[int, _Record]] = {}
        self._lives: dict[str, int] = {}
        self._settled: deque[_Record] = deque()
        self._settled_bytes = 0
        self._last = 0
        self.duplicates = 0
        self.stale_settles = 0
        self.parked = 0
        self.ended: dict[InboundState, int] = dict.fromkeys(FINAL_INBOUND, 0)

    @property
    def accepted(self) -> int:
        return self._last

    @property
    def waiting(self) -> int:
        """Count the rows that nobody has claimed."""
        return sum(len(backlog.queue) for backlog in self._backlogs.values())

    @property
    def claimed(self) -> int:
        return sum(backlog.claimed for backlog in self._backlogs.values())

    @property
    def evicted_marks(self) -> int:
        return sum(
            account.named.evicted + account.derived.evicted
            for account in self._accounts.values()
        )

    @property
    def ready(self) -> bool:
        """Would `claim` return something?"""
        return bool(self._turns)

    def account(self, platform: str, name: str) -> InboxAccount:
        """Return the account, a new one if it has never brought anything."""
        account = self._accounts.get((platform, name))
        if account is None:
            backlog = self._backlogs.get(platform)
            if backlog is None:
                backlog = self._backlogs[platform] = _Backlog(self.limits)
            account = InboxAccount(platform, name, backlog, self.limits.marks)
            self._accounts[platform, name] = account
        return account

    def fits(self, account: InboxAccount, size: int) -> bool:
        """Is there room for one more row of *size* bytes? The first one always fits."""
        backlog = account.backlog
        limits = self.limits
        return backlog.rows == 0 or (
            backlog.rows < limits.rows and backlog.size + size <= limits.size_bytes
        )

    def known(self, account: InboxAccount, event: Inbound, now: float) -> int | None:
        """Return the row of an event that was accepted before."""
        window = account.named if event.dedup_seconds > 3600 else account.derived
        return window.row_of(_mark_key(event), now)

    def append(
        self, account: InboxAccount, event: Inbound, trace: str, now: float, size: int
    ) -> int:
        """Accept an event that is not known: mark and row in one step."""
        self._last = seq = self._last + 1
        window = account.named if event.dedup_seconds > 3600 else account.derived
        window.mark(_mark_key(event), seq, now, event.dedup_seconds)
        backlog = account.backlog
        name = account.name
        chat = event.chat
        key = (name, chat.kind, chat.id) if chat is not None else (name, "", "")
        row = InboundRow(seq, account.platform, name, event, trace, now)
        record = self._rows[seq] = _Record(row, backlog, key, size)
        backlog.rows += 1
        backlog.size += size
        if backlog.queue.push(key, record):
            self._offer(backlog)
        return seq

    def claim(self, claim: Claim, limit: int) -> list[InboundRow]:
        """Hand out new rows: platforms in turn, and inside each its chats in turn."""
        if self._lives.setdefault(claim.name, claim.incarnation) > claim.incarnation:
            return []
        held = self._held.setdefault(claim.name, {})
        rows: list[InboundRow] = []
        turns = self._turns
        while turns and len(rows) < limit:
            backlog = turns.popleft()
            backlog.offered = False
            taken = backlog.queue.take()
            if taken is None:
                continue
            record = taken[1]
            record.claim = claim
            record.state = _S.CLAIMED
            backlog.claimed += 1
            held[record.row.seq] = record
            rows.append(record.row)
            self._offer(backlog)
        return rows

    def settle(self, claim: Claim, seq: int, state: InboundState, why: str) -> bool:
        """Move a claimed or parked row on. False: this claim does not have it (any more)."""
        record = self._rows.get(seq)
        if record is None or record.claim is None or record.claim != claim:
            self.stale_settles += 1
            return False
        if record.state is not _S.CLAIMED or state is not _S.DONE:
            check_inbound(record.state, state)
        if state in FINAL_INBOUND:
            self._finish(record, state, why)
        elif state is _S.PARKED:
            record.state = state
            self.parked += 1
            self._let_go(record)
        else:  # only `release` makes a row new again
            raise IllegalTransition(record.state, state, ("parked", *FINAL_INBOUND))
        return True

    def release(self, claim: Claim) -> None:
        """Start a new life of *claim*: free what its earlier lives had in hand."""
        self._lives[claim.name] = max(
            claim.incarnation, self._lives.get(claim.name, claim.incarnation)
        )
        held = self._held.get(claim.name, {})
        # Backwards: each goes to the front of its chat, so the oldest ends up first.
        for record in sorted(held.values(), key=_seq, reverse=True):
            if record.claim is None or record.claim.incarnation >= claim.incarnation:
                continue
            if record.state is _S.PARKED:
                self._finish(record, _S.FAILED, "interrupted")
            elif record.row.boots + 1 >= MAX_BOOTS:
                why = f"{MAX_BOOTS} claimers ended with it in hand"
                self._finish(record, _S.QUARANTINED, why)
            else:
                self._renew(record)

    def forget(self, limit: int) -> None:
        """Drop settled rows beyond what is kept, at most *limit* of them."""
        for _ in range(limit):
            if (
                len(self._settled) <= self.limits.settled
                and self._settled_bytes <= self.limits.settled_bytes
            ):
                return
            record = self._settled.popleft()
            self._settled_bytes -= record.size
            del self._rows[record.row.seq]

    def tidy(self, now: float) -> None:
        """Forget marks that are over, and accounts of which nothing else is left."""
        for key, account in list(self._accounts.items()):
            account.named.sweep(now, TIDIED_MARKS)
            account.derived.sweep(now, TIDIED_MARKS)
            if not (account.named or account.derived or account.cursor):
                del self._accounts[key]

    def state_of(self, seq: int) -> tuple[InboundState, str] | None:
        """Return where a row stands and why; `None` when it is forgotten."""
        record = self._rows.get(seq)
        return None if record is None else (record.state, record.why)

    def backlog_of(self, platform: str) -> tuple[int, int]:
        """Return the unsettled rows of a platform and their bytes."""
        backlog = self._backlogs.get(platform)
        return (backlog.rows, backlog.size) if backlog is not None else (0, 0)

    def _offer(self, backlog: _Backlog) -> None:
        if (
            not backlog.offered
            and backlog.queue.ready
            and backlog.claimed < self.limits.claimed
        ):
            backlog.offered = True
            self._turns.append(backlog)

    def _let_go(self, record: _Record) -> None:
        """It no longer takes a place among the claimed ones of its chat and platform."""
        backlog = record.backlog
        backlog.claimed -= 1
        backlog.queue.done(record.chat)
        self._offer(backlog)

    def _finish(self, record: _Record, state: InboundState, why: str) -> None:
        claim = record.claim
        assert claim is not None
        if record.state is _S.CLAIMED:
            self._let_go(record)
        else:
            self.parked -= 1
        self.ended[state] += 1
        record.state = state
        record.why = why
        record.claim = None
        del self._held[claim.name][record.row.seq]
        record.backlog.rows -= 1
        record.backlog.size -= record.size
        self._settled.append(record)
        self._settled_bytes += record.size
        self.forget(2)

    def _renew(self, record: _Record) -> None:
        claim = record.claim
        assert claim is not None
        del self._held[claim.name][record.row.seq]
        record.claim = None
        record.row = replace(record.row, boots=record.row.boots + 1)
        record.state = _S.NEW
        record.backlog.queue.push_front(record.chat, record)
        self._let_go(record)


def _seq(record: _Record) -> int:
    return record.row.seq


def _mark_key(event: Inbound) -> _MarkKey:
    chat = event.chat
    if chat is None:
        return ("", "", event.id, event.edit)
    return (chat.kind, chat.id, event.id, event.edit)
