"""Questions that are answered in their turn among effects, so that they see what came before.

Nothing here changes a row. What an operator looks for is asked beside the pump: `listing`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from actors.journal.sqlite.effects import Known, Numbers, Single, known_of

_MARKED_NOW = "SELECT seq FROM marks WHERE mark = ? AND expires_at > ?"


class IsKnown(Single):
    """Asks whether an event of this mark was accepted, as far as is known at *now*."""

    mark: bytes
    now: float

    def apply(self, db: sqlite3.Connection, _: Numbers) -> bool:
        found = db.execute(_MARKED_NOW, (self.mark, self.now)).fetchone()
        return found is not None


class Fetched(msgspec.Struct, frozen=True):
    """A row as it stands in the file."""

    seq: int
    platform: str
    account: str
    boots: int
    received_at: float
    size: int
    trace: str
    body: bytes
    priority: int


class Fetch(Single):
    """Read rows that are in the file only."""

    seqs: Sequence[int]

    def apply(self, db: sqlite3.Connection, _: Numbers) -> dict[int, Fetched]:
        rows = {}
        for seq in self.seqs:
            row = db.execute(
                "SELECT seq, platform, account, boots, "
                "coalesce(retried_at, received_at), size, trace, body, priority "
                "FROM inbound WHERE seq = ?",
                (seq,),
            ).fetchone()
            if row is not None:
                rows[seq] = Fetched(*row)
        return rows


class FetchBodies(Single):
    """Read the bodies of what is to be said, and what it changes."""

    seqs: Sequence[int]

    def apply(
        self, db: sqlite3.Connection, _: Numbers
    ) -> dict[int, tuple[bytes, bytes | None]]:
        found = {}
        for seq in self.seqs:
            row = db.execute("SELECT body, change FROM outbound WHERE seq = ?", (seq,))
            for body, change in row:
                found[seq] = (body, change)
        return found


class LookUp(Single):
    """Read what is known of keys."""

    keys: Sequence[str]

    def apply(self, db: sqlite3.Connection, _: Numbers) -> list[Known | None]:
        return [known_of(db, key) for key in self.keys]
