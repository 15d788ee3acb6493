"""What the index of what goes out is made of: limits and records."""

from __future__ import annotations

from math import inf

from attrs import frozen

from actors.journal.content import Content
from actors.journal.overflow import GIVES_WAY, GivesWay
from actors.journal.pacing import ChatKey
from actors.journal.sizes import size_of_body
from actors.journal.values import Claim
from actors.journal.waiting import QUEUED, OutgoingAccount
from actors.messages import Outbound, OutboundKind, OutboundState, Outcome

MIB = 1024 * 1024


@frozen(kw_only=True)
class OutgoingLimits:
    """How much is kept of what is to be said, and of what was."""

    queued: int = 10_000
    """Rows of one account that wait. A row that the platform refused for now comes back
    even if there are so many."""
    queued_bytes: int = 64 * MIB
    """The same by size, with what is on its way; the first row always fits."""
    gives_way: GivesWay = GIVES_WAY
    """Who goes when there is no room."""
    flying_bytes: int = 8 * MIB
    """The size of what is on its way at the same time, for one account; the first row
    always may."""
    settled: int = 10_000
    """Settled rows kept, without their bodies, to recognise a repeated key."""
    unknown: int = 10_000
    """Rows of which nobody knows."""
    unknown_bytes: int = 64 * MIB
    """The same, by the size of the bodies in memory."""
    bodies: float = inf
    """Bodies in memory, of all accounts. Only to be limited where there is a file to fetch
    the others from."""
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
        "withdrawn",
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
        """When it is not worth saying any more, monotonic seconds. One that is withdrawn
        when it may have left expires at once: it is not repeated then."""
        self.withdrawn = ""
        """Why it is not to be said, if it comes back from its way."""
        self.outcome = QUEUED
        self.claim: Claim | None = None
        self.content: Content = b""
        """What tells its body from another one; empty while the body itself is here."""
        self.size = size or size_of_body(out.body)
        self.attempt = 0
        self.tried_at: float | None = None
        """When it left first, of the attempts that may have gone out: from then on counts
        for how long a platform recognises its key."""
        self.doubts = 0
        """Attempts of which nobody knows what became."""
        self.waits = True
        """It is in a queue, or will be put there."""
        self.later_at: float | None = None
        """When it is tried again, while its chat goes on without it."""
        self.lean = False
        """Its body is in the file only: `out` is here without it."""
        self.ended_at = 0.0
        """When nothing more could become of it, seconds since 1970; kept in memory only."""
        self.closed = False
        """Nothing more will become of it."""

    @property
    def spent(self) -> Outcome:
        """What became of it, once it is too late to say it."""
        if self.withdrawn:
            return Outcome(OutboundState.CANCELLED, self.withdrawn)
        lived = self.expires_at - self.queued_at
        return Outcome(OutboundState.EXPIRED, f"could not be said within {lived:g} s")

    @property
    def held_bytes(self) -> int:
        """How much of it is in memory."""
        return 0 if self.lean else self.size
