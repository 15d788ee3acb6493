"""What the file looks like, version by version, and the way from one to the next.

A step is never changed once it was released: another one is added. The version is
SQLite's `user_version`; a file that is not ours is told by its `application_id`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from attrs import frozen

APPLICATION_ID: Final = 0x526F6F6B  # "Rook"

STEPS: Final[Sequence[Sequence[str]]] = (
    (
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE cursors (
            platform TEXT NOT NULL, account TEXT NOT NULL, cursor TEXT NOT NULL,
            PRIMARY KEY (platform, account)) WITHOUT ROWID""",
        """CREATE TABLE inbound (
            seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, account TEXT NOT NULL,
            chat_kind TEXT NOT NULL, chat TEXT NOT NULL, state TEXT NOT NULL,
            why TEXT NOT NULL, boots INTEGER NOT NULL, received_at REAL NOT NULL,
            settled_at REAL, size INTEGER NOT NULL, trace TEXT NOT NULL,
            body BLOB NOT NULL)""",
        """CREATE TABLE marks (
            mark BLOB PRIMARY KEY, owner TEXT NOT NULL, derived INTEGER NOT NULL,
            seq INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX marks_by_age ON marks (owner, derived, seq)",
        """CREATE TABLE outbound (
            seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, platform TEXT NOT NULL,
            account TEXT NOT NULL, chat_kind TEXT NOT NULL, chat TEXT NOT NULL,
            kind TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL,
            message_id TEXT NOT NULL, attempt INTEGER NOT NULL, queued_at REAL NOT NULL,
            expires_at REAL NOT NULL, settled_at REAL, trace TEXT NOT NULL,
            content BLOB NOT NULL, body BLOB NOT NULL)""",
    ),
    # What is open is found at a start without a look at everything that was settled.
    (
        "CREATE INDEX inbound_open ON inbound (seq) WHERE settled_at IS NULL",
        "CREATE INDEX outbound_open ON outbound (seq) WHERE settled_at IS NULL",
    ),
    # What is to be run later, and whatever else has to be kept beside the rows.
    (
        """CREATE TABLE shelf (
            kind TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (kind, name)) WITHOUT ROWID""",
    ),
    # When a message left first, and how often nobody knew what became of it.
    (
        "ALTER TABLE outbound ADD COLUMN tried_at REAL",
        "ALTER TABLE outbound ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0",
    ),
    # What an operator looks for is found without a look at everything that went well.
    (
        "ALTER TABLE inbound ADD COLUMN retried_at REAL",
        "ALTER TABLE inbound ADD COLUMN put_away INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE outbound ADD COLUMN put_away INTEGER NOT NULL DEFAULT 0",
        """CREATE INDEX inbound_dead ON inbound (settled_at, seq)
            WHERE put_away = 0 AND state IN ('failed', 'quarantined', 'expired')""",
        """CREATE INDEX outbound_dead ON outbound (settled_at, seq)
            WHERE put_away = 0 AND state IN ('expired', 'dropped', 'rejected')""",
        "CREATE INDEX outbound_unknown ON outbound (seq) WHERE state = 'unknown'",
    ),
    # How urgent an event is was decided when it came in; of older rows nobody knows.
    ("ALTER TABLE inbound ADD COLUMN priority INTEGER NOT NULL DEFAULT 1",),
    # What a row does to a message that stands; without it, it says something new.
    ("ALTER TABLE outbound ADD COLUMN change BLOB",),
    # What an operator looks for has marks of its own. An index over the states cost each
    # row that went well as much as writing it: SQLite asked it twice about every change.
    # What `put_away` said, the absence of `died_at` says.
    (
        "ALTER TABLE inbound ADD COLUMN died_at REAL",
        "ALTER TABLE outbound ADD COLUMN died_at REAL",
        "ALTER TABLE outbound ADD COLUMN unsure INTEGER",
        """UPDATE inbound SET died_at = settled_at
            WHERE put_away = 0 AND state IN ('failed', 'quarantined', 'expired')""",
        """UPDATE outbound SET died_at = settled_at
            WHERE put_away = 0 AND state IN ('expired', 'dropped', 'rejected')""",
        "UPDATE outbound SET unsure = 1 WHERE state = 'unknown'",
        "DROP INDEX inbound_dead",
        "DROP INDEX outbound_dead",
        "DROP INDEX outbound_unknown",
        "CREATE INDEX inbound_died ON inbound (died_at, seq) WHERE died_at IS NOT NULL",
        "CREATE INDEX outbound_died ON outbound (died_at, seq) WHERE died_at IS NOT NULL",
        "CREATE INDEX outbound_unsure ON outbound (seq) WHERE unsure IS NOT NULL",
    ),
    # Nearly every row is settled a moment after it was written: an index of what is open
    # was a page of the log for each commit. Now only rows that stay open stand in one;
    # the youngest, behind the tail, are looked through at a start.
    (
        "ALTER TABLE inbound ADD COLUMN stays INTEGER",
        "ALTER TABLE outbound ADD COLUMN stays INTEGER",
        "UPDATE inbound SET stays = 1 WHERE settled_at IS NULL",
        "UPDATE outbound SET stays = 1 WHERE settled_at IS NULL",
        "DROP INDEX inbound_open",
        "DROP INDEX outbound_open",
        "INSERT INTO meta SELECT 'inbound_tail', coalesce(max(seq), 0) FROM inbound",
        "INSERT INTO meta SELECT 'outbound_tail', coalesce(max(seq), 0) FROM outbound",
        *(
            statement.format(table=table)
            for table in ("inbound", "outbound")
            for statement in (
                """CREATE INDEX {table}_stays ON {table} (seq)
                    WHERE stays IS NOT NULL AND settled_at IS NULL""",
                """CREATE VIEW {table}_open AS
                    SELECT seq FROM {table}
                    WHERE stays IS NOT NULL AND settled_at IS NULL
                    UNION ALL SELECT seq FROM {table}
                    WHERE stays IS NULL AND settled_at IS NULL AND seq > (
                        SELECT CAST(value AS INTEGER) FROM meta
                        WHERE name = '{table}_tail')""",
            )
        ),
    ),
    # Marks are looked through as they stand: see `marks`.
    ("DROP INDEX marks_by_age",),
)
VERSION: Final = len(STEPS)


@frozen
class NotOurs(Exception):
    """The file is none that this version can work on; a person has to look."""

    why: str

    def __str__(self) -> str:
        return self.why


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of the file; 0 for an empty one.

    Raises:
        NotOurs: it is a database of somebody else, or of a later version.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables:
        return 0
    if application != APPLICATION_ID:
        why = "it is a database of another program, no journal"
        raise NotOurs(why)
    if version > VERSION:
        why = (
            f"it was written by a later version of Rookery (its schema is {version}, "
            f"this one knows {VERSION})"
        )
        raise NotOurs(why)
    return int(version)


def migrate(db: sqlite3.Connection, to: int = VERSION) -> int:
    """Bring the file to version *to*, in one transaction; return where it was.

    Raises:
        NotOurs: see `version_of`.
    """
    before = version_of(db)
    if before >= to:
        return before
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[before:to]:
            for statement in step:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {to}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return before
