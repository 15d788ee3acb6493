"""What the outbound half of a journal counts with: limits, rows, accounts."""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import TypeAlias

from attrs import frozen

from actors.journal.content import Content
from actors.journal.stale import Shelf
from actors.journal.values import Claim
from actors.lanes import KeyedQueue
from actors.messages import Outbound, OutboundKind, OutboundState, Outcome

QUEUED = Outcome(OutboundState.QUEUED)


class Victim(Enum):
    """Who gives way when an account's outbox is full. Exactly one, and it is told."""

    OLDEST = "drop_oldest"
    NEWEST = "drop_newest"


@frozen(kw_only=True)
class OutgoingLimits:
    """How much is kept of what is to be said, and of what was."""

    queued: int = 10_000
    """Rows that wait, per account."""
    victim: Victim = Victim.OLDEST
    settled: int = 10_000
    """Settled rows kept, without their bodies, to recognise a repeated key."""
    unknown: int = 10_000
    """Rows of which nobody knows."""
    bodies: float = inf
    """Bodies in memory, of all accounts; only where there is a file to fetch the others
    from."""


ChatKey: TypeAlias = tuple[str, str]
"""Kind and id: a plain tuple is a cheaper key than the value it stands for."""


class OutgoingRecord:
    """One thing to say and where it stands."""

    __slots__ = (
        "account",
        "attempt",
        "chat",
        "claim",
        "closed",
        "content",
        "expires_at",
        "key",
        "kind",
        "lean",
        "out",
        "outcome",
        "queued_at",
        "seq",
    )

    def __init__(
        self,
        seq: int,
        out: Outbound,
        account: OutgoingAccount,
        now: float,
        expires_at: float,
    ) -> None:
        self.seq = seq
        self.key = out.key
        self.kind: OutboundKind = out.kind
        self.out: Outbound | None = out
        self.account = account
        chat = out.to.chat
        self.chat: ChatKey = (chat.kind, chat.id)
        self.queued_at = now
        self.expires_at = expires_at
        self.outcome = QUEUED
        self.claim: Claim | None = None
        self.content: Content = b""
        """What tells its body from another one; empty while the body itself is here."""
        self.attempt = 0
        self.lean = False
        """Its body is in the file only."""
        self.closed = False
        """Nothing more will become of it."""


class OutgoingAccount:
    """What waits to be said through one account of ours."""

    __slots__ = ("delayed", "next_delay", "queue", "shelf")

    def __init__(self) -> None:
        self.queue: KeyedQueue[ChatKey, OutgoingRecord] = KeyedQueue()
        self.shelf: Shelf[OutgoingRecord] = Shelf()
        self.delayed: dict[ChatKey, float] = {}
        self.next_delay = inf

    def end_delays(self, now: float) -> None:
        """Let the chats go on whose time has come."""
        for chat, until in list(self.delayed.items()):
            if until <= now:
                del self.delayed[chat]
                self.queue.free(chat)
        self.next_delay = min(self.delayed.values(), default=inf)
