"""Which waiting rows go stale next, and which one gives way when there is no room. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from math import inf
from typing import Generic, Protocol, TypeVar

from actors.messages import OutboundKind


class Perishable(Protocol):
    """A row with an end."""

    seq: int
    expires_at: float
    kind: OutboundKind


P = TypeVar("P", bound=Perishable)


class ByAge(Generic[P]):
    """The waiting rows of one account, by when they go stale.

    One kind has one time to live, so first in is first stale; rows that come back after
    a refusal are few (one per chat) and are looked through.
    """

    __slots__ = ("_again", "_by_kind")

    def __init__(self) -> None:
        # Ordered: the front is found at once, whatever was deleted before it.
        self._by_kind: dict[OutboundKind, OrderedDict[int, P]] = {
            kind: OrderedDict() for kind in OutboundKind
        }
        self._again: dict[int, P] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_kind.values())) + len(self._again)

    def add(self, row: P) -> None:
        """Add a row that is new here, or of an earlier process.

        As a rule it is the last of its kind to go stale. The exception is a row that an
        operator let begin again in an earlier process: its end is later than that of the
        rows behind it.
        """
        rows = self._by_kind[row.kind]
        while rows and next(reversed(rows.values())).expires_at > row.expires_at:
            _, later = rows.popitem()
            self._again[later.seq] = later
        rows[row.seq] = row

    def add_again(self, row: P) -> None:
        """Add a row that has been here before."""
        self._again[row.seq] = row

    def discard(self, row: P) -> bool:
        """Remove a row; say whether it was here."""
        return (
            self._by_kind[row.kind].pop(row.seq, None) is not None
            or self._again.pop(row.seq, None) is not None
        )

    def stale(self, now: float) -> P | None:
        """Return a row whose time has passed, if there is one."""
        for row in self._candidates():
            if row.expires_at <= now:
                return row
        return None

    def next_at(self) -> float:
        """When the next row goes stale; `inf` without rows."""
        return min((row.expires_at for row in self._candidates()), default=inf)

    def oldest(self, kind: OutboundKind) -> P | None:
        """Return the row of a kind that has waited longest."""
        found = (row for row in self._candidates() if row.kind is kind)
        return min(found, key=lambda row: row.seq, default=None)

    def _candidates(self) -> Iterator[P]:
        for rows in self._by_kind.values():
            if rows:
                yield next(iter(rows.values()))
        yield from self._again.values()
