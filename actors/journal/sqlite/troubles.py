"""What can be wrong with the file, and what a person may do about it. Pure.

An error is either *trouble* (disk, lock, rights, damage: the same batch is tried again
until it goes through) or it is the row's own fault, and nobody else's.
"""

from __future__ import annotations

import errno
import sqlite3
from enum import StrEnum

from attrs import frozen

from actors.journal.sqlite.schema import NotOurs
from actors.journal.sqlite.tempo import HANGS_SECONDS
from actors.journal.values import JournalHealth


class TroubleKind(StrEnum):
    FULL = "disk_full"
    LOCKED = "locked"
    DAMAGED = "damaged"
    FORBIDDEN = "not_writable"
    FOREIGN = "not_a_journal"
    HANGS = "hangs"
    FAILING = "disk_failing"


_ADVICE = {
    TroubleKind.FULL: "free some space",
    TroubleKind.LOCKED: "end the other program that has it open",
    TroubleKind.DAMAGED: "move it away to begin a new one, or put a backup in its place",
    TroubleKind.FORBIDDEN: "let this user write the file, and its folder",
    TroubleKind.FOREIGN: "move it away, or give this host another data directory",
    TroubleKind.HANGS: "look at the disk; a restart of the host would hang as well",
    TroubleKind.FAILING: "look at the disk, and at the memory",
}

_KINDS = {
    sqlite3.SQLITE_FULL: TroubleKind.FULL,
    sqlite3.SQLITE_BUSY: TroubleKind.LOCKED,
    sqlite3.SQLITE_LOCKED: TroubleKind.LOCKED,
    sqlite3.SQLITE_PROTOCOL: TroubleKind.LOCKED,
    sqlite3.SQLITE_CORRUPT: TroubleKind.DAMAGED,
    sqlite3.SQLITE_NOTADB: TroubleKind.DAMAGED,
    sqlite3.SQLITE_FORMAT: TroubleKind.DAMAGED,
    sqlite3.SQLITE_READONLY: TroubleKind.FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: TroubleKind.FORBIDDEN,
    sqlite3.SQLITE_PERM: TroubleKind.FORBIDDEN,
    sqlite3.SQLITE_AUTH: TroubleKind.FORBIDDEN,
    sqlite3.SQLITE_IOERR: TroubleKind.FAILING,
    sqlite3.SQLITE_NOMEM: TroubleKind.FAILING,
    sqlite3.SQLITE_INTERNAL: TroubleKind.FAILING,
    sqlite3.SQLITE_NOLFS: TroubleKind.FAILING,
    sqlite3.SQLITE_SCHEMA: TroubleKind.DAMAGED,
}


@frozen
class Trouble(Exception):
    """The file cannot be worked on now. Nothing is lost: what waits is tried again."""

    kind: TroubleKind
    why: str

    @property
    def advice(self) -> str:
        return _ADVICE[self.kind]

    def __str__(self) -> str:
        return f"{self.why} ({self.advice})"


def trouble_of(error: Exception) -> Trouble | None:
    """Return the trouble that *error* tells of; `None` if a row is to blame."""
    match error:
        case Trouble():
            return error
        case NotOurs(why):
            return Trouble(TroubleKind.FOREIGN, why)
        case sqlite3.Error():
            # Extended codes keep the primary one in their lowest byte.
            code = getattr(error, "sqlite_errorcode", None)
            kind = None if code is None else _KINDS.get(code & 0xFF)
            if kind is None and _says_no_table(error):
                kind = TroubleKind.DAMAGED
            return None if kind is None else Trouble(kind, str(error))
        case OSError(errno=number, strerror=what, filename=where):
            full = number in (errno.ENOSPC, errno.EDQUOT)
            kind = TroubleKind.FULL if full else TroubleKind.FORBIDDEN
            return Trouble(kind, f"{where}: {what}")
        case MemoryError():  # what Python makes of SQLITE_NOMEM
            return Trouble(TroubleKind.FAILING, "there is no memory left to work on it")
        case _:
            return None


def shown(error: BaseException) -> Trouble:
    """Return the trouble that *error* is, or what people are told of a mistake of ours."""
    if isinstance(error, Trouble):
        return error
    return Trouble(TroubleKind.FAILING, f"{type(error).__name__}: {error}")


def _says_no_table(error: sqlite3.Error) -> bool:
    """Somebody has changed the file below us: no row can be to blame for that."""
    what = str(error)
    return what.startswith(("no such table", "no such column")) or (
        "has no column named" in what
    )


def health_of(
    trouble: Trouble | None, busy_seconds: float, *, opened: bool
) -> JournalHealth:
    """Return how a journal is whose present write has taken so long."""
    if trouble is None and busy_seconds >= HANGS_SECONDS:
        what = "a write has not returned for" if opened else "opening it has taken"
        why = f"{what} {busy_seconds:.0f} s"
        trouble = Trouble(TroubleKind.HANGS, why)
    if trouble is not None:
        return JournalHealth("stalled", trouble.kind, str(trouble))
    return JournalHealth("open" if opened else "opening")
