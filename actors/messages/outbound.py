"""What goes out, and what became of it."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from actors.messages.chats import Chat, ChatAddress
from actors.messages.lives import OutboundState
from actors.messages.segments import Segment


class OutboundKind(StrEnum):
    """How long it is worth saying: a reply 10 minutes, a notice 24 hours."""

    REPLY = "reply"
    NOTICE = "notice"


@frozen(kw_only=True)
class Outbound:
    """One thing to say, as it stands in the outbox."""

    key: str
    """Idempotency key, at most 25 characters: the same key is the same message."""
    to: ChatAddress
    body: tuple[Segment, ...]
    kind: OutboundKind = OutboundKind.REPLY
    trace: str = ""

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
    """The platform's id of what was sent, for replies, edits and recalls."""

    @property
    def unknown(self) -> bool:
        return self.state is OutboundState.UNKNOWN

    @property
    def delivered(self) -> bool:
        return self.state in (OutboundState.SENT, OutboundState.DEGRADED)
