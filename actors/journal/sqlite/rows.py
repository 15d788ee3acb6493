"""Rows as they are written down, and as they are read again. Pure.

All encoding is done here, before an effect is queued: the thread that performs it meets
nothing but SQLite. Dates are seconds since 1970.
"""

from __future__ import annotations

from typing import TypeAlias

from actors.journal.backlog import InboxAccount, is_derived
from actors.journal.sizes import ROW_BYTES
from actors.journal.sqlite.codec import (
    clean,
    cleaned,
    decode_event,
    digest,
    encode_body,
    encode_change,
    encode_event,
)
from actors.journal.sqlite.effects import Accept, Enqueue
from actors.journal.sqlite.questions import Fetched
from actors.journal.values import InboundRow
from actors.messages import Inbound, Outbound, Priority


def accept_of(
    owner: InboxAccount,
    event: Inbound,
    trace: str,
    cursor: str | None,
    now: float,
    *,
    priority: Priority = Priority.NORMAL,
) -> Accept:
    """Return what accepting *event* writes down."""
    platform, account, chat = owner.platform, owner.name, event.chat
    # `_value_`, as `value` of an enum is a call, and this is on the way of every event.
    kind, room = ("", "") if chat is None else (chat.kind._value_, chat.id)
    body = encode_event(event)
    mark = digest(platform, account, kind, room, event.id, str(event.edit))
    platform, account, room, trace = cleaned(platform, account, room, trace)
    return Accept(
        mark=mark,
        derived=is_derived(event),
        platform=platform,
        account=account,
        chat_kind=kind,
        chat=room,
        received_at=now,
        expires_at=now + event.dedup_seconds,
        size=ROW_BYTES + len(body),
        trace=trace,
        body=body,
        priority=priority,
        cursor=None if cursor is None else clean(cursor),
    )


def inbound_row(row: Fetched, received_at: float, boots: int) -> InboundRow:
    """Return a row as it is handed out; *received_at* is a moment of the clock.

    Raises:
        Unreadable: there is no event in it.
    """
    event = decode_event(row.body)
    return InboundRow(
        row.seq,
        row.platform,
        row.account,
        event,
        row.trace,
        received_at,
        boots,
        Priority(row.priority),
    )


Encoded: TypeAlias = tuple[bytes, bytes | None, bytes]
"""A body, what it changes, and what tells these two from others."""


def encoded(out: Outbound) -> Encoded:
    """Return as bytes what *out* says and does."""
    body = encode_body(out.body)
    if out.change is None:
        return body, None, digest(body)
    change = encode_change(out.change)
    return body, change, digest(body, change)


def enqueue_of(
    seq: int, out: Outbound, written: Encoded, *, queued_at: float, expires_at: float
) -> Enqueue:
    """Return what saying *out* writes down, which is *written* as bytes."""
    body, change, content = written
    to = out.to
    key, platform, account, room, trace = cleaned(
        out.key, to.platform, to.account, to.chat.id, out.trace
    )
    return Enqueue(
        seq=seq,
        key=key,
        platform=platform,
        account=account,
        chat_kind=to.chat.kind._value_,
        chat=room,
        kind=out.kind._value_,
        queued_at=queued_at,
        expires_at=expires_at,
        trace=trace,
        content=content,
        body=body,
        change=change,
    )
