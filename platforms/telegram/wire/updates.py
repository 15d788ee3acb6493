"""What `getUpdates` answers, and what is asked of it. Never raises, whatever came.

Source: core.telegram.org/bots/api#getting-updates. An update is confirmed only by a later
request with a higher offset: so the offset of a batch is journalled with it, and asked
with afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import msgspec

from platforms.objects import MAX_NESTING, deeper_than
from platforms.telegram.wire.lenient import JsonObject, as_number

LIMIT: Final = 100
"""Updates in one answer; more is not allowed."""
EXCERPT_CHARS: Final = 200

WANTED: Final = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "message_reaction",
    "message_reaction_count",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
]
"""All there are. Without a list Telegram leaves out `chat_member` and the reactions."""


class Update(msgspec.Struct, frozen=True):
    """One update: its number, and the one thing that is in it."""

    number: int
    kind: str
    """`message`, `callback_query`, ...; empty where there is nothing in it."""
    payload: JsonObject
    raw: JsonObject


class Batch(msgspec.Struct, frozen=True):
    """What one request has brought."""

    updates: tuple[Update, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    """Beginning, and what is wrong, of what was no update; it is passed over."""
    offset: int | None = None
    """What the next request asks with; `None` where nothing has come."""


def read_batch(result: object) -> Batch:
    """Return the updates in the `result` of `getUpdates`."""
    updates: list[Update] = []
    unreadable: list[tuple[str, str]] = []
    offset: int | None = None
    for raw in result if isinstance(result, list) else ():
        number = as_number(raw.get("update_id")) if isinstance(raw, dict) else None
        if number is None:
            unreadable.append((_excerpt(raw), "an update must have an update_id"))
            continue
        offset = number + 1
        if deeper_than(raw, MAX_NESTING):
            why = f"it must not be nested deeper than {MAX_NESTING}"
            unreadable.append((f"update {number}", why))
            continue
        updates.append(read_update(number, raw))
    return Batch(tuple(updates), tuple(unreadable), offset)


def read_update(number: int, raw: JsonObject) -> Update:
    """Return the update that *raw* is."""
    for key, value in raw.items():
        if isinstance(value, dict):
            return Update(number, key, value, raw)
    return Update(number, "", {}, raw)


def offset_of(cursor: str | None) -> int | None:
    """Return where to go on; a cursor that is not ours, or none, is the beginning."""
    if cursor is None or not (cursor.isascii() and cursor.isdecimal()):
        return None
    return as_number(int(cursor[:20]))


def asking(offset: int | None, hold: float, wanted: Iterable[str] = WANTED) -> str:
    """Return the query of `getUpdates`.

    Args:
        offset: The first update that is wanted; those before it are confirmed.
        hold: Seconds for which the server may wait for one.
        wanted: The kinds of updates.
    """
    kinds = quote(json.dumps(list(wanted), separators=(",", ":")))
    query = f"limit={LIMIT}&timeout={int(hold)}&allowed_updates={kinds}"
    return query if offset is None else f"offset={offset}&{query}"


def _excerpt(raw: object) -> str:
    return "..." if deeper_than(raw, MAX_NESTING) else repr(raw)[:EXCERPT_CHARS]
