"""Rows of the journal as programs read them: plain values under stable names. Pure.

The same whether a host answers or the file is read without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from actors.journal import (
    Letter,
    Said,
    as_mapping,
    change_as_mapping,
    kind_of,
    place_of,
)
from actors.kernel import DeadLetter
from actors.messages import (
    ChatAddress,
    Markdown,
    Segment,
    Text,
)
from actors.schedule import moment

MAIL_RANK: Final = 2
"""Of mail between actors, behind the two ranks of the journal's rows: see `Place`."""
RANKS: Final = ("in", "out", "mail")
"""What the ids of dead letters begin with, by rank."""
DIRECTIONS: Final = ("inbound", "outbound", "mail")
"""How programs are told the direction, by rank."""
MAIL: Final = "mail"
EXCERPT: Final = 200
"""Characters of a text in a list."""
_WHOLE, _PARTS, _DEEP = 10_000, 100, 8
"""Characters of one text, parts of one value and its depth, when it is shown whole."""


def said_row(row: Said) -> dict[str, object]:
    """Return a row of the outbox for a list."""
    return {
        "key": row.key,
        "to": str(row.to),
        "kind": row.kind.value,
        "state": row.outcome.state.value,
        "detail": row.outcome.detail,
        "message_id": row.outcome.message_id,
        "attempt": row.attempt,
        "queued_at": _date(row.queued_at),
        "expires_at": _date(row.expires_at),
        "settled_at": _date(row.settled_at),
        "trace": row.trace,
        "change": change_as_mapping(row.change),
        "text": _excerpt(row.body),
    }


def said_whole(row: Said) -> dict[str, object]:
    """Return a row of the outbox with its body."""
    return {**said_row(row), "body": _parts_of(row.body)}


def letter_row(letter: Letter) -> dict[str, object]:
    """Return a dead letter for a list."""
    change = None
    if isinstance(letter, Said):
        body, attempts, change = letter.body, letter.attempt, letter.change
        where, why, key = str(letter.to), letter.outcome.detail, letter.key
    else:
        body = None if letter.event is None else letter.event.body
        attempts, why, key = letter.boots, letter.why, None
        where = f"{letter.platform}/{letter.account}"
        if letter.chat is not None:
            to = ChatAddress(letter.platform, letter.account, letter.chat)
            where = str(to)
    rank = place_of(letter).rank
    return {
        "id": f"{RANKS[rank]}-{letter.seq}",
        "direction": DIRECTIONS[rank],
        "kind": kind_of(letter).value,
        "at": _date(letter.settled_at),
        "where": where,
        "why": why,
        "attempts": attempts,
        "key": key,
        "trace": letter.trace,
        "change": change_as_mapping(change),
        "text": _excerpt(body),
    }


def letter_whole(letter: Letter) -> dict[str, object]:
    """Return a dead letter with what is in it."""
    row = letter_row(letter)
    if isinstance(letter, Said):
        return {
            **row,
            "queued_at": _date(letter.queued_at),
            "body": _parts_of(letter.body),
        }
    event = letter.event
    more: dict[str, object] = {"received_at": _date(letter.received_at)}
    if event is not None:
        sender = event.sender
        more |= {
            "event": event.event,
            "event_id": event.id,
            "sender": None
            if sender is None
            else {"id": sender.id, "name": sender.name},
            "facts": _trimmed(event.facts),
            "body": _parts_of(event.body),
        }
    return {**row, **more}


def mail_row(letter: DeadLetter, at: float) -> dict[str, object]:
    """Return mail between actors that nobody handled; *at* is the date of its end."""
    return {
        "id": f"{MAIL}-{letter.number}",
        "direction": MAIL,
        "kind": MAIL,
        "at": _date(at),
        "where": letter.path,
        "why": letter.why,
        "attempts": letter.attempts,
        "key": None,
        "trace": letter.trace,
        "change": None,
        "text": type(letter.message).__name__,
    }


def mail_whole(letter: DeadLetter, at: float) -> dict[str, object]:
    """Return a dead letter with its message, as far as that can be shown as plain values."""
    error = _trimmed(letter.error)
    return {**mail_row(letter, at), "message": _told(letter.message), "error": error}


def no_message(key: str) -> str:
    """Return what is said of a message that is not there."""
    return f"there is no message {key!r} in the journal (any more)"


def no_letter(name: str) -> str:
    """Return what is said of a dead letter that is not there."""
    return f"there is no dead letter {name} (any more)"


# --- inside ----------------------------------------------------------------------------


def _date(at: float | None) -> str | None:
    return None if at is None else moment(at).isoformat(timespec="seconds")


def _excerpt(body: Sequence[Segment] | None) -> str | None:
    if body is None:
        return None
    text = ""
    for part in body:
        match part:
            case Text(words) | Markdown(words):
                text += words
            case _:
                text += f"[{type(part).__name__.lower()}]"
        if len(text) > EXCERPT:
            return text[:EXCERPT] + "…"
    return text


def _parts_of(body: Sequence[Segment] | None) -> object:
    return None if body is None else _trimmed([as_mapping(part) for part in body])


def _trimmed(value: object, depth: int = 0) -> object:
    """Return *value* as JSON has it, and no bigger than somebody wants to read."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value if len(value) <= _WHOLE else value[:_WHOLE] + "…"
        case bytes():
            return f"<{len(value)} bytes>"
        case _ if depth >= _DEEP:
            return "…"
        case Mapping():
            pairs = list(value.items())[:_PARTS]
            return {str(key): _trimmed(each, depth + 1) for key, each in pairs}
        case list() | tuple():
            return [_trimmed(each, depth + 1) for each in value[:_PARTS]]
        case _:
            return str(value)


def _told(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - it is somebody else's code
        return f"<a {type(value).__name__} whose repr raises {type(error).__name__}>"
    return text if len(text) <= _WHOLE else text[:_WHOLE] + "…"
