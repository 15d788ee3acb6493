"""Look into a journal's file from outside: for the command line, beside a host or without.

Reading disturbs nobody, a host that runs on the file included. Nothing here changes rows.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from errno import EEXIST, ENOSPC
from pathlib import Path

import attrs
from attrs import frozen
from msgspec import structs

from actors.journal.sqlite.codec import (
    Unreadable,
    decode_body,
    decode_change,
    decode_event,
)
from actors.journal.sqlite.retention import used_bytes
from actors.journal.sqlite.schema import VERSION, NotOurs, version_of
from actors.journal.sqlite.troubles import TroubleKind, trouble_of
from actors.messages import (
    FINAL_INBOUND,
    FINAL_OUTBOUND,
    Change,
    Emoji,
    Ours,
    React,
    Segment,
    verb_of,
)

_BUSY_MS = 5_000


@frozen
class NoJournal(Exception):
    """There is no file that can be looked into."""

    why: str
    damaged: bool = False
    """Whether the file is a journal of ours that is broken."""

    def __str__(self) -> str:
        return self.why


@contextmanager
def opened(path: Path, oldest: int = VERSION) -> Iterator[sqlite3.Connection]:
    """Open the file for reading.

    Raises:
        NoJournal: it is missing, damaged at its head, of a later version, or of one
            before *oldest*.
    """
    if not path.exists():
        raise NoJournal(f"there is no journal at {path}")  # noqa: EM102
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as db:
            db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            version = version_of(db)
            if version < oldest:
                why = f"its schema is {version}, this Rookery reads {VERSION}; a host that starts on it brings it up to date"
                raise NoJournal(f"{path}: {why}")  # noqa: EM102
            yield db
    except (sqlite3.Error, NotOurs) as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        damaged = trouble.kind is TroubleKind.DAMAGED
        raise NoJournal(f"{path}: {trouble}", damaged) from error  # noqa: EM102


def stats(path: Path) -> dict[str, object]:
    """Return how much is in the file, and in which states."""
    log = path.with_name(path.name + "-wal")
    with opened(path) as db:
        (name,) = db.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()
        return {
            "path": str(path),
            "id": name,
            "schema": VERSION,
            "bytes": path.stat().st_size,
            "bytes_used": used_bytes(db),
            "log_bytes": log.stat().st_size if log.exists() else 0,
            "inbound": _states(db, "inbound"),
            "outbound": _states(db, "outbound"),
            "marks": _one(db, "SELECT count(*) FROM marks"),
            "oldest_open_utc": _one(
                db,
                "SELECT min(received_at) FROM inbound "
                "WHERE seq IN (SELECT seq FROM inbound_open)",
            ),
        }


def faults(path: Path) -> list[str]:
    """Return what is wrong with the file; nothing, as a rule.

    Raises:
        NoJournal: it is missing, or none of ours.
    """
    found: list[str] = []
    try:
        with opened(path) as db:
            found.extend(_faults(db))
    except NoJournal as error:
        if not error.damaged:
            raise
        found.append(error.why)  # so far it could be read
    return found


def backup(path: Path, to: Path) -> int:
    """Copy the file as it is at one instant to *to*; return its size in bytes.

    One of an earlier version as well: whoever brings it up to date may want it back.

    Raises:
        NoJournal: there is nothing to copy.
        OSError: *to* is there already, or cannot be written.
    """
    if to.exists():
        raise FileExistsError(EEXIST, os.strerror(EEXIST), str(to))
    # Whoever is killed in the middle leaves nothing that looks like a copy.
    part = to.with_name(f"{to.name}.part")
    with opened(path, oldest=1) as db:
        try:
            _copy(db, part)
            _name(part, to)
        except sqlite3.Error as error:
            trouble = trouble_of(error)
            if trouble is None or trouble.kind is not TroubleKind.FULL:
                raise
            # The other one is only read.
            raise OSError(ENOSPC, os.strerror(ENOSPC), str(to)) from error
        finally:
            _remove(part)
    return to.stat().st_size


def rows(path: Path) -> Iterator[dict[str, object]]:
    """Yield every row, decoded: what came in first, then what was to be said."""
    with opened(path) as db:
        yield from _rows(db, "inbound")
        yield from _rows(db, "outbound")


# --- inside ----------------------------------------------------------------------------


def _faults(db: sqlite3.Connection) -> Iterator[str]:
    for line in _pages(db):
        if line != "ok":
            yield f"SQLite: {line}"
    yield from _orders(db)
    for table, decode in (("inbound", decode_event), ("outbound", decode_body)):
        for seq, body in db.execute(f"SELECT seq, body FROM {table}"):  # noqa: S608
            try:
                decode(body)
            except Unreadable as error:
                yield f"{table} {seq}: {error}"
    for seq, change in db.execute("SELECT seq, change FROM outbound"):
        try:
            decode_change(change)
        except Unreadable as error:
            yield f"outbound {seq}: {error}"


def _pages(db: sqlite3.Connection) -> Iterator[str]:
    try:
        found = db.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError:
        # It fails over a page that is none; the other one says first which that is.
        found = db.execute("PRAGMA quick_check(1)").fetchmany(1)
        yield "some of its pages are damaged"
    for (text,) in found:
        yield from text.splitlines()


def _rows(db: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    found = db.execute(f"SELECT * FROM {table} ORDER BY seq")  # noqa: S608 - our own words
    names = [column[0] for column in found.description]
    for values in found:
        row = dict(zip(names, values, strict=True))
        body = row.pop("body")
        row.pop("content", None)
        row.pop("stays")  # how a start finds what is open says nothing of the row
        change = row.pop("change", None)
        try:
            if table == "inbound":
                event = decode_event(body)
                sender = event.sender
                row["event"] = {
                    **attrs.asdict(event, recurse=False, filter=_beside_the_chat),
                    "sender": None if sender is None else structs.asdict(sender),
                    "body": list(map(as_mapping, event.body)),
                }
            else:
                row["body"] = list(map(as_mapping, decode_body(body)))
                row["change"] = change_as_mapping(decode_change(change))
        except Unreadable as error:
            row["unreadable"] = str(error)
        yield {"table": table, **row}


def _beside_the_chat(attribute: attrs.Attribute[object], _: object) -> bool:
    return attribute.name != "chat"  # it has columns of its own


def as_mapping(part: Segment) -> Mapping[str, object]:
    """Return a segment as plain values, named by its kind."""
    fields = attrs.asdict(part, recurse=False, filter=_told)
    if "messages" in fields:
        fields["messages"] = [
            {
                **attrs.asdict(node, recurse=False),
                "body": list(map(as_mapping, node.body)),
            }
            for node in fields["messages"]
        ]
    return {"segment": type(part).__name__.lower(), **fields}


def change_as_mapping(change: Change | None) -> Mapping[str, object] | None:
    """Return what a row does to a message as plain values, `None` if it says a new one."""
    if change is None:
        return None
    told: dict[str, object] = {"does": verb_of(change)}
    match change.target:
        case Ours(key):
            told["key"] = key
        case message_id:
            told["message_id"] = message_id
    if isinstance(change, React):
        emoji = change.emoji
        told["emoji"] = emoji.id if isinstance(emoji, Emoji) else emoji
    return told


def _told(attribute: attrs.Attribute[object], value: object) -> bool:
    return attribute.name != "was" or bool(value)  # nearly no text stands for another


def _copy(db: sqlite3.Connection, part: Path) -> None:
    _remove(part)  # of one that was killed
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(part)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()


def _name(part: Path, to: Path) -> None:
    """Let *to* be what *part* was, unless there has come one meanwhile."""
    try:
        os.link(part, to)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        part.rename(to)


def _remove(part: Path) -> None:
    for left_over in (part, part.with_name(f"{part.name}-journal")):
        with suppress(OSError):
            left_over.unlink()


def _states(db: sqlite3.Connection, table: str) -> dict[str, int]:
    found = db.execute(
        f"SELECT state, count(*) FROM {table} GROUP BY state ORDER BY state"  # noqa: S608
    )
    return dict(found.fetchall())


def _one(db: sqlite3.Connection, question: str) -> object:
    return db.execute(question).fetchone()[0]


def _orders(db: sqlite3.Connection) -> Iterator[str]:
    """What SQLite cannot know: a row is open exactly as long as its state is not final."""
    for table, final in (("inbound", FINAL_INBOUND), ("outbound", FINAL_OUTBOUND)):
        for seq, state, settled_at in db.execute(
            f"SELECT seq, state, settled_at FROM {table}"  # noqa: S608 - our own words
        ):
            # An unknown one may be closed: then it is not waited for any more.
            if state != "unknown" and (state in final) != (settled_at is not None):
                is_open = "open" if settled_at is None else "settled"
                yield f"{table} {seq}: it is {state!r} and {is_open}"
