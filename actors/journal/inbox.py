"""The inbound half of a journal in memory: what was accepted, and who has it. Pure.

No clock and no waiting: `now` is an argument, and whoever appends has asked for room
before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec.structs import replace

from actors.journal.backlog import (
    Backlog,
    InboxAccount,
    InboxLimits,
    InboxRecord,
    chat_key,
    is_derived,
    mark_key,
)
from actors.journal.suspects import MAX_BOOTS, Suspects
from actors.journal.values import Claim, InboundRow
from actors.messages import (
    FINAL_INBOUND,
    IllegalTransition,
    Inbound,
    InboundState,
    check_inbound,
)

TIDIED_MARKS = 1_000
INTERRUPTED = "interrupted"
TOO_OFTEN = f"{MAX_BOOTS} claimers ended with it in hand"
_S = InboundState


def _nobody(_: InboxRecord) -> None:
    """Nobody writes it down."""


class Inbox:
    """Rows by sequence number; new ones wait per platform and chat.

    Args:
        limits: How much it holds.
        note: Called with every row whose state has changed, so that somebody can write
            it down.
    """

    def __init__(
        self,
        limits: InboxLimits | None = None,
        note: Callable[[InboxRecord], None] = _nobody,
    ) -> None:
        self.limits = limits or InboxLimits()
        self._note = note
        self._rows: dict[int, InboxRecord] = {}
        self._backlogs: dict[str, Backlog] = {}
        self._accounts: dict[tuple[str, str], InboxAccount] = {}
        self._turns: deque[Backlog] = deque()
        self._held: dict[str, dict[int, InboxRecord]] = {}
        self._lives: dict[str, int] = {}
        self._settled: deque[InboxRecord] = deque()
        self._settled_bytes = 0
        self._last = 0
        self._warm = 0
        self._suspects = Suspects()
        self.accepted = 0
        self.duplicates = 0
        self.stale_settles = 0
        self.parked = 0
        self.ended: dict[InboundState, int] = dict.fromkeys(FINAL_INBOUND, 0)

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

    @property
    def resident(self) -> int:
        """Count the rows whose content is in memory."""
        held = sum(map(len, self._held.values()))
        return self._warm + held + len(self._settled)

    def account(self, platform: str, name: str) -> InboxAccount:
        """Return the account, a new one if it has never brought anything."""
        account = self._accounts.get((platform, name))
        if account is None:
            backlog = self._backlogs.get(platform)
            if backlog is None:
                backlog = self._backlogs[platform] = Backlog(self.limits)
            account = InboxAccount(platform, name, backlog, self.limits.marks)
            self._accounts[platform, name] = account
        return account

    # --- accepting ---------------------------------------------------------------------

    def fits(self, account: InboxAccount, size: int) -> bool:
        """Is there room for one more row of *size* bytes? The first one always fits."""
        backlog = account.backlog
        limits = self.limits
        return backlog.rows == 0 or (
            backlog.rows < limits.rows and backlog.size + size <= limits.size_bytes
        )

    def known(self, account: InboxAccount, event: Inbound, now: float) -> int | None:
        """Return the row of an event that was accepted before."""
        window = account.derived if is_derived(event) else account.named
        return window.row_of(mark_key(event), now)

    def append(
        self, account: InboxAccount, event: Inbound, trace: str, now: float, size: int
    ) -> int:
        """Accept an event that is not known: mark and row in one step."""
        self._last = seq = self._last + 1
        window = account.derived if is_derived(event) else account.named
        window.mark(mark_key(event), seq, now, event.dedup_seconds)
        self.reserve(account, size)
        row = InboundRow(seq, account.platform, account.name, event, trace, now)
        self.enter(account, row, size)
        return seq

    def reserve(self, account: InboxAccount, size: int) -> None:
        """Take the room of one row that is being written down."""
        backlog = account.backlog
        backlog.rows += 1
        backlog.size += size

    def free(self, account: InboxAccount, size: int) -> None:
        """Give the room of one row back."""
        account.backlog.shrink(size)

    def enter(self, account: InboxAccount, row: InboundRow, size: int) -> None:
        """Let a row wait for its turn; its room was reserved."""
        backlog = account.backlog
        key = chat_key(account.name, row.event)
        item: InboxRecord | int = row.seq
        if self._warm < self.limits.waiting:
            item = self._rows[row.seq] = InboxRecord(row.seq, row, backlog, key, size)
            self._warm += 1
        self.accepted += 1
        if backlog.queue.push(key, item):
            self._offer(backlog)

    def restore(
        self,
        account: InboxAccount,
        chat: tuple[str, str],
        seq: int,
        size: int,
        boots: int,
    ) -> None:
        """Let a row wait that is in the file, from an earlier process."""
        self.reserve(account, size)
        backlog = account.backlog
        key = (account.name, *chat)
        item: InboxRecord | int = seq
        if boots:
            item = self._rows[seq] = InboxRecord(seq, None, backlog, key, size)
            item.boots = boots
        if backlog.queue.push(key, item):
            self._offer(backlog)

    # --- claiming ----------------------------------------------------------------------

    def claim(self, claim: Claim, limit: int) -> list[InboxRecord]:
        """Hand out new rows: platforms in turn, and inside each its chats in turn."""
        if self._lives.setdefault(claim.name, claim.incarnation) > claim.incarnation:
            return []
        held = self._held.setdefault(claim.name, {})
        records: list[InboxRecord] = []
        turns = self._turns
        while turns and len(records) < limit:
            backlog = turns.popleft()
            backlog.offered = False
            taken = backlog.queue.take()
            if taken is None:
                continue
            chat, record = taken
            if isinstance(record, int):
                seq = record
                record = self._rows[seq] = InboxRecord(seq, None, backlog, chat, 0)
            elif self._suspects.must_wait(record):
                self._offer(backlog)
                continue
            elif record.row is not None:
                self._warm -= 1
            record.claim = claim
            record.state = _S.CLAIMED
            backlog.claimed += 1
            held[record.seq] = record
            records.append(record)
            self._note(record)
            self._offer(backlog)
        return records

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
            self._note(record)
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
        for record in sorted(held.values(), key=seq_of, reverse=True):
            if record.claim is None or record.claim.incarnation >= claim.incarnation:
                continue
            if record.state is _S.PARKED:
                self._finish(record, _S.FAILED, INTERRUPTED)
            elif record.boots + 1 >= MAX_BOOTS:
                self._finish(record, _S.QUARANTINED, TOO_OFTEN)
            else:
                self._renew(record)

    # --- forgetting --------------------------------------------------------------------

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
            del self._rows[record.seq]

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

    # --- inside ------------------------------------------------------------------------

    def _offer(self, backlog: Backlog) -> None:
        if (
            not backlog.offered
            and backlog.queue.ready
            and backlog.claimed < self.limits.claimed
        ):
            backlog.offered = True
            self._turns.append(backlog)

    def _let_go(self, record: InboxRecord) -> None:
        """It no longer takes a place among the claimed ones of its chat and platform."""
        for other in self._suspects.left(record):
            self._offer(other)
        backlog = record.backlog
        backlog.claimed -= 1
        backlog.queue.done(record.chat)
        self._offer(backlog)

    def _finish(self, record: InboxRecord, state: InboundState, why: str) -> None:
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
        del self._held[claim.name][record.seq]
        record.backlog.shrink(record.size)
        self._settled.append(record)
        self._settled_bytes += record.size
        self._note(record)
        self.forget(2)

    def _renew(self, record: InboxRecord) -> None:
        claim = record.claim
        assert claim is not None
        del self._held[claim.name][record.seq]
        record.claim = None
        record.boots += 1
        if record.row is not None:
            record.row = replace(record.row, boots=record.boots)
            self._warm += 1
        record.state = _S.NEW
        # In front, but for what is older and was let begin again.
        queue, seq = record.backlog.queue, record.seq
        queue.push_before(record.chat, record, lambda other: seq_of(other) > seq)
        self._let_go(record)
        self._note(record)


def seq_of(item: InboxRecord | int) -> int:
    """Return the number of what waits in a queue."""
    return item if isinstance(item, int) else item.seq
