"""What the outbound half of a journal counts with: limits and rows."""

from __future__ import annotations

from math import inf

from attrs import frozen

from actors.journal.content import Content
from actors.journal.overflow import GIVES_WAY, GivesWay
from actors.journal.pacing import ChatKey
from actors.journal.sizes import size_of_body
from actors.journal.values import Claim
from actors.journal.waiting import QUEUED, OutgoingAccount
from actors.messages import Outbound, OutboundKind

MIB = 1024 * 1024


@frozen(kw_only=True)
class OutgoingLimits:
    """How much is kept of what is to be said, and of what was."""

    queued: int = 10_000
    """Rows that wait, per account; what comes back from the wire waits beyond them."""
    queued_bytes: int = 64 * MIB
    """The same by size, with what is on its way; the first one always fits."""
    gives_way: GivesWay = GIVES_WAY
    """Who goes when there is no room."""
    flying_bytes: int = 8 * MIB
    """Of one account on its way at the same time; the first one always may."""
    settled: int = 10_000
    """Settled rows kept, without their bodies, to recognise a repeated key."""
    unknown: int = 10_000
    """Rows of which nobody knows."""
    unknown_bytes: int = 64 * MIB
    """The same, by the size of the bodies in memory."""
    bodies: float = inf
    """Bodies in memory, of all accounts; only where there is a file to fetch the others
    from."""
    bodies_bytes: float = inf
    """The same, by size."""


class OutgoingRecord:
    """One thing to say and where it stands."""

    __slots__ = (
        "account",
        "attempt",
        "chat",
        "claim",
        "closed",
        "content",
        "doubts",
        "ended_at",
        "expires_at",
        "key",
        "kind",
        "later_at",
        "lean",
        "out",
        "outcome",
        "queued_at",
        "seq",
        "size",
        "tried_at",
        "waits",
    )

    def __init__(
        self,
        seq: int,
        out: Outbound,
        account: OutgoingAccount,
        now: float,
        expires_at: float,
        *,
        size: int = 0,
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
        """When it is not worth saying any more; at once, where it was withdrawn too late."""
        self.outcome = QUEUED
        self.claim: Claim | None = None
        self.content: Content = b""
        """What tells its body from another one; empty while the body itself is here."""
        self.size = size or size_of_body(out.body)
        self.attempt = 0
        self.tried_at: float | None = None
        """When it left first, if that may have gone out; a platform counts from there."""
        self.doubts = 0
        """Attempts of which nobody knows what became."""
        self.waits = True
        """It is in a queue, or will be put there."""
        self.later_at: float | None = None
        self.lean = False
        """Its body is in the file only."""
        self.ended_at = 0.0
        """When nothing more could become of it, seconds since 1970; kept in memory only."""
        self.closed = False
        """Nothing more will become of it."""

    @property
    def held_bytes(self) -> int:
        """How much of it is in memory."""
        return 0 if self.lean else self.size
