"""The index of what came in: what was accepted, and who has it. Pure.

Both journals have one. `now` is an argument; whoever appends has made sure of room (`fits`).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from actors.journal.backlog import (
    AccountChat,
    Backlog,
    InboxAccount,
    InboxLimits,
    InboxRecord,
    chat_key,
    is_derived,
    mark_key,
    packed,
    seq_of,
    unpacked,
)
from actors.journal.settled import Settled
from actors.journal.suspects import MAX_BOOTS, Suspects
from actors.journal.tallies import PlatformCounts
from actors.journal.values import Claim, InboundRow
from actors.lanes import FairQueue
from actors.messages import (
    FINAL_INBOUND,
    IllegalTransition,
    Inbound,
    InboundState,
    Priority,
    check_inbound,
)

TIDIED_MARKS = 1_000  # of each account, by one `tidy`
INTERRUPTED = "interrupted"
TOO_OFTEN = f"{MAX_BOOTS} claimers ended with it in hand"
_S = InboundState


def _nobody(_: InboxRecord) -> None:
    """Write nothing down."""


class Inbox:
    """Rows by sequence number; new ones wait per platform, priority and chat.

    Args:
        limits: How much it holds.
        note: Called with every row whose state has changed; it may be written down.
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
        self._queue: FairQueue[str, AccountChat, InboxRecord | int] = FairQueue(
            self.limits.places
        )
        # By claimer: what it has in hand, parked rows included; its newest incarnation.
        self._held: dict[str, dict[int, InboxRecord]] = {}
        self._lives: dict[str, int] = {}
        self._settled = Settled(self.limits)
        self._last = 0
        self._warm = 0
        """Rows that wait and whose content is in memory; others are in the file only."""
        self._suspects = Suspects(self._queue)
        self.stale_settles = 0
        self.parked = 0
        self.ended: dict[InboundState, int] = dict.fromkeys(FINAL_INBOUND, 0)

    @property
    def waiting(self) -> int:
        """Count the rows that nobody has claimed."""
        return len(self._queue)

    @property
    def claimed(self) -> int:
        return sum(backlog.claimed for backlog in self._backlogs.values())

    @property
    def accepted(self) -> int:
        return sum(backlog.accepted for backlog in self._backlogs.values())

    @property
    def duplicates(self) -> int:
        return sum(backlog.duplicates for backlog in self._backlogs.values())

    @property
    def evicted_marks(self) -> int:
        return sum(
            account.named.evicted + account.derived.evicted
            for account in self._accounts.values()
        )

    @property
    def ready(self) -> bool:
        """Whether `claim` would return something."""
        return self._queue.ready

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
                backlog = self._backlogs[platform] = Backlog(platform)
            account = InboxAccount(platform, name, backlog, self.limits.marks)
            self._accounts[platform, name] = account
        return account

    # --- accepting ---------------------------------------------------------------------

    def fits(self, account: InboxAccount, size: int) -> bool:
        """Say whether there is room for a row of *size* bytes. The first one always fits."""
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
        self,
        account: InboxAccount,
        event: Inbound,
        trace: str,
        now: float,
        size: int,
        *,
        priority: Priority = Priority.NORMAL,
    ) -> int:
        """Accept an event that is not known: mark and row in one step."""
        self._last = seq = self._last + 1
        window = account.derived if is_derived(event) else account.named
        window.mark(mark_key(event), seq, now, event.dedup_seconds)
        self.reserve(account, size)
        row = InboundRow(
            seq, account.platform, account.name, event, trace, now, 0, priority
        )
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
        backlog, priority = account.backlog, row.priority
        key = chat_key(account.name, row.event)
        item: InboxRecord | int
        if self._warm < self.limits.waiting:
            item = InboxRecord(row.seq, row, backlog, key, size, priority=priority)
            self._rows[row.seq] = item
            self._warm += 1
        else:
            item = packed(row.seq, priority)
        backlog.accepted += 1
        backlog.lanes[priority].came(row.seq, row.received_at)
        self._queue.push(account.platform, key, item, priority)

    def restore(
        self,
        account: InboxAccount,
        chat: tuple[str, str],
        seq: int,
        size: int,
        boots: int,
        *,
        priority: Priority = Priority.NORMAL,
        received_at: float = 0.0,
    ) -> None:
        """Let a row of an earlier process wait, whose content stays in the file for now."""
        self.reserve(account, size)
        backlog = account.backlog
        key = (account.name, *chat)
        item: InboxRecord | int = packed(seq, priority)
        if boots:
            item = InboxRecord(seq, None, backlog, key, size, priority=priority)
            self._rows[seq] = item
            item.boots = boots
        backlog.lanes[priority].came(seq, received_at)
        self._queue.push(account.platform, key, item, priority)

    # --- claiming ----------------------------------------------------------------------

    def claim(self, claim: Claim, limit: int) -> list[InboxRecord]:
        """Hand out new rows: platforms in turn, in each by priority, chats in turn."""
        if self._lives.setdefault(claim.name, claim.incarnation) > claim.incarnation:
            return []
        held = self._held.setdefault(claim.name, {})
        records: list[InboxRecord] = []
        while len(records) < limit and (taken := self._queue.take()) is not None:
            platform, chat, record = taken
            if isinstance(record, int):
                seq, priority = unpacked(record)
                backlog = self._backlogs[platform]
                record = InboxRecord(seq, None, backlog, chat, 0, priority=priority)
                self._rows[seq] = record
            elif self._suspects.must_wait(record):
                continue
            elif record.row is not None:
                self._warm -= 1
            record.claim = claim
            record.state = _S.CLAIMED
            record.backlog.lanes[record.priority].took(record.seq)
            held[record.seq] = record
            records.append(record)
            self._note(record)
        return records

    def settle(self, claim: Claim, seq: int, state: InboundState, why: str) -> bool:
        """Move a claimed or parked row on. False: this claim does not have it (any more)."""
        record = self._rows.get(seq)
        # By identity first: it is the very same object nearly always, and `!=` is a call.
        if record is None or (record.claim is not claim and record.claim != claim):
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

    def tidy(self, now: float) -> None:
        """Forget marks that are over, and accounts of which nothing else is left."""
        for key, account in list(self._accounts.items()):
            account.named.sweep(now, TIDIED_MARKS)
            account.derived.sweep(now, TIDIED_MARKS)
            if not (account.named or account.derived or account.cursor or account.torn):
                del self._accounts[key]

    def state_of(self, seq: int) -> tuple[InboundState, str] | None:
        """Return where a row stands and why; `None` when it is forgotten."""
        record = self._rows.get(seq)
        return None if record is None else (record.state, record.why)

    def backlog_of(self, platform: str) -> tuple[int, int]:
        """Return the unsettled rows of a platform and their bytes."""
        backlog = self._backlogs.get(platform)
        return (backlog.rows, backlog.size) if backlog is not None else (0, 0)

    def counts_of(self, now: float, line: Callable[[str], int]) -> list[PlatformCounts]:
        """Return the counts of every platform; *line* says how many wait for room in it."""
        return [b.counts(now, line(name)) for name, b in sorted(self._backlogs.items())]

    # --- inside ------------------------------------------------------------------------

    def _let_go(self, record: InboxRecord) -> None:
        """Give back the place that a row has among the claimed ones of chat and platform."""
        record.backlog.lanes[record.priority].claimed -= 1
        if not record.aside:
            self._suspects.left(record)
            self._queue.done(record.backlog.platform, record.chat)
        record.aside = False

    def _finish(self, record: InboxRecord, state: InboundState, why: str) -> None:
        claim = record.claim
        assert claim is not None
        if record.state is _S.CLAIMED:
            self._let_go(record)
        else:
            self.parked -= 1
        self.ended[state] += 1
        record.backlog.lanes[record.priority].settled(state)
        record.state = state
        record.why = why
        record.claim = None
        del self._held[claim.name][record.seq]
        record.backlog.shrink(record.size)
        self._note(record)
        for over in self._settled.add(record):
            del self._rows[over.seq]

    def _wait_again(self, record: InboxRecord) -> None:
        """Let a row wait in front of its chat, behind what is older and waits there again."""
        platform, seq = record.backlog.platform, record.seq
        self._queue.push_before(
            platform, record.chat, record, record.priority, lambda it: seq_of(it) > seq
        )

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
        at = None if record.row is None else record.row.received_at
        record.backlog.lanes[record.priority].came_back(record.seq, at)
        self._wait_again(record)
        self._let_go(record)
        self._note(record)
