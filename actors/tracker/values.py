"""What the tracker's index holds and answers.

The records are msgspec structs that the garbage collector does not look at (`gc=False`):
there may be a hundred thousand of them, and none is ever part of a reference cycle.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from attrs import frozen

from actors.messages import ChatAddress, Outcome


class Pending(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A delivery that nobody has answered yet."""

    key: str
    to: ChatAddress
    expires_at: float
    ttl: float
    generation: int

    @property
    def begun_at(self) -> float:
        return self.expires_at - self.ttl


class Final(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A delivery with an outcome. Kept for a while, so that a late answer finds it."""

    key: str
    to: ChatAddress
    outcome: Outcome
    settled_at: float
    timed_out: bool
    generation: int


class Verdict(StrEnum):
    """What an answer is that came for a key."""

    MATCHED = "matched"
    """It was waited for."""
    LATE = "late"
    """We had given up, and the outcome was unknown; now it is known."""
    DUPLICATE = "duplicate"
    """There is an outcome already. The first one stands."""
    UNMATCHED = "unmatched"
    """Nothing of that key is known (any more)."""


@frozen
class Ambiguous:
    """Several messages bear this id; the account or the chat tells them apart."""

    message_id: str
    matches: tuple[Final, ...]


@frozen
class TrackerFull(Exception):
    """So many deliveries wait for an answer that one more is refused."""

    capacity: int

    def __str__(self) -> str:
        return f"{self.capacity} deliveries wait for their answer already"


@frozen
class TrackerCounts:
    """What an operator sees of the tracker: depths now, and counts since the start."""

    pending: int
    """Messages that wait for their outcome."""
    final: int
    """Outcomes that are kept."""
    oldest_pending_at: float | None
    """Since when the oldest one waits, monotonic seconds."""
    refused: int
    """Messages that are not waited for, because too many were already."""
    timed_out: int
    verdicts: dict[str, int]
    """Answers, by `Verdict`."""
