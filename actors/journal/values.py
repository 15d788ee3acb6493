"""What goes into the journal and what comes back out of it.

Rows are msgspec structs, not attrs classes: several are made for every message, and
one of these costs a seventh of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from attrs import frozen

from actors.messages import (
    ChatAddress,
    Inbound,
    Outbound,
    OutboundKind,
    Outcome,
    Priority,
)

AccountKey: TypeAlias = tuple[str, str]
"""(platform id, account): one login of ours."""
Rank: TypeAlias = Callable[[str, str, Inbound], Priority]
"""Says how urgent an event of (platform id, account) is. Plain, quick, never raises."""


@frozen
class Claim:
    """Who takes rows, and in which of its lives.

    A newer incarnation under the same name makes every older claim stale: it can no
    longer settle anything.
    """

    name: str
    incarnation: int


class Arrived(msgspec.Struct, frozen=True, eq=False):
    """One event on its way into the journal."""

    event: Inbound
    trace: str
    cursor: str | None = None
    """Up to where the account is journalled once this event is."""


class Appended(msgspec.Struct, frozen=True):
    """The answer to `append`."""

    row: int
    """The number of the event's row; 0 if it was refused."""
    duplicate: bool
    """It was accepted before, and may be acknowledged again."""
    refused: str = ""
    """Why it can never be written down; empty if it was."""


class InboundRow(msgspec.Struct, frozen=True, eq=False):
    """One accepted event in the hand of whoever claimed it."""

    seq: int
    platform: str
    account: str
    event: Inbound
    trace: str
    received_at: float
    """Monotonic seconds, by the journal's clock."""
    boots: int = 0
    """How many claimers have died with this row in hand."""
    priority: Priority = Priority.NORMAL


class OutboundRow(msgspec.Struct, frozen=True, eq=False):
    """One thing to say, committed as `sending` before it was handed out."""

    seq: int
    out: Outbound
    queued_at: float
    expires_at: float
    attempt: int = 1
    doubts: int = 0
    """Earlier attempts of which nobody knows what became. Above 0, this one is made because
    the platform recognises the key, and does not say it twice."""


HandedOut: TypeAlias = Callable[[list[OutboundRow]], None]
"""Called with the rows that may leave now: fewer than were picked, where some have meanwhile
gone stale, say."""


class Queued(msgspec.Struct, frozen=True):
    """The answer to `enqueue`."""

    seq: int
    fresh: bool
    """False: this key is known; nothing was written."""
    same: bool
    """False: the key is known with another content. The first one stands."""
    outcome: Outcome
    """Where the row stands: `queued` for a fresh one."""


class Expired(msgspec.Struct, frozen=True, eq=False):
    """A row that left the outbox unsaid: it went stale, or overflow took it."""

    seq: int
    out: Outbound
    outcome: Outcome


class Recalled(msgspec.Struct, frozen=True, eq=False):
    """A row of the outbox that an earlier process left, without its body."""

    key: str
    to: ChatAddress
    kind: OutboundKind
    outcome: Outcome
    at: float
    """Monotonic seconds: when it was queued, or settled."""


class JournalCounts(msgspec.Struct, frozen=True):
    """What an operator sees of a journal. Counts since it was opened, and depths now."""

    accepted: int
    """Events, without duplicates."""
    duplicates: int
    evicted_marks: int
    """Dedup marks that had to go before their time."""
    waiting: int
    """`append` calls that wait for room right now."""
    new: int
    claimed: int
    parked: int
    ended: dict[str, int]
    """Settled events, by how they ended."""
    queued: int
    sending: int
    unknown: int
    dropped: int
    """Messages that gave way when an outbox was full."""
    stale_settles: int
    """Settles by somebody whose claim was no longer valid."""


@frozen
class JournalHealth:
    """How the journal is."""

    state: str
    """`opening`, `open` or `stalled`."""
    kind: str = ""
    """What sort of trouble there is, for programs."""
    why: str = ""
    """The same for people, and what they may do."""


@frozen
class RowRefused(Exception):
    """Raised for one row that cannot be written down; the file is well."""

    why: str

    def __str__(self) -> str:
        return f"the journal cannot keep this row: {self.why}"
