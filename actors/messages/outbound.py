"""What goes out, and what became of it."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from actors.messages.changes import Change
from actors.messages.chats import Chat, ChatAddress
from actors.messages.lives import OutboundState
from actors.messages.segments import Segment


class OutboundKind(StrEnum):
    """Whether somebody waits for it, and so how soon it goes stale."""

    REPLY = "reply"
    """Said in answer to an event: it goes stale after 10 minutes."""
    NOTICE = "notice"
    """Said unasked: it goes stale after 24 hours."""


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
    """What it does to a message that was said; `None`: it says something new."""

    @property
    def chat(self) -> Chat:
        return self.to.chat


@frozen
class Outcome:
    """What became of an outbound message, so far."""

    state: OutboundState
    detail: str = ""
    """How it was degraded, why it was rejected, or why nobody can know; for people."""
    message_id: str = ""
    """The platform's id of what was sent, for replies; of an edit, that of the message."""

    @property
    def unknown(self) -> bool:
        """It may have gone out, and nobody can know."""
        return self.state is OutboundState.UNKNOWN

    @property
    def delivered(self) -> bool:
        """The platform took it, in this form or a simpler one."""
        return self.state in (OutboundState.SENT, OutboundState.DEGRADED)
