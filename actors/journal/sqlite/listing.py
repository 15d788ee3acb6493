"""Read from the file what an operator asks for: pages of rows, and the dead letters.

The dead letters together are called the shelf. All this is read on a connection of its own,
which can only read, so the host does not wait for it. A list reads short bodies only, so
that a page is small whatever the rows hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from heapq import merge
from itertools import islice
from typing import Final, TypeAlias

from actors.journal.listing import (
    SHELF_ROWS,
    Heard,
    Kind,
    Letter,
    Place,
    Said,
    Sought,
    place_of,
)
from actors.journal.sqlite.codec import (
    Unreadable,
    decode_body,
    decode_change,
    decode_event,
)
from actors.messages import (
    Change,
    Chat,
    ChatAddress,
    ChatKind,
    Inbound,
    InboundState,
    OutboundKind,
    OutboundState,
    Outcome,
    Segment,
)

SHORT_BYTES: Final = 16 * 1024
"""A body longer than this is read only with `show`."""
_SHORT = f"CASE WHEN length(body) <= {SHORT_BYTES} THEN body END"
_SAID = "seq, key, platform, account, chat_kind, chat, kind, state, detail, message_id, attempt, queued_at, expires_at, settled_at, trace, change"
_HEARD = "seq, platform, account, chat_kind, chat, state, why, boots, received_at, settled_at, trace"
# Word for word as in the indices: else SQLite does not use them.
_ON_SHELF: Final = "died_at IS NOT NULL"
_OPEN = (OutboundState.QUEUED, OutboundState.SENDING)
_OLDEST, _NEWEST = Place(float("-inf"), 0, 0), Place(float("inf"), 0, 0)
_SaidRow: TypeAlias = tuple[
    int, str, str, str, str, str, str, str, str, str, int, float, float,
    float | None, str, bytes | None, bytes | None,
]  # fmt: skip
_HeardRow: TypeAlias = tuple[
    int, str, str, str, str, str, str, int, float, float | None, str, bytes | None
]


def said(db: sqlite3.Connection, sought: Sought) -> list[Said]:
    """Return a page of the outbox, oldest first."""
    pages = [_said_in(db, sought, state) for state in sought.states]
    return list(islice(merge(*pages, key=lambda row: row.seq), sought.limit))


def said_of(db: sqlite3.Connection, key: str) -> Said | None:
    """Return the row of *key*, with its body however long it is."""
    row = db.execute(f"SELECT {_SAID}, body FROM outbound WHERE key = ?", (key,))  # noqa: S608 - our own words, as everywhere here
    return next(map(_said, row), None)


def letters(
    db: sqlite3.Connection, kinds: Collection[Kind], before: Place | None, limit: int
) -> list[Letter]:
    """Return a page of the shelf, newest first."""
    last, before = _last_place(db), before or _NEWEST
    heard = [kind for kind in kinds if isinstance(kind, InboundState)]
    meant = [kind for kind in kinds if isinstance(kind, OutboundState)]
    found: list[Letter] = []
    if heard:
        rows = _dead(db, 0, heard, (last, before), limit)
        found += map(_heard, rows)
    if meant:
        rows = _dead(db, 1, meant, (last, before), limit)
        found += map(_said, rows)
    return sorted(found, key=place_of, reverse=True)[:limit]


def letter(db: sqlite3.Connection, rank: int, seq: int) -> Letter | None:
    """Return a row with its body, whether it is on the shelf or not."""
    if rank == 0:
        row = db.execute(f"SELECT {_HEARD}, body FROM inbound WHERE seq = ?", (seq,))  # noqa: S608
        return next(map(_heard, row), None)
    row = db.execute(f"SELECT {_SAID}, body FROM outbound WHERE seq = ?", (seq,))  # noqa: S608
    return next(map(_said, row), None)


def on_the_shelf(db: sqlite3.Connection) -> dict[tuple[int, str], int]:
    """Count what is on the shelf, by rank and state."""
    last = _last_place(db)
    counts: dict[tuple[int, str], int] = {}
    for rank, table in enumerate(("inbound", "outbound")):
        rows = db.execute(
            f"SELECT state, count(*) FROM {table} WHERE {_ON_SHELF} "  # noqa: S608
            f"AND (died_at, {rank}, seq) >= (?, ?, ?) GROUP BY state",
            (last.at, last.rank, last.seq),
        )
        counts |= {(rank, state): n for state, n in rows}
    return counts


# --- inside ----------------------------------------------------------------------------


def _said_in(
    db: sqlite3.Connection, sought: Sought, state: OutboundState
) -> list[Said]:
    where = "state = ? AND seq > ?"
    values: list[object] = [state.value, sought.after]
    if state is OutboundState.UNKNOWN:
        where = "unsure IS NOT NULL AND state = 'unknown' AND seq > ?"
        del values[0]
    elif state in _OPEN:
        where += " AND seq IN (SELECT seq FROM outbound_open)"
    for column, value in (("platform", sought.platform), ("account", sought.account)):
        if value is not None:
            where += f" AND {column} = ?"
            values.append(value)
    rows = db.execute(
        f"SELECT {_SAID}, {_SHORT} FROM outbound WHERE {where} ORDER BY seq LIMIT ?",  # noqa: S608
        (*values, sought.limit),
    )
    return list(map(_said, rows))


def _last_place(db: sqlite3.Connection) -> Place:
    """Return where the shelf ends: what ended before has fallen off."""
    (rows,) = db.execute(
        f"SELECT (SELECT count(*) FROM inbound WHERE {_ON_SHELF}) + "  # noqa: S608
        f"(SELECT count(*) FROM outbound WHERE {_ON_SHELF})"
    ).fetchone()
    if rows <= SHELF_ROWS:
        return _OLDEST
    found = db.execute(
        f"SELECT died_at, 0 AS rank, seq FROM inbound WHERE {_ON_SHELF} "  # noqa: S608
        f"UNION ALL SELECT died_at, 1, seq FROM outbound WHERE {_ON_SHELF} "
        "ORDER BY died_at DESC, rank DESC, seq DESC LIMIT 1 OFFSET ?",
        (SHELF_ROWS - 1,),
    ).fetchone()
    return _OLDEST if found is None else Place(*found)


def _dead(
    db: sqlite3.Connection,
    rank: int,
    kinds: Collection[Kind],
    between: tuple[Place, Place],
    limit: int,
) -> sqlite3.Cursor:
    columns, table = ((_HEARD, "inbound"), (_SAID, "outbound"))[rank]
    last, before = between
    return db.execute(
        f"SELECT {columns}, {_SHORT} FROM {table} WHERE {_ON_SHELF} "  # noqa: S608
        f"AND (died_at, {rank}, seq) < (?, ?, ?) "
        f"AND (died_at, {rank}, seq) >= (?, ?, ?) "
        f"AND state IN ({', '.join('?' * len(kinds))}) "
        "ORDER BY died_at DESC, seq DESC LIMIT ?",
        (
            *(before.at, before.rank, before.seq),
            *(last.at, last.rank, last.seq),
            *(kind.value for kind in kinds),
            limit,
        ),
    )


def _said(row: _SaidRow) -> Said:
    (seq, key, platform, account, chat_kind, chat, kind, state, detail, message_id,
     attempt, queued_at, expires_at, settled_at, trace, change, body) = row  # fmt: skip
    content = _content(body, change)
    return Said(
        seq=seq,
        key=key,
        to=ChatAddress(platform, account, Chat(ChatKind(chat_kind), chat)),
        kind=OutboundKind(kind),
        outcome=Outcome(OutboundState(state), detail, message_id),
        attempt=attempt,
        queued_at=queued_at,
        expires_at=expires_at,
        settled_at=settled_at,
        trace=trace,
        body=content[0],
        change=content[1],
    )


def _heard(row: _HeardRow) -> Heard:
    (seq, platform, account, chat_kind, chat, state, why, boots, received_at,
     settled_at, trace, body) = row  # fmt: skip
    return Heard(
        seq=seq,
        platform=platform,
        account=account,
        chat=Chat(ChatKind(chat_kind), chat) if chat_kind else None,
        state=InboundState(state),
        why=why,
        boots=boots,
        received_at=received_at,
        settled_at=settled_at,
        trace=trace,
        event=_event(body),
    )


def _content(
    body: bytes | None, change: bytes | None
) -> tuple[tuple[Segment, ...] | None, Change | None]:
    """Return what is said and changed; nothing of it where a half cannot be read."""
    try:
        changes = decode_change(change)
        return (None if body is None else decode_body(body)), changes
    except Unreadable:
        return None, None


def _event(data: bytes | None) -> Inbound | None:
    if data is None:
        return None
    try:
        return decode_event(data)
    except Unreadable:
        return None
