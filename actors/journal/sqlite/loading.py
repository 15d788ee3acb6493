"""What a new process finds in the file: what is open, and what became of the rest."""

from __future__ import annotations

import sqlite3
from typing import TypeAlias

from attrs import frozen

from actors.journal.inbox import INTERRUPTED, TOO_OFTEN
from actors.journal.suspects import MAX_BOOTS
from actors.messages import OutboundState

DIED = "the process ended before the answer came"

OpenRows: TypeAlias = list[tuple[int, str, str, str, str, int, int, int, float]]
"""seq, platform, account, chat kind, chat, size, boots, priority, received at"""
OpenOutbound: TypeAlias = tuple[
    int, str, str, str, str, str, str, str, str, int, float, float, str, bytes,
    float | None, int, int,
]  # fmt: skip
"""seq, key, platform, account, chat kind, chat, kind, state, detail, attempt, queued at,
expires at, trace, content, tried at, doubts, size"""
Delivered: TypeAlias = tuple[str, str, str, str, str, str, str, str, str, float]
"""key, platform, account, chat kind, chat, kind, state, detail, message id, settled at"""
RECALLED = 10_000
"""How many delivered messages a new process still knows by their ids, at most."""
RECALLED_SECONDS = 24 * 3600.0
# Not by way of the view: each page would look at everything that was settled before it.
_PAGE = """{row} stays IS NOT NULL AND seq > ?1
UNION ALL {row} stays IS NULL AND seq > max(?1, (
    SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'inbound_tail'))
ORDER BY seq LIMIT ?2""".format(  # noqa: S608 - our own words
    row="SELECT seq, platform, account, chat_kind, chat, size, boots, priority, "
    "coalesce(retried_at, received_at) FROM inbound WHERE settled_at IS NULL AND"
)


@frozen(kw_only=True)
class Loaded:
    """What is open in a file. Of what came in only how much: it is read a page at a time,
    since a million rows may wait. The messages are here, oldest first, without bodies.
    """

    id: str
    last_inbound: int
    last_outbound: int
    cursors: tuple[tuple[str, str, str], ...]
    unhandled: int
    outbound: tuple[OpenOutbound, ...]
    delivered: tuple[Delivered, ...]
    """The newest of a day to which the platform gave an id, oldest first."""
    again: int
    """Events that somebody had in hand when the last process ended; they are new again."""
    quarantined: int
    interrupted: int

    @property
    def unknown(self) -> int:
        """Count the messages of which nobody knows, also those that were on their way."""
        return sum(row[7] == OutboundState.UNKNOWN for row in self.outbound)


def recover(db: sqlite3.Connection, id_: str, now: float) -> Loaded:
    """Free what the last process had in hand, and return what is open.

    Every open row that it had claimed has cost one of its `MAX_BOOTS` lives.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        interrupted = db.execute(
            "UPDATE inbound SET state = 'failed', why = ?1, settled_at = ?2, "
            "died_at = ?2 "
            "WHERE seq IN (SELECT seq FROM inbound_open) AND state = 'parked'",
            (INTERRUPTED, now),
        ).rowcount
        quarantined = db.execute(
            "UPDATE inbound SET state = 'quarantined', why = ?1, settled_at = ?2, "
            "died_at = ?2, boots = boots + 1 "
            "WHERE seq IN (SELECT seq FROM inbound_open) AND state = 'claimed' "
            "AND boots + 1 >= ?3",
            (TOO_OFTEN, now, MAX_BOOTS),
        ).rowcount
        again = db.execute(
            "UPDATE inbound SET state = 'new', boots = boots + 1 "
            "WHERE seq IN (SELECT seq FROM inbound_open) AND state = 'claimed'"
        ).rowcount
        db.execute(
            "UPDATE outbound SET state = 'unknown', detail = ?, doubts = doubts + 1, "
            "unsure = 1 "
            "WHERE seq IN (SELECT seq FROM outbound_open) AND state = 'sending'",
            (DIED,),
        )
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return Loaded(
        id=id_,
        last_inbound=last_of(db, "inbound"),
        last_outbound=last_of(db, "outbound"),
        cursors=tuple(db.execute("SELECT platform, account, cursor FROM cursors")),
        unhandled=db.execute("SELECT count(*) FROM inbound_open").fetchone()[0],
        outbound=tuple(
            db.execute(
                "SELECT seq, key, platform, account, chat_kind, chat, kind, state, "
                "detail, attempt, queued_at, expires_at, trace, content, tried_at, "
                "doubts, length(body) FROM outbound "
                "WHERE seq IN (SELECT seq FROM outbound_open) ORDER BY seq"
            )
        ),
        delivered=_delivered(db, now),
        again=again,
        quarantined=quarantined,
        interrupted=interrupted,
    )


def _delivered(db: sqlite3.Connection, now: float) -> tuple[Delivered, ...]:
    # Walks the newest rows only, however many of them have no id.
    newest = db.execute(
        "SELECT key, platform, account, chat_kind, chat, kind, state, detail, "
        "message_id, settled_at FROM outbound WHERE seq > ? AND message_id <> '' "
        "AND settled_at > ? ORDER BY seq",
        (last_of(db, "outbound") - RECALLED, now - RECALLED_SECONDS),
    )
    return tuple(newest)


def page_of(db: sqlite3.Connection, after: int, limit: int) -> OpenRows:
    """Return the first open events behind number *after*, oldest first."""
    return db.execute(_PAGE, (after, limit)).fetchall()


def last_of(db: sqlite3.Connection, table: str) -> int:
    """Return the highest number in a table."""
    (last,) = db.execute(f"SELECT max(seq) FROM {table}").fetchone()  # noqa: S608
    return int(last or 0)
