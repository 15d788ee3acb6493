"""The file itself: opens it, commits batches, keeps it small. Knows no trio and no thread.

Everything here runs wherever the journal runs its work: in a thread of its own, or
inline in a simulation. Whatever is wrong with the file is `Trouble`; the next call opens
it anew, so whoever mends disk, lock or rights has mended the journal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

from actors.journal.sqlite.effects import (
    Accept,
    Barrier,
    Effect,
    Enqueue,
    EnqueueAll,
    Numbers,
)
from actors.journal.sqlite.loading import Loaded, OpenRows, last_of, page_of, recover
from actors.journal.sqlite.looking import opened
from actors.journal.sqlite.place import connected, identity, prepare
from actors.journal.sqlite.questions import Fetch, FetchBodies
from actors.journal.sqlite.retention import Retention, Sweeper
from actors.journal.sqlite.schema import NotOurs, migrate
from actors.journal.sqlite.together import apply_all, apply_apart
from actors.journal.sqlite.troubles import Trouble, TroubleKind, trouble_of

T = TypeVar("T")
Durability: TypeAlias = Literal["process", "power"]
Connect: TypeAlias = Callable[[Path], sqlite3.Connection]

BUSY_SECONDS: Final = 2.0
"""How long another process may hold the file before that is trouble."""
CHECKPOINT_PAGES: Final = 1_000
"""Pages in the log before it is written back, when nobody waits."""
CHECKPOINT_PAGES_MAX: Final = 4_000
"""Pages in the log before it is written back even while somebody waits."""
LOG_BYTES: Final = 64 * 1024 * 1024
"""A log that is larger is cut: its file does not shrink by itself."""
_PAGE_BYTES: Final = 4096
_GONE_PER_PAGE: Final = 4
"""How many rows and marks leave a page that is written for them, about."""


class Store(Protocol):
    """Where effects are kept. Calls come one at a time, and may take their time.

    Each raises `Trouble` if the file cannot be worked on; nothing has happened then, or
    it may be done again without harm.
    """

    @property
    def tidy_due(self) -> bool:
        """Has so much been written that it should be tidied when nobody waits?"""
        ...

    @property
    def tidy_urgent(self) -> bool:
        """Has so much been written that it must be tidied, even while somebody waits?"""
        ...

    @property
    def evicted(self) -> int:
        """Dedup marks that had to go before their time."""
        ...

    def load(self) -> Loaded:
        """Open the file, and return what a new process must know of it."""
        ...

    def open_inbound(self, after: int, limit: int) -> OpenRows:
        """Return the first unsettled events behind number *after*."""
        ...

    def commit(self, batch: Sequence[Effect]) -> list[object]:
        """Commit all of *batch*; return an answer, or the error of that row, for each."""
        ...

    def tidy(self) -> bool:
        """Make the file smaller, a step; is there more to do?"""
        ...

    def compact(self) -> None:
        """Give unused space back to the disk. Takes as long as it takes.

        Meanwhile it needs the space twice: in the system's temporary folder and here.
        """
        ...

    def look(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answer *question* beside whatever else is going on; it can only read.

        Raises:
            NoJournal: the file cannot be looked into.
        """
        ...

    def close(self) -> None: ...


class SqliteStore:
    """`journal.sqlite` in WAL mode."""

    def __init__(
        self,
        path: Path,
        *,
        new_id: str,
        wall_clock: Callable[[], float],
        durability: Durability = "process",
        retention: Retention | None = None,
        connect: Connect | None = None,
    ) -> None:
        """Touch nothing yet.

        Args:
            path: The file; made if it is missing.
            new_id: Names the journal if a new file has to be made.
            wall_clock: Seconds since 1970.
            durability: `process` survives `kill -9`; `power` also a loss of power.
            retention: How much is kept of what is over.
            connect: Opens the file; tests bring broken ones.
        """
        self._path = path
        self._name = str(path)
        self._id = new_id
        self._wall = wall_clock
        self._synchronous = "FULL" if durability == "power" else "NORMAL"
        self._connect = connect or connected
        self._sweeper = Sweeper(retention or Retention())
        self._numbers = Numbers()
        self._db: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._loaded = False
        self._pages = 0

    @property
    def tidy_due(self) -> bool:
        return self._pages >= CHECKPOINT_PAGES

    @property
    def tidy_urgent(self) -> bool:
        return self._pages >= CHECKPOINT_PAGES_MAX

    @property
    def evicted(self) -> int:
        return self._sweeper.marks.evicted

    def load(self) -> Loaded:
        loaded = self._with(lambda db: recover(db, self._id, self._wall()))
        self._loaded = True
        return loaded

    def open_inbound(self, after: int, limit: int) -> OpenRows:
        return self._with(lambda db: page_of(db, after, limit))

    def commit(self, batch: Sequence[Effect]) -> list[object]:
        db = self._opened()
        try:
            answers = self._all(db, batch)
            if answers is None:
                answers = self._one_by_one(db, batch)
        except Exception as error:
            raise self._broken(error) from error
        self._pages += sum(map(_pages, batch))
        return answers

    def tidy(self) -> bool:
        db = self._opened()
        try:
            before = db.total_changes
            more = self._sweeper.step(db, self._numbers, self._wall())
            self._pages += (db.total_changes - before) // _GONE_PER_PAGE
            if self.tidy_urgent or (self.tidy_due and not more):
                self._checkpoint(db)
        except Exception as error:
            raise self._broken(error) from error
        return more

    def compact(self) -> None:
        self._with(_vacuumed)
        self._with(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def look(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with opened(self._path) as db:
            return question(db)

    def close(self) -> None:
        """Write the log back and let go of the file. Never raises."""
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._let_go()

    # --- opening -----------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        if self._db is not None:
            if identity(self._name) == self._file:
                return self._db
            # Written to a file without a name, rows would be gone with the process.
            self._let_go()
        try:
            prepare(self._path)
            db = self._connect(self._path)
        except Exception as error:
            raise trouble_of(error) or error from error
        try:
            self._begin(db)
        except Exception as error:
            with suppress(sqlite3.Error):
                db.close()
            raise trouble_of(error) or error from error
        self._db = db
        self._file = identity(self._name)
        return db

    def _with(self, job: Callable[[sqlite3.Connection], T]) -> T:
        db = self._opened()
        try:
            return job(db)
        except Exception as error:
            raise self._broken(error) from error

    def _begin(self, db: sqlite3.Connection) -> None:
        db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        db.execute("PRAGMA cache_size = -16000")
        db.execute("PRAGMA temp_store = MEMORY")
        migrate(db)
        db.execute("PRAGMA journal_mode = WAL").fetchall()
        db.execute(f"PRAGMA synchronous = {self._synchronous}")
        db.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        found = db.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()
        if found is None:
            db.execute("INSERT INTO meta VALUES ('id', ?)", (self._id,))
        elif self._loaded and found[0] != self._id:
            why = "it is not the journal that this host began with; restart the host to go on with it"
            raise NotOurs(why)
        else:
            self._id = found[0]
        self._numbers.last = max(self._numbers.last, last_of(db, "inbound"))

    def _broken(self, error: Exception) -> Exception:
        """Let go of the file if it is to blame; return what to raise."""
        trouble = trouble_of(error)
        if trouble is None:
            return error
        self._let_go()
        return trouble

    def _let_go(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            # While a cursor lives, in a traceback for example, SQLite keeps what was
            # closed, and the lock with it.
            with suppress(sqlite3.Error):
                _roll_back(db)
            with suppress(sqlite3.Error):
                db.close()

    # --- writing -----------------------------------------------------------------------

    def _all(
        self, db: sqlite3.Connection, batch: Sequence[Effect]
    ) -> list[object] | None:
        """Commit them together; `None` if one of them has to be looked at alone."""
        db.execute("BEGIN IMMEDIATE")
        try:
            answers = apply_all(db, batch, self._numbers)
            db.execute("COMMIT")
        except Exception as error:
            _roll_back(db)
            if trouble_of(error) is not None:
                raise
            return None
        return answers

    def _one_by_one(
        self, db: sqlite3.Connection, batch: Sequence[Effect]
    ) -> list[object]:
        """Commit what can be committed; a bad row hurts only itself."""
        db.execute("BEGIN IMMEDIATE")
        try:
            answers = apply_apart(db, batch, self._numbers)
            db.execute("COMMIT")
        except Exception:
            _roll_back(db)
            raise
        return answers

    def _checkpoint(self, db: sqlite3.Connection) -> None:
        log = self._path.with_name(self._path.name + "-wal")
        mode = "PASSIVE"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            mode = "TRUNCATE"
        # Whoever reads may do so for long, an export into a pager: it is cut another time.
        db.execute("PRAGMA busy_timeout = 0")
        try:
            db.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        finally:
            db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        self._pages = 0


def _vacuumed(db: sqlite3.Connection) -> None:
    """Write the file anew; the copy that this takes is in a file, too, and not in memory."""
    db.execute("PRAGMA temp_store = FILE")
    db.execute("VACUUM")
    db.execute("PRAGMA temp_store = MEMORY")


def _roll_back(db: sqlite3.Connection) -> None:
    """Undo it, or raise: with half of it still open, nothing more could be begun."""
    if db.in_transaction:
        db.execute("ROLLBACK")


def _pages(effect: Effect) -> int:
    """Estimate the pages that an effect has put into the log."""
    match effect:
        case Accept() | Enqueue():
            return 3 + len(effect.body) // _PAGE_BYTES
        case EnqueueAll():
            return sum(map(_pages, effect.rows))
        case Barrier() | Fetch() | FetchBodies():
            return 0
        case _:
            return 1


__all__ = [
    "Durability",
    "SqliteStore",
    "Store",
    "Trouble",
    "TroubleKind",
    "connected",
]
