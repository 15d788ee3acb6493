"""Which events were seen already: a window with a time to live and a cap. Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeAlias, TypeVar

K = TypeVar("K")

SWEPT_PER_MARK = 4
"""Bounded work per call; more than one, so that a window shrinks again after a flood."""


_Mark: TypeAlias = tuple[K, float, int]
"""Key, when it is forgotten, and the row it became."""


class Dedup(Generic[K]):
    """Keys of one account, each with its row.

    Meant for one time to live: then first in is also first out. Another one is honoured
    when a key is looked up, only its memory is freed late.
    """

    __slots__ = ("_cap", "_marks", "_order", "evicted")

    def __init__(self, cap: int = 100_000) -> None:
        self._cap = cap
        self._marks: dict[K, _Mark[K]] = {}
        # A deque beside the dict: the front of a dict is slow to find behind many
        # deleted keys.
        self._order: deque[_Mark[K]] = deque()
        self.evicted = 0
        """Marks that had to go before their time."""

    def __len__(self) -> int:
        return len(self._marks)

    def row_of(self, key: K, now: float) -> int | None:
        """Return the row of *key* if it was seen and that is not too long ago."""
        mark = self._marks.get(key)
        return None if mark is None or mark[1] <= now else mark[2]

    def mark(self, key: K, row: int, now: float, ttl: float) -> None:
        """Remember *key* for *ttl* seconds."""
        mark = (key, now + ttl, row)
        order = self._order
        self._marks[key] = mark
        order.append(mark)
        if order[0][1] <= now:
            self.sweep(now, SWEPT_PER_MARK)
        while len(self._marks) > self._cap:
            alive = order[0][1] > now
            if self._drop_oldest() and alive:
                self.evicted += 1

    def sweep(self, now: float, limit: int) -> None:
        """Forget up to *limit* keys whose time has passed."""
        for _ in range(limit):
            if not self._order or self._order[0][1] > now:
                return
            self._drop_oldest()

    def _drop_oldest(self) -> bool:
        mark = self._order.popleft()
        # A key seen again after its time has a newer mark; that one stays.
        if self._marks.get(mark[0]) is not mark:
            return False
        del self._marks[mark[0]]
        return True
