"""Rows of which nobody knows whether they went out, and which of them are tried again. Pure.

Trying again is safe for as long as the platform recognises a key: what did go out is not
said twice then. Such a row stays `unknown` until the moment it leaves once more; so what
is `queued` has certainly not been said, and may expire or give way without a lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING, Final

from attrs import frozen

from actors.journal.values import AccountKey

if TYPE_CHECKING:
    from actors.journal.sayings import OutgoingLimits, OutgoingRecord

RETRY_SECONDS: Final = (0.0, 10.0, 60.0, 300.0)
"""The pauses before the second attempt, the third and so on. After the last one a row stays
unknown: a message that breaks the connection each time must not do so for ever."""


@frozen
class Trust:
    """Which keys a platform recognises."""

    seconds: float = 0.0
    """It recognises a key for so long after its first attempt; 0: none."""
    since: float = -inf
    """Monotonic seconds. It recognises no key that was tried first before then: by that
    time it knew us as somebody else."""


NOBODY: Final = Trust()
"""It recognises none, or is not there to be asked."""


def next_try(record: OutgoingRecord, trust: Trust, now: float) -> float | None:
    """Return when a row of which nobody knows may be sent again; `None` for never."""
    if record.tried_at is None or not 0 < record.doubts <= len(RETRY_SECONDS):
        return None
    at = now + RETRY_SECONDS[record.doubts - 1]
    return at if may_repeat(record, trust, at) else None


def may_repeat(record: OutgoingRecord, trust: Trust, at: float) -> bool:
    """Say whether the platform knows its key at that time, and it is not stale by then."""
    return (
        record.tried_at is not None
        and trust.since <= record.tried_at
        and at < record.tried_at + trust.seconds
        and at < record.expires_at
    )


class Doubts:
    """The rows that are `unknown`, oldest first."""

    def __init__(self, limits: OutgoingLimits) -> None:
        self._limits = limits
        self._rows: dict[int, OutgoingRecord] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, account: AccountKey) -> Iterator[OutgoingRecord]:
        """Yield those of one account, newest first."""
        for record in reversed(self._rows.values()):
            out = record.out
            if out is not None and (out.to.platform, out.to.account) == account:
                yield record

    def add(self, record: OutgoingRecord) -> None:
        self._rows[record.seq] = record
        self._bytes += record.held_bytes

    def remove(self, record: OutgoingRecord) -> None:
        del self._rows[record.seq]
        self._bytes -= record.held_bytes

    def excess(self) -> OutgoingRecord | None:
        """Remove and return the oldest row, if there are too many; else `None`."""
        few = len(self._rows) <= self._limits.unknown
        if few and (self._bytes <= self._limits.unknown_bytes or len(self._rows) < 2):
            return None
        record = next(iter(self._rows.values()))
        self.remove(record)
        return record
