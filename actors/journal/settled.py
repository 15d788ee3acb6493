"""Rows that are over, kept for a while to be looked at. Pure."""

from __future__ import annotations

from collections import deque
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

    def add(self, record: InboxRecord) -> list[InboxRecord]:
        """Keep a row, and return those that are forgotten for it: two at most."""
        self._records.append(record)
        self._bytes += record.size
        limits = self._limits
        forgotten: list[InboxRecord] = []
        while (
            len(self._records) > limits.settled or self._bytes > limits.settled_bytes
        ) and len(forgotten) < 2:
            oldest = self._records.popleft()
            self._bytes -= oldest.size
            forgotten.append(oldest)
        return forgotten

    def discard(self, record: InboxRecord) -> None:
        """Keep a row no longer, if it is here."""
        with suppress(ValueError):  # found by identity
            self._records.remove(record)
            self._bytes -= record.size
