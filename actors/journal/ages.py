"""How old the oldest of many rows is, without keeping a time for each of them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

STEP_SECONDS = 1.0
"""How long a span is at first."""
SPANS = 512
"""When there are more spans than this, every two are made one."""


class Ages:
    """Counts rows by spans of time. Rows come in order and may leave in any.

    An answer is right to within one span: a second at first, and twice as long each time
    there are more than `SPANS`, so it is a small part of the age that is told.
    """

    __slots__ = ("_counts", "_left", "_seqs", "_step", "_times")

    def __init__(self) -> None:
        # Three columns of one table: first number, time, rows that are here. A span
        # reaches to the next one's first number.
        self._seqs: deque[int] = deque()
        self._times: deque[float] = deque()
        self._counts: deque[int] = deque()
        self._step = STEP_SECONDS
        self._left = 0.0

    def add(self, seq: int, at: float) -> None:
        """Add a row, newer than all others, that waits since *at*."""
        if self._times and at < self._times[-1] + self._step:
            self._counts[-1] += 1
            return
        self._seqs.append(seq)
        self._times.append(at)
        self._counts.append(1)
        if len(self._seqs) > SPANS:
            self._merge()

    def add_again(self, seq: int, at: float | None) -> None:
        """Add a row that has waited before and is back.

        Args:
            seq: Its number. Of several that come back together the newest comes first.
            at: Since when it waits; `None` if nobody knows: since as long as the row that
                left last.
        """
        if self._seqs and seq >= self._seqs[0]:
            self._counts[self._span(seq)] += 1
            return
        at = self._left if at is None else at
        # What was let begin again is old by its number only; the times stay in order.
        self._times.appendleft(min(at, self._times[0]) if self._times else at)
        self._seqs.appendleft(seq)
        self._counts.appendleft(1)

    def remove(self, seq: int) -> None:
        """Remove a row, which waits no longer."""
        counts = self._counts
        # Nearly always the oldest leave first.
        near = len(counts) == 1 or seq < self._seqs[1]
        counts[0 if near else self._span(seq)] -= 1
        while counts and not counts[0]:
            counts.popleft()
            self._seqs.popleft()
            self._left = self._times.popleft()
        if not counts:
            self._step = STEP_SECONDS

    def oldest(self) -> float | None:
        """Return since when the oldest row waits; `None` when none does."""
        return self._times[0] if self._times else None

    def _span(self, seq: int) -> int:
        return bisect_right(self._seqs, seq) - 1

    def _merge(self) -> None:
        """Make one span of every two."""
        counts = list(self._counts)
        counts += [0] * (len(counts) % 2)
        self._counts = deque(
            a + b for a, b in zip(counts[::2], counts[1::2], strict=True)
        )
        self._seqs = deque(list(self._seqs)[::2])
        self._times = deque(list(self._times)[::2])
        self._step *= 2
