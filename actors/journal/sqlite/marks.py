"""Which dedup marks leave the file: those that are over, and of too many the oldest.

The marks are looked through again and again, in the order of the table. That is the order
of their hashes, which says nothing about age or owner, so any few of them are a fair sample.
An index by owner and age would answer directly, but would have to be written with every
mark: one more page for each account in a commit.
"""

from __future__ import annotations

import sqlite3
from typing import Final, TypeAlias

from attrs import define, field

STEP_MARKS: Final = 200
"""How many marks are looked at in one step, if not many rows have come in since the last."""
STEP_MARKS_MAX: Final = 2_000
"""How many, however many have: a millisecond or two of somebody else's wait."""
PER_ROW: Final = 4
"""How many marks are looked at for each row that has come in, whatever is found: with two,
a flood that never pauses brings marks faster than a round can take them away."""
SURPLUS: Final = 10
"""The marks of an account may exceed their number by a part in so many."""
SAMPLE: Final = 512
"""How many marks of one account are remembered as a sample, at most."""

Owner: TypeAlias = tuple[str, int]
"""Platform and account, and whether the ids were derived."""


@define
class Seen:
    """A sample of the marks of one owner, of those that were looked at so far."""

    count: int = 0
    _every: int = 1
    _seqs: list[int] = field(factory=list)

    def add(self, seq: int) -> None:
        """Take one mark into account; of many only every second, fourth ... is remembered."""
        if self.count % self._every == 0:
            self._seqs.append(seq)
            if len(self._seqs) == SAMPLE:
                del self._seqs[1::2]
                self._every *= 2
        self.count += 1

    def beyond(self, cap: int) -> int:
        """Return up to which row the marks are more than *cap*; 0 if they are not."""
        if self.count <= cap + cap // SURPLUS:
            return 0
        oldest = len(self._seqs) * (self.count - cap) // self.count
        return sorted(self._seqs)[oldest - 1] if oldest else 0


@define
class MarkSweeper:
    """Goes through the marks, step by step, and begins again at the end."""

    cap: int
    """Marks per account; a tenth of it of those whose ids were derived."""
    evicted: int = 0
    """Marks that had to go before their time."""
    _after: bytes = b""
    _last: int = 0
    _owed: int = 0
    """Marks that are still to be looked at for the rows that came in."""
    _seen: dict[Owner, Seen] = field(factory=dict)
    _beyond: dict[Owner, int] = field(factory=dict)
    """Marks of an owner up to this row are too many."""

    def step(self, db: sqlite3.Connection, last: int, now: float) -> bool:
        """Look at the next few marks; return whether there is more to do at once.

        Args:
            db: In a transaction.
            last: The number of the newest row.
            now: Seconds since 1970.
        """
        due = PER_ROW * (last - self._last)
        limit = min(max(due, STEP_MARKS), STEP_MARKS_MAX)
        marks = db.execute(
            "SELECT mark, owner, derived, seq, expires_at FROM marks "
            "WHERE mark > ? ORDER BY mark LIMIT ?",
            (self._after, limit),
        ).fetchall()
        gone = []
        for mark, name, derived, seq, expires_at in marks:
            owner = (name, derived)
            if expires_at <= now:
                gone.append((mark,))
            elif seq <= self._beyond.get(owner, 0):
                gone.append((mark,))
                self.evicted += 1
            else:
                if owner not in self._seen:
                    self._seen[owner] = Seen()
                self._seen[owner].add(seq)
        db.executemany("DELETE FROM marks WHERE mark = ?", gone)
        self._owed = max(0, self._owed + due - len(marks))
        self._last = last
        if len(marks) == limit:
            self._after = marks[-1][0]
            return bool(gone or self._owed)
        self._begin_again()
        return bool(gone or self._beyond)

    def _begin_again(self) -> None:
        """Begin another round, and see from the last one who has too many marks."""
        self._after = b""
        self._owed = 0
        bounds = {
            owner: seen.beyond(self.cap // 10 if owner[1] else self.cap)
            for owner, seen in self._seen.items()
        }
        self._beyond = {owner: bound for owner, bound in bounds.items() if bound}
        self._seen = {}
