"""How rows of the outbox end, and what is kept of them then. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf

from attrs import evolve

from actors.journal.content import content_of
from actors.journal.doubts import Doubts, next_try
from actors.journal.sayings import OutgoingLimits, OutgoingRecord
from actors.journal.values import Expired
from actors.messages import OutboundState, Outcome, check_outbound

SENDING = Outcome(OutboundState.SENDING)
"""The one outcome of all rows that are `sending`: they are recognised by `is`."""
_S = OutboundState


class Endings:
    """Rows by key: open ones, those of which nobody knows, and settled ones for a while."""

    def __init__(
        self, limits: OutgoingLimits, note: Callable[[OutgoingRecord], None]
    ) -> None:
        self.limits = limits
        self._note = note
        self._by_key: dict[str, OutgoingRecord] = {}
        self._doubts = Doubts(limits)
        self._settled: deque[OutgoingRecord] = deque()
        # Of how many rows the body is in memory, and how large these are.
        self._bodies = 0
        self._bodies_bytes = 0
        self.shed: list[Expired] = []
        """Rows that expired, were dropped, or came back after they had been withdrawn, and
        that nobody has fetched yet."""

    def find(self, key: str) -> OutgoingRecord | None:
        return self._by_key.get(key)

    def _finish(self, record: OutgoingRecord, outcome: Outcome, now: float) -> None:
        if record.outcome is not SENDING or outcome.state is not _S.SENT:
            check_outbound(record.outcome.state, outcome.state)
        record.outcome = outcome
        out = record.out
        assert out is not None
        if outcome.state is _S.UNKNOWN:
            self._doubt(record, now)
            return
        if outcome.state in (_S.EXPIRED, _S.DROPPED) or (
            record.withdrawn and outcome.state is _S.CANCELLED
        ):
            self.shed.append(Expired(record.seq, out, outcome))
        self._close(record)

    def _doubt(self, record: OutgoingRecord, now: float) -> None:
        """List a row of which nobody knows, and try it again where that does no harm."""
        record.doubts += 1
        record.waits = False
        if self.limits.bodies < inf:
            self._slim(record)
        self._doubts.add(record)
        self._note(record)
        self._repeat(record, now)
        while (oldest := self._doubts.excess()) is not None:
            if oldest.waits:
                oldest.account.remove(oldest)
            self._close(oldest)

    def _undoubt(self, record: OutgoingRecord) -> None:
        """Take a row from that list: somebody knows now, or has decided."""
        self._doubts.remove(record)
        if record.waits:
            record.account.remove(record)

    def _repeat(self, record: OutgoingRecord, now: float) -> bool:
        """Let a row of which nobody knows be tried again, if that may be; say if it may."""
        account = record.account
        at = next_try(record, account.trust, now)
        if at is None:
            return False
        if at > now:
            account.later(record, at)
        else:
            account.again(record)
        return True

    def _close(self, record: OutgoingRecord) -> None:
        """End a row for good: no more than its key and its outcome is kept."""
        assert record.out is not None
        record.content = record.content or content_of(record.out)
        self._unbody(record)
        record.out = None
        record.closed = True
        self._settled.append(record)
        self._note(record)
        if len(self._settled) > self.limits.settled:
            self._forget_oldest()

    def _embody(self, record: OutgoingRecord) -> None:
        """Count a new row; its body stays in memory only if there is room."""
        self._bodies += 1
        self._bodies_bytes += record.size
        limits = self.limits
        if self._bodies > limits.bodies or self._bodies_bytes > limits.bodies_bytes:
            self._slim(record)

    def _slim(self, record: OutgoingRecord) -> None:
        """Leave its body to the file."""
        if not record.lean:
            assert record.out is not None
            self._unbody(record)
            record.lean = True
            record.out = evolve(record.out, body=())

    def _unbody(self, record: OutgoingRecord) -> None:
        """Count the body of a row as no longer in memory, if it was."""
        if not record.lean:
            self._bodies -= 1
            self._bodies_bytes -= record.size

    def _forget_oldest(self) -> None:
        oldest = self._settled.popleft()
        # Its key may have been taken back since, and said again.
        if self._by_key.get(oldest.key) is oldest:
            del self._by_key[oldest.key]
