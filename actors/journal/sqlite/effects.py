"""What can be done to the file: each effect is a value with everything it needs.

Rows are encoded before an effect is made, so the thread that performs it meets nothing
but SQLite. An effect may be performed again when nobody knows whether the commit went
through: the second time changes nothing and answers the same. Those that only ask, and
change nothing at all, are in `questions`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Protocol

import msgspec

from actors.messages import OutboundState, Outcome, Priority

MARK = """INSERT INTO marks (mark, owner, derived, seq, expires_at)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (mark) DO UPDATE SET seq = excluded.seq, expires_at = excluded.expires_at
WHERE marks.expires_at <= ?"""
_MARKED = "SELECT seq FROM marks WHERE mark = ?"
ACCEPT = """INSERT INTO inbound (seq, platform, account, chat_kind, chat, state, why,
boots, received_at, settled_at, size, trace, body, priority)
VALUES (?, ?, ?, ?, ?, 'new', '', 0, ?, NULL, ?, ?, ?, ?)"""
# That of nobody is the platform's: a session that dials asks before it knows who it is.
MOVE = """INSERT INTO cursors VALUES (?1, ?2, ?3), (?1, '', ?3)
ON CONFLICT (platform, account) DO UPDATE SET cursor = excluded.cursor"""
_CLAIM_IN = (
    """UPDATE inbound SET state = 'claimed', boots = max(boots, ?) WHERE seq = ?"""
)
_SETTLE_IN = """UPDATE inbound SET state = ?, why = ?, boots = max(boots, ?), settled_at = ?
WHERE seq = ?"""
_BURY_IN = """UPDATE inbound SET state = ?1, why = ?2, boots = max(boots, ?3),
settled_at = ?4, died_at = ?4 WHERE seq = ?5"""
ENQUEUE = """INSERT INTO outbound (seq, key, platform, account, chat_kind, chat, kind,
state, detail, message_id, attempt, tried_at, queued_at, expires_at, settled_at, trace,
content, body, change)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', ?, ?, ?, ?, NULL, ?, ?, ?, ?)
ON CONFLICT (key) DO NOTHING"""
_KNOWN = (
    """SELECT seq, content, state, detail, message_id FROM outbound WHERE key = ?"""
)
_SETTLE_OUT = """UPDATE outbound SET state = ?, detail = ?, message_id = ?, attempt = ?,
settled_at = ?, tried_at = ?, doubts = ? WHERE seq = ?"""
_MARK_OUT = """UPDATE outbound SET state = ?1, detail = ?2, message_id = ?3, attempt = ?4,
settled_at = ?5, tried_at = ?6, doubts = ?7,
died_at = CASE WHEN ?1 IN ('expired', 'dropped', 'rejected') THEN ?5 END,
unsure = CASE WHEN ?1 = 'unknown' THEN 1 END WHERE seq = ?8"""


class Numbers:
    """Gives rows their numbers, none of them twice, whatever is rolled back or deleted."""

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last


class Effect(Protocol):
    """One thing to do inside a transaction."""

    def apply(self, db: sqlite3.Connection, numbers: Numbers) -> object:
        """Do it inside of the transaction; return the answer for whoever asked for it."""
        ...

    def parts(self) -> Sequence[Effect]:
        """Return the effects it consists of, each of which may fail without the others."""
        ...


class Single(msgspec.Struct):
    """An effect that cannot be taken apart."""

    def parts(self) -> Sequence[Effect]:
        return (self,)  # type: ignore[return-value]  # subclasses have `apply`


class Accepted(msgspec.Struct, frozen=True):
    """The answer to `Accept`."""

    seq: int
    fresh: bool


class Accept(Single, kw_only=True):
    """Mark, row and cursor of one event, in one step."""

    mark: bytes
    derived: bool
    platform: str
    account: str
    chat_kind: str
    chat: str
    received_at: float
    expires_at: float
    """Of the mark. Both by the wall clock, seconds since 1970."""
    size: int
    trace: str
    body: bytes
    priority: Priority = Priority.NORMAL
    cursor: str | None = None
    seq: int = 0
    """Given when it is first performed, and kept if that has to be repeated."""

    def apply(self, db: sqlite3.Connection, numbers: Numbers) -> Accepted:
        seq = self.seq or numbers.last + 1
        known = seq
        if db.execute(MARK, self.mark_row(seq)).rowcount > 0:
            db.execute(ACCEPT, self.row(seq))
            self.seq = seq
            numbers.last = max(numbers.last, seq)
        else:
            (known,) = db.execute(_MARKED, (self.mark,)).fetchone()
        if self.cursor is not None:
            db.execute(MOVE, (self.platform, self.account, self.cursor))
        return Accepted(known, known == self.seq)

    def mark_row(self, seq: int) -> tuple[object, ...]:
        """Return what `MARK` takes."""
        owner = f"{self.platform}/{self.account}"
        return (
            self.mark,
            owner,
            self.derived,
            seq,
            self.expires_at,
            self.received_at,
        )

    def row(self, seq: int) -> tuple[object, ...]:
        """Return what `ACCEPT` takes."""
        return (
            seq,
            self.platform,
            self.account,
            self.chat_kind,
            self.chat,
            self.received_at,
            self.size,
            self.trace,
            self.body,
            self.priority,
        )


class Advance(Single):
    """Move a cursor."""

    platform: str
    account: str
    cursor: str

    def apply(self, db: sqlite3.Connection, _: Numbers) -> None:
        db.execute(MOVE, (self.platform, self.account, self.cursor))


class Known(msgspec.Struct, frozen=True):
    """The answer to `Enqueue` for a key that is in the file already."""

    seq: int
    content: bytes
    outcome: Outcome


class Enqueue(Single, kw_only=True):
    """Write down something to say. Answers `None`, or what is known of its key."""

    seq: int
    key: str
    platform: str
    account: str
    chat_kind: str
    chat: str
    kind: str
    queued_at: float
    expires_at: float
    trace: str
    content: bytes
    body: bytes
    change: bytes | None = None
    state: str = OutboundState.QUEUED.value
    """Or `sending`, if it was claimed before it was written."""
    attempt: int = 0
    tried_at: float | None = None

    def apply(self, db: sqlite3.Connection, _: Numbers) -> Known | None:
        if db.execute(ENQUEUE, self.row()).rowcount > 0:
            return None
        known = known_of(db, self.key)
        # Ours: the commit went through the first time.
        return None if known is None or known.seq == self.seq else known

    def row(self) -> tuple[object, ...]:
        """Return what `ENQUEUE` takes."""
        return (
            self.seq,
            self.key,
            self.platform,
            self.account,
            self.chat_kind,
            self.chat,
            self.kind,
            self.state,
            self.attempt,
            self.tried_at,
            self.queued_at,
            self.expires_at,
            self.trace,
            self.content,
            self.body,
            self.change,
        )


def known_of(db: sqlite3.Connection, key: str) -> Known | None:
    """Return what the file knows of a key, if anything."""
    found = db.execute(_KNOWN, (key,)).fetchone()
    if found is None:
        return None
    seq, content, state, detail, message_id = found
    return Known(seq, content, Outcome(OutboundState(state), detail, message_id))


class EnqueueAll(Single):
    """The parts of one message, or none of them where the first is known already.

    Answers for each what `Enqueue` does, and `False` for one that was not written.
    """

    rows: list[Enqueue]

    def apply(
        self, db: sqlite3.Connection, numbers: Numbers
    ) -> list[Known | bool | None]:
        first, *others = self.rows
        known = first.apply(db, numbers)
        if known is None:
            return [None, *(row.apply(db, numbers) for row in others)]
        return [known, *(known_of(db, row.key) or False for row in others)]


class Settle(msgspec.Struct):
    """Where rows stand now: the newest state of each, whatever came before it."""

    statement: str
    rows: list[tuple[object, ...]]

    def apply(self, db: sqlite3.Connection, _: Numbers) -> None:
        db.executemany(self.statement, self.rows)

    def parts(self) -> Sequence[Effect]:
        return [Settle(self.statement, [row]) for row in self.rows]


class Barrier(Single):
    """Does nothing, and is answered once everything before it is committed."""

    def apply(self, _: sqlite3.Connection, __: Numbers) -> None:
        return None


def claim_inbound(rows: list[tuple[object, ...]]) -> Settle:
    """Rows are (boots, seq). Apart, because an index of what is open stays as it is."""
    return Settle(_CLAIM_IN, rows)


def settle_inbound(rows: list[tuple[object, ...]]) -> Settle:
    """Rows are (state, why, boots, settled at, seq)."""
    return Settle(_SETTLE_IN, rows)


def bury_inbound(rows: list[tuple[object, ...]]) -> Settle:
    """Rows are as in `settle_inbound`, of what an operator is to find on the shelf."""
    return Settle(_BURY_IN, rows)


def settle_outbound(rows: list[tuple[object, ...]]) -> Settle:
    """Rows are (state, detail, message id, attempt, settled at, tried at, doubts, seq)."""
    return Settle(_SETTLE_OUT, rows)


def mark_outbound(rows: list[tuple[object, ...]]) -> Settle:
    """Rows are as in `settle_outbound`, of what an operator is to find, or was to."""
    return Settle(_MARK_OUT, rows)
