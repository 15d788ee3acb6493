"""What goes out, and what became of it."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from actors.messages.changes import Change
from actors.messages.chats import Chat, ChatAddress
from actors.messages.lives import OutboundState
from actors.messages.segments import Segment


class OutboundKind(StrEnum):
    """How long it is worth saying: a reply 10 minutes, a notice 24 hours."""

    REPLY = "reply"
    NOTICE = "notice"


@frozen(kw_only=True)
class Outbound:
    """One thing to say, or to change in what was said, as it stands in the outbox."""

    key: str
    """Idempotency key, at most 25 characters: the same key is the same message."""
    to: ChatAddress
    body: tuple[Segment, ...]
    """What is said; of an edit, what is said instead; of any other change, nothing."""
    kind: OutboundKind = OutboundKind.REPLY
    trace: str = ""
    change: Change | None = None
    """What it does to a message that stands; `None`: it says something new."""

    @property
    def chat(self) -> Chat:
        return self.to.chat


@frozen
class Outcome:
    """What became of an outbound message. *Unknown* is said honestly.

    `detail` is how it was degraded, why it was rejected, or why nobody can know.
    """

    state: OutboundState
    detail: str = ""
    message_id: str = ""
    """The platform's id of what was sent, for replies; of an edit, that of the message."""

    @property
    def unknown(self) -> bool:
        return self.state is OutboundState.UNKNOWN

    @property
    def delivered(self) -> bool:
        return self.state in (OutboundState.SENT, OutboundState.DEGRADED)
