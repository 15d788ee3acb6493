"""What may leave the file: settled rows, and in `marks` old marks, a few at a time.

Rows that stay open for long are noted on the way, so that a start finds them without
looking through the whole table: see `schema`.

Rows go oldest first. The newest row of a table stays whatever its age, so that its
number is never given again.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from attrs import define, field, frozen

from actors.journal.sqlite.effects import Numbers
from actors.journal.sqlite.marks import MarkSweeper

STEP_ROWS: Final = 200
"""Rows looked at in one step: about a millisecond of somebody else's wait."""
TAIL_ROWS: Final = 20_000
"""Rows that a start looks through, about 10 ms: most of them are settled soon."""
CUT_ROWS: Final = 1_000
"""As many are taken off its end at once."""


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
    marks: MarkSweeper = field(init=False)
    _inbound: int = 0
    _outbound: int = 0

    def __attrs_post_init__(self) -> None:
        self.marks = MarkSweeper(self.limits.marks)

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
            marks = self.marks.step(db, numbers.last, now)
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
