"""What waits to be said through one account of ours: in order, and when it may go. Pure."""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from actors.journal.doubts import NOBODY, may_repeat
from actors.journal.overflow import gave_way, refused
from actors.journal.pacing import ChatKey, Pacing
from actors.journal.stale import ByAge
from actors.lanes import KeyedQueue
from actors.messages import OutboundState, Outcome

if TYPE_CHECKING:
    from actors.journal.sayings import OutgoingLimits, OutgoingRecord

QUEUED = Outcome(OutboundState.QUEUED)
"""The one outcome of all rows that are `queued`: they are recognised by `is`."""


class OutgoingAccount:
    """What waits for one account: a queue for each chat, and all of it by age.

    In the queues are rows that are `queued`, and those that are `unknown` and are tried
    again. Only the former are in `by_age`: they may go stale, or give way.
    """

    __slots__ = (
        "_chats",
        "_later",
        "_until",
        "by_age",
        "flying_bytes",
        "queue",
        "trust",
        "waiting_bytes",
    )

    def __init__(self) -> None:
        self.queue: KeyedQueue[ChatKey, OutgoingRecord] = KeyedQueue()
        self.by_age: ByAge[OutgoingRecord] = ByAge()
        self.waiting_bytes = 0
        """The size of what is `queued`."""
        self.flying_bytes = 0
        """The size of what is on its way."""
        self.trust = NOBODY
        """Which keys the platform recognises."""
        # Two heaps: chats that wait for a time, and rows that are tried again at a time.
        self._chats: list[tuple[float, ChatKey]] = []
        self._until: dict[ChatKey, float] = {}
        self._later: list[tuple[float, int, OutgoingRecord]] = []

    @property
    def busy(self) -> bool:
        """Whether something waits here, or is on its way."""
        return bool(self.queue.keys or self._later)

    @property
    def idle(self) -> bool:
        """Whether this may be forgotten: it holds nothing that anybody could miss."""
        return not (self.busy or self._until or self.trust.seconds)

    # --- room --------------------------------------------------------------------------

    def full(self, limits: OutgoingLimits, size: int) -> str:
        """Say which bound one more row of that size would break; empty for none."""
        rows = len(self.by_age)
        if rows >= limits.queued:
            return f"{limits.queued} messages"
        held = self.waiting_bytes + self.flying_bytes
        if held and held + size > limits.queued_bytes:
            return f"{limits.queued_bytes / 1024**2:g} MiB"
        return ""

    def victim(
        self, limits: OutgoingLimits, newcomer: OutgoingRecord
    ) -> tuple[OutgoingRecord, str] | None:
        """Return who has to go for *newcomer*, and why; `None` when there is room."""
        bound = self.full(limits, newcomer.size)
        if not bound:
            return None
        for kind in limits.gives_way[newcomer.kind]:
            oldest = self.by_age.oldest(kind)
            if oldest is not None:
                held = self.waiting_bytes + self.flying_bytes - oldest.size
                if held and held + newcomer.size > limits.queued_bytes:
                    break  # one goes for one; it would have to be more
                return oldest, gave_way(oldest.kind, bound)
        return newcomer, refused(newcomer.kind, bound)

    # --- coming and going --------------------------------------------------------------

    def add(self, record: OutgoingRecord) -> bool:
        """Let a row wait that is new here; say whether its chat has become ready."""
        self.by_age.add(record)
        self.waiting_bytes += record.size
        return self.queue.push(record.chat, record)

    def begin_again(self, record: OutgoingRecord) -> bool:
        """Let a row wait that was over; say whether its chat has become ready."""
        record.later_at = None
        record.waits = True
        self.by_age.add_again(record)
        self.waiting_bytes += record.size
        return self._put_back(record)

    def take(
        self, now: float, pacing: Pacing | None, most_bytes: int
    ) -> OutgoingRecord | None:
        """Take the next row that may leave, chats in turn; or one for which it is too late."""
        while (taken := self.queue.take()) is not None:
            chat, record = taken
            if self.flying_bytes and self.flying_bytes + record.size > most_bytes:
                self.queue.put_back(chat, record)
                return None
            if pacing is not None and not self.spent(record, now):
                wait = pacing.take(chat, now)
                if wait:
                    self.queue.put_back(chat, record)
                    if pacing.wait(now):
                        return None  # the whole account has to wait
                    self._hold(chat, now + wait)
                    continue
            self._unshelve(record)
            return record
        return None

    def give_back(self, record: OutgoingRecord, until: float) -> None:
        """Let a row that was on its way wait again, first of its chat, which waits *until*."""
        self._hold(record.chat, until)
        self.again(record)
        self.queue.done(record.chat)

    def again(self, record: OutgoingRecord) -> None:
        """Put a row before all others of its chat that came later."""
        record.later_at = None
        record.waits = True
        self._put_back(record)
        if record.outcome is QUEUED:
            self.by_age.add_again(record)
            self.waiting_bytes += record.size

    def later(self, record: OutgoingRecord, at: float) -> None:
        """Call `again` at that time; until then its chat goes on without it."""
        record.later_at = at
        record.waits = True
        heappush(self._later, (at, record.seq, record))

    def remove(self, record: OutgoingRecord) -> None:
        """Take out a row that waits, wherever it does."""
        self._unshelve(record)
        if record.later_at is None:
            self.queue.discard(record.chat, record)
        record.later_at = None

    def spent(self, record: OutgoingRecord, now: float) -> bool:
        """Say whether it is too late for a row that waits."""
        if record.outcome is QUEUED:
            return record.expires_at <= now
        return not may_repeat(record, self.trust, now)

    # --- time --------------------------------------------------------------------------

    def next_at(self) -> float:
        """Return when something may go that may not go now; it may be too early."""
        chats = self._chats[0][0] if self._chats else inf
        return min(chats, self._later[0][0]) if self._later else chats

    def tick(self, now: float) -> None:
        """Let chats and rows go on whose time has come."""
        while self._chats and self._chats[0][0] <= now:
            until, chat = heappop(self._chats)
            if self._until.get(chat) == until:
                del self._until[chat]
                self.queue.free(chat)
        while self._later and self._later[0][0] <= now:
            at, _, record = heappop(self._later)
            if record.later_at == at:  # else something became of it meanwhile
                self.again(record)

    def _hold(self, chat: ChatKey, until: float) -> None:
        self.queue.hold(chat)
        self._until[chat] = until
        heappush(self._chats, (until, chat))

    def _put_back(self, record: OutgoingRecord) -> bool:
        seq = record.seq
        return self.queue.push_before(
            record.chat, record, lambda other: other.seq > seq
        )

    def _unshelve(self, record: OutgoingRecord) -> None:
        record.waits = False
        if self.by_age.discard(record):
            self.waiting_bytes -= record.size
