"""Rows that are over, kept for a while to be looked at. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from actors.journal.backlog import InboxLimits, InboxRecord


class Settled:
    """The newest settled rows, bounded by number and by size."""

    __slots__ = ("_bytes", "_limits", "_records")

    def __init__(self, limits: InboxLimits) -> None:
        self._limits = limits
        self._records: deque[InboxRecord] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: InboxRecord) -> None:
        self._records.append(record)
        self._bytes += record.size

    def discard(self, record: InboxRecord) -> None:
        """Keep a row no longer, if it is here."""
        with suppress(ValueError):  # found by identity
            self._records.remove(record)
            self._bytes -= record.size

    def surplus(self, at_most: int) -> Iterator[InboxRecord]:
        """Forget up to *at_most* rows beyond what is kept, and return them."""
        for _ in range(at_most):
            if (
                len(self._records) <= self._limits.settled
                and self._bytes <= self._limits.settled_bytes
            ):
                return
            record = self._records.popleft()
            self._bytes -= record.size
            yield record
