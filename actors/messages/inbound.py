"""What came in: one event of one account, before anybody looked at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

import msgspec
from attrs import field, frozen

from actors.messages.chats import Chat
from actors.messages.segments import Segment, plain_text

DEDUP_SECONDS = 24 * 3600.0
"""For so long an event is recognised by the id that its platform gave it."""
DERIVED_ID_DEDUP_SECONDS = 60.0
"""The same for an event whose id was made of its fields, because the wire has none."""


class Role(IntEnum):
    """What somebody may do in a chat, as the platform tells it. Ordered."""

    ANYONE = 0
    MEMBER = 1
    ADMIN = 2
    OWNER = 3


class Priority(IntEnum):
    """How urgent an event is; see `priority_of`."""

    URGENT = 0
    """An operator's word, or the answer that a handler waits for."""
    NORMAL = 1
    """Somebody wants something now: a message, an invitation, a schedule that is due."""
    BULK = 2
    """What happens around messages, and what is late already."""


class Sender(msgspec.Struct, frozen=True):
    """Who did it."""

    id: str
    name: str = ""
    role: Role = Role.ANYONE
    is_bot: bool = False
    """The platform says that this is a program. Ignored unless a handler asks."""


def _chat_of(given: Chat | str | None) -> Chat | None:
    return Chat.parse(given) if isinstance(given, str) else given


def _sender_of(given: Sender | str | None) -> Sender | None:
    return Sender(given) if isinstance(given, str) else given


def _body_of(given: Iterable[Segment]) -> tuple[Segment, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Inbound:
    """One event, normalised. The host adds platform and account when it is delivered.

    Two of them are the same when (platform, account, chat, `id`, `edit`) are equal
    within `dedup_seconds`.
    """

    id: str = field(kw_only=False)
    event: str = "message"
    """A name of the contract (`member.joined`), or `PLATFORM.KIND` beyond these."""
    chat: Chat | None = field(default=None, converter=_chat_of)
    """`None` where an event belongs to the account, not to a room. A text is read as
    `KIND:CHAT`."""
    sender: Sender | None = field(default=None, converter=_sender_of)
    """A text is the id of one of whom no more is known."""
    body: tuple[Segment, ...] = field(default=(), converter=_body_of)
    facts: Mapping[str, object] = field(factory=dict)
    """What the event says beyond a message, such as `{"muted_seconds": 60}`. Which keys there
    are depends on platform and event: the page of each in `docs/reference` lists them."""
    raw: Mapping[str, object] = field(factory=dict, repr=False)
    """The platform's own frame, decoded."""
    edit: int = 0
    """0 for the first version of a message, then counting up."""
    sent_at_utc: float | None = None
    """Seconds since 1970 by the platform's clock."""
    from_self: bool = False
    """Our own account said it. Journalled, never handed to a bot."""
    dedup_seconds: float = DEDUP_SECONDS
    """60 s where the wire has no id and one was derived from the fields."""
    priority: Priority | None = None
    """The platform's word on how urgent it is, where it knows better than the rule of
    `priority_of`. Used when the event is accepted, and not kept in it."""

    @property
    def text(self) -> str:
        """What a person reads of it, without media and mentions."""
        return plain_text(self.body)
