"""Requests about single messages: of the outbox, and of the shelf of dead letters. Pure.

{"op": "outbox_list", "states": ["unknown"], "limit": 10}
{"op": "dead_letters_do", "deed": "retry", "ids": ["in-12"]}
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from actors.messages import Repair

MAX_LISTED = 1_000
"""Rows on one page."""
MAX_NAMED = 500
"""Messages in one request that does something."""

State: TypeAlias = Literal[
    "queued", "sending", "sent", "degraded", "rejected", "expired", "cancelled",
    "dropped", "unknown",
]  # fmt: skip
LetterKind: TypeAlias = Literal[
    "failed", "quarantined", "expired", "dropped", "rejected", "mail"
]
LetterDeed: TypeAlias = Literal["retry", "discard"]
_Limit: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=MAX_LISTED)]
_Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Names: TypeAlias = Annotated[
    tuple[_Name, ...], msgspec.Meta(min_length=1, max_length=MAX_NAMED)
]


class _Words(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="op",
    forbid_unknown_fields=True,
):
    """One request; its name is the tag."""


class ListOutbox(_Words, frozen=True, kw_only=True, tag="outbox_list"):
    """A page of what was to be said, oldest first."""

    states: tuple[State, ...] = ()
    """Without any: what is open."""
    platform: str | None = None
    account: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    """The `next` of the page before."""
    limit: _Limit = 50


class ShowOutbox(_Words, frozen=True, kw_only=True, tag="outbox_show"):
    """One message, whole."""

    key: _Name


class RepairOutbox(_Words, frozen=True, kw_only=True, tag="outbox_repair"):
    """Do one thing to messages."""

    repair: Repair
    keys: _Names
    message_id: str = ""
    """What the platform calls it; only of one that is marked as sent."""


class ListLetters(_Words, frozen=True, kw_only=True, tag="dead_letters_list"):
    """A page of the shelf, newest first."""

    kinds: tuple[LetterKind, ...] = ()
    """Without any: all of them."""
    after: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """The `next` of the page before."""
    limit: _Limit = 50


class ShowLetter(_Words, frozen=True, kw_only=True, tag="dead_letters_show"):
    """One dead letter, whole."""

    id: _Name


class DoLetters(_Words, frozen=True, kw_only=True, tag="dead_letters_do"):
    """Do one thing to dead letters."""

    deed: LetterDeed
    ids: _Names


class CountLetters(_Words, frozen=True, kw_only=True, tag="dead_letters_count"):
    """How many there are, by kind."""


MessageRequest: TypeAlias = (
    ListOutbox
    | ShowOutbox
    | RepairOutbox
    | ListLetters
    | ShowLetter
    | DoLetters
    | CountLetters
)
MESSAGE_REQUESTS = (
    ListOutbox, ShowOutbox, RepairOutbox, ListLetters, ShowLetter, DoLetters, CountLetters,
)  # fmt: skip
MESSAGE_OPERATIONS = frozenset(
    str(kind.__struct_config__.tag) for kind in MESSAGE_REQUESTS
)


def as_message_request(fields: object) -> MessageRequest:
    """Return the request in *fields*.

    Raises:
        msgspec.ValidationError: it is none; the error says what is expected where.
    """
    request: MessageRequest = msgspec.convert(fields, MessageRequest)
    return request
