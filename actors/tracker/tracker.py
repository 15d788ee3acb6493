"""The tracker: what became of each message, and the receipts of those who want to know."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from weakref import WeakValueDictionary

import structlog

from actors.messages import ChatAddress, Outbound, OutboundKind, OutboundState, Outcome
from actors.tracker.index import TrackerIndex
from actors.tracker.receipt import OPEN, Receipt
from actors.tracker.values import TrackerFull, Verdict

log = structlog.get_logger()

PENDING_SECONDS = 30 * 60.0
"""For so long after it went stale a receipt still waits: the message may be on its way."""
STALE_SECONDS = {OutboundKind.REPLY: 600.0, OutboundKind.NOTICE: 24 * 3600.0}
"""After how long a message is not worth saying any more."""
_TTL = {kind: stale + PENDING_SECONDS for kind, stale in STALE_SECONDS.items()}
_QUEUED = Outcome(OutboundState.QUEUED)
_SENDING = Outcome(OutboundState.SENDING)


class Tracker:
    """Hands out receipts and settles them. One object for the life of the host.

    It is the outbox that has a receipt settled; where no answer ever comes, time does it.
    """

    def __init__(
        self, clock: Callable[[], float], index: TrackerIndex | None = None
    ) -> None:
        self._clock = clock
        self.index = index or TrackerIndex()
        self._open: dict[str, Receipt] = {}
        # Receipts of what is unknown, for as long as somebody holds them: a late answer may
        # still settle them anew.
        self._doubtful: WeakValueDictionary[str, Receipt] = WeakValueDictionary()
        self._wake: Callable[[], None] = lambda: None

    def on_deadline(self, wake: Callable[[], None]) -> None:
        """Call *wake* when the next deadline has come closer. The last listener counts."""
        self._wake = wake

    def begin(
        self, out: Outbound, outcome: Outcome = _QUEUED, *, fresh: bool = False
    ) -> Receipt:
        """Return the receipt of *out*, which is in the outbox now.

        Args:
            out: What was said.
            outcome: Where it stands.
            fresh: Its key was never seen before, so no receipt of it is looked for.
        """
        key = out.key
        if not fresh:
            known = self._open.get(key) or self._doubtful.get(key)
            if known is not None:
                return known
        receipt = Receipt(key, out.to, outcome, out.change)
        if outcome.state not in OPEN:
            if receipt.unknown:
                self._doubtful[key] = receipt
            return receipt
        self._await(receipt, out.kind)
        return receipt

    def recall(
        self, key: str, to: ChatAddress, kind: OutboundKind, outcome: Outcome, at: float
    ) -> None:
        """Take over a message of an earlier process; nobody holds a receipt of it."""
        if outcome.state in (OutboundState.QUEUED, OutboundState.SENDING):
            with suppress(TrackerFull):  # it is in the outbox all the same
                self.index.begin(key, to, self._clock(), _TTL[kind])
        else:
            self.index.restore(key, to, outcome, at)

    def reopen(self, out: Outbound) -> None:
        """Let the receipt of *out* wait again, which was unknown and is sent once more."""
        receipt = self._doubtful.pop(out.key, None) or Receipt(out.key, out.to, _QUEUED)
        receipt.settle(_QUEUED)
        self._await(receipt, out.kind)

    def sending(self, key: str) -> None:
        """Note that a message is on its way; nobody is woken for that."""
        receipt = self._open.get(key)
        if receipt is not None:
            receipt.settle(_SENDING)

    def queued(self, key: str) -> None:
        """Note that a message came back and waits again; nobody is woken for that."""
        receipt = self._open.get(key)
        if receipt is not None:
            receipt.settle(_QUEUED)

    def settle(self, key: str, outcome: Outcome) -> Verdict:
        """Record what became of a message, and wake whoever waits for that."""
        verdict = self.index.finish(key, outcome, self._clock())
        if verdict is Verdict.MATCHED or verdict is Verdict.LATE:
            self._tell(key, outcome)
        return verdict

    def expire(self) -> int:
        """Give up on what had no answer in time, a bounded number; return how many."""
        lost = self.index.expire(self._clock())
        for final in lost:
            log.warning("delivery.timed_out", key=final.key, to=str(final.to))
            self._tell(final.key, final.outcome)
        return len(lost)

    def clear(self) -> None:
        """End every wait as `cancelled`, since the host leaves."""
        for final in self.index.clear(self._clock()):
            self._tell(final.key, final.outcome)

    def _await(self, receipt: Receipt, kind: OutboundKind) -> None:
        index, key = self.index, receipt.id
        before = index.next_deadline
        try:
            index.begin(key, receipt.to, self._clock(), _TTL[kind])
        except TrackerFull as full:
            log.warning("tracker.filled", key=key, capacity=full.capacity)
            return
        self._open[key] = receipt
        if index.next_deadline < before:
            self._wake()

    def _tell(self, key: str, outcome: Outcome) -> None:
        receipt = self._open.pop(key, None)
        if receipt is None:
            receipt = self._doubtful.pop(key, None)
            if receipt is None:
                return
        receipt.settle(outcome)
        if outcome.state is OutboundState.UNKNOWN:
            self._doubtful[key] = receipt
