"""What an operator does to the file: effects, performed as any other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from actors.journal.listing import Kind
from actors.journal.sqlite.effects import Numbers, Single
from actors.journal.sqlite.loading import OpenOutbound
from actors.messages import DEAD_INBOUND, DEAD_OUTBOUND, InboundState, OutboundState

TABLES: Final = ("inbound", "outbound")
"""The table of each rank: 0 is what came in, 1 what was to be said."""
_RECALLED = """SELECT seq, key, platform, account, chat_kind, chat, kind, state, detail,
attempt, queued_at, expires_at, trace, content, tried_at, doubts, length(body)
FROM outbound WHERE key = ?"""
_DEAD: Final = (DEAD_INBOUND, DEAD_OUTBOUND)
_STATES: Final = (InboundState, OutboundState)


class Recall(Single):
    """Open a row again of which nobody knows; answers the row, whatever its state is."""

    key: str

    def apply(self, db: sqlite3.Connection, _: Numbers) -> OpenOutbound | None:
        row: OpenOutbound | None = db.execute(_RECALLED, (self.key,)).fetchone()
        if row is not None and row[7] == OutboundState.UNKNOWN:
            db.execute(
                "UPDATE outbound SET settled_at = NULL, stays = 1 WHERE seq = ?",
                row[:1],
            )
        return row


class Redate(Single):
    """Change until when a row is worth saying; its state is noted as any other."""

    seq: int
    expires_at: float

    def apply(self, db: sqlite3.Connection, _: Numbers) -> None:
        db.execute(
            "UPDATE outbound SET expires_at = ? WHERE seq = ?",
            (self.expires_at, self.seq),
        )


class Renewed(msgspec.Struct, frozen=True):
    """The answer to `Renew`: an event that is new again, and what it was before."""

    platform: str
    account: str
    chat_kind: str
    chat: str
    size: int
    before: str
    priority: int


class Renew(Single):
    """Make a dead event new; answers its state if it is none, `None` if it is not there."""

    seq: int
    now: float
    renewed: Renewed | None = None
    """Kept if this has to be performed again."""

    def apply(
        self, db: sqlite3.Connection, _: Numbers
    ) -> Renewed | InboundState | None:
        row = db.execute(
            "SELECT platform, account, chat_kind, chat, size, state, priority FROM inbound "
            "WHERE seq = ?",
            (self.seq,),
        ).fetchone()
        if row is None:
            return None
        state = InboundState(row[5])
        if state in DEAD_INBOUND:
            db.execute(
                "UPDATE inbound SET state = 'new', why = '', boots = 0, "
                "settled_at = NULL, stays = 1, retried_at = ?, died_at = NULL "
                "WHERE seq = ?",
                (self.now, self.seq),
            )
            self.renewed = Renewed(*row)
        elif self.renewed is None:
            return state
        return self.renewed


class PutAway(Single):
    """Take dead rows from the shelf; answers the state of each."""

    rank: int
    seqs: Sequence[int]

    def apply(self, db: sqlite3.Connection, _: Numbers) -> list[Kind | None]:
        table, dead, states = TABLES[self.rank], _DEAD[self.rank], _STATES[self.rank]
        found: list[Kind | None] = []
        for seq in self.seqs:
            row = db.execute(
                f"SELECT state FROM {table} WHERE seq = ?",  # noqa: S608 - our own words
                (seq,),
            ).fetchone()
            state = None if row is None else states(row[0])
            if state in dead:
                db.execute(
                    f"UPDATE {table} SET died_at = NULL WHERE seq = ?",  # noqa: S608
                    (seq,),
                )
            found.append(state)
        return found
