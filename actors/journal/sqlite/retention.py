"""What may leave the file: settled rows and old marks, a few at a time.

On the way what stays open is written down, so that a start finds it: see `schema`.

Rows go oldest first. The newest row of a table stays whatever its age, so that its
number is never given again.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from attrs import define, field, frozen

from actors.journal.sqlite.effects import Numbers

STEP_ROWS: Final = 200
"""Rows looked at in one step: about a millisecond of somebody else's wait."""
STEP_OWNERS: Final = 20
"""Accounts whose marks are looked at in one step."""
TAIL_ROWS: Final = 20_000
"""Rows that a start looks through, about 10 ms: most of them are settled soon."""
CUT_ROWS: Final = 1_000
"""As many are taken off its end at once."""
COUNTED_AGAIN: Final = 10
"""The marks of an account may exceed their number by a part in so many."""


@frozen(kw_only=True)
class Retention:
    """How much the file keeps of what is over."""

    seconds: float = 24 * 3600.0
    rows: int = 100_000
    """Settled rows are kept that long or that many, whichever is more,"""
    size_bytes: int = 1024**3
    """as long as the file holds no more than this."""
    marks: int = 100_000
    """Dedup marks per account; a tenth of it of those whose ids were derived."""


@define
class Sweeper:
    """Goes through the tables, step by step, and begins again at the end."""

    limits: Retention
    evicted: int = 0
    """Marks that had to go before their time."""
    _inbound: int = 0
    _outbound: int = 0
    _owner: tuple[str, int] = ("", -1)
    _counted: dict[tuple[str, int], tuple[int, int]] = field(factory=dict)
    """Marks of an owner, and the number of the newest row when they were counted."""
    _beyond: dict[tuple[str, int], int] = field(factory=dict)
    """Marks of an owner up to this row are too many."""

    def step(self, db: sqlite3.Connection, numbers: Numbers, now: float) -> bool:
        """Do one step in a transaction of its own; is there more to do at once?"""
        db.execute("BEGIN IMMEDIATE")
        try:
            crowded = used_bytes(db) > self.limits.size_bytes
            self._inbound = self._rows(
                db, "inbound", self._inbound, numbers.last, now, crowded=crowded
            )
            (last,) = db.execute("SELECT max(seq) FROM outbound").fetchone()
            self._outbound = self._rows(
                db, "outbound", self._outbound, last or 0, now, crowded=crowded
            )
            marks = self._marks(db, numbers.last, now)
            long = _cut(db, "inbound", numbers.last)
            long = _cut(db, "outbound", last or 0) or long
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return bool(self._inbound or self._outbound or marks or long)

    def _rows(
        self,
        db: sqlite3.Connection,
        table: str,
        after: int,
        last: int,
        now: float,
        *,
        crowded: bool,
    ) -> int:
        """Delete among the rows after *after*; return where to go on, 0 for the start."""
        begun = "received_at" if table == "inbound" else "queued_at"
        # Read one by one: nearly always the first of them stays, and all behind it.
        rows = db.execute(
            f"SELECT seq, {begun}, settled_at FROM {table} "  # noqa: S608 - our own words
            "WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?",
            (after, last, STEP_ROWS),
        )
        old, many = now - self.limits.seconds, last - self.limits.rows
        gone = []
        looked_at = 0
        for looked_at, (seq, at, settled_at) in enumerate(rows, 1):  # noqa: B007 - read below
            if not crowded and (seq > many or at > old):
                after = 0
                break
            after = seq
            if settled_at is not None and (crowded or settled_at <= old):
                gone.append((seq,))
        else:
            if looked_at < STEP_ROWS:
                after = 0
        rows.close()
        db.executemany(f"DELETE FROM {table} WHERE seq = ?", gone)  # noqa: S608 - as above
        return after

    def _marks(self, db: sqlite3.Connection, last: int, now: float) -> bool:
        """Look at the oldest marks of a few accounts; is there more to do at once?"""
        for _ in range(STEP_OWNERS):
            owner = db.execute(
                "SELECT owner, derived FROM marks WHERE (owner, derived) > (?, ?) "
                "ORDER BY owner, derived LIMIT 1",
                self._owner,
            ).fetchone()
            if owner is None:
                self._owner = ("", -1)
                return False
            self._count(db, owner, last)
            if self._forget(db, owner, now) == STEP_ROWS:
                return True  # this one has more
            self._owner = owner
        return True

    def _forget(
        self, db: sqlite3.Connection, owner: tuple[str, int], now: float
    ) -> int:
        """Delete the first marks of *owner* that are over; return how many."""
        beyond = self._beyond.get(owner, 0)
        oldest = db.execute(
            "SELECT mark, seq, expires_at FROM marks WHERE owner = ? AND derived = ? "
            "ORDER BY seq LIMIT ?",
            (*owner, STEP_ROWS),
        )
        gone = []
        for mark, seq, expires_at in oldest:
            if expires_at > now:
                if seq > beyond:
                    break
                self.evicted += 1
            gone.append((mark,))
        oldest.close()
        db.executemany("DELETE FROM marks WHERE mark = ?", gone)
        return len(gone)

    def _count(self, db: sqlite3.Connection, owner: tuple[str, int], last: int) -> None:
        """See which marks of *owner* are too many.

        To count a hundred thousand takes milliseconds, so it is done again only when as
        many rows have come in as could make a difference.
        """
        cap = self.limits.marks // 10 if owner[1] else self.limits.marks
        count, at = self._counted.get(owner, (2 * cap + 1, last))
        if count + last - at <= cap + cap // COUNTED_AGAIN:
            return
        beyond = db.execute(
            "SELECT seq FROM marks WHERE owner = ? AND derived = ? "
            "ORDER BY seq DESC LIMIT 1 OFFSET ?",
            (*owner, cap),
        ).fetchone()
        if beyond is not None:
            self._beyond[owner] = beyond[0]
            self._counted[owner] = cap, last
            return
        (count,) = db.execute(
            "SELECT count(*) FROM marks WHERE owner = ? AND derived = ?", owner
        ).fetchone()
        self._counted[owner] = count, last


def _cut(db: sqlite3.Connection, table: str, last: int) -> bool:
    """Make the tail of what a start looks through shorter; is it still too long?"""
    name = f"{table}_tail"
    (value,) = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    after, upto = int(value), int(value) + CUT_ROWS
    if last - upto < TAIL_ROWS:
        return False
    db.execute(
        f"UPDATE {table} SET stays = 1 WHERE seq > ? AND seq <= ? "  # noqa: S608 - our own words
        "AND settled_at IS NULL AND stays IS NULL",
        (after, upto),
    )
    db.execute("UPDATE meta SET value = ? WHERE name = ?", (str(upto), name))
    return last - upto >= TAIL_ROWS + CUT_ROWS


def used_bytes(db: sqlite3.Connection) -> int:
    """Return how much of the file is in use; the rest waits to be used again."""
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    (size,) = db.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)
