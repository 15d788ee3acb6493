"""What an actor declares about its mailbox: how much it holds, and what gives way."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import Enum
from typing import ClassVar, Self

from attrs import field, frozen

DEFAULT_CAPACITY = 64
RESERVED_CEILING = 1_000_000
"""The most slots an actor can reserve for watches, timers and children."""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


class OverflowKind(Enum):
    """What happens to a message for which there is no room.

    | kind         | `tell`               | `send`              |
    | ------------ | -------------------- | ------------------- |
    | BACKPRESSURE | raises `MailboxFull` | waits for room      |
    | REJECT       | raises `MailboxFull` | raises `MailboxFull`|
    | DROP_OLDEST  | the oldest gives way | the oldest gives way|
    | DROP_NEWEST  | it is dropped itself | it is dropped itself|
    | CONFLATE     | replaces the one with its key; a new key waits as under BACKPRESSURE | the same |
    """

    BACKPRESSURE = "backpressure"
    REJECT = "reject"
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    CONFLATE = "conflate"


@frozen
class Overflow:
    """A policy; `Overflow.conflate(key)` carries how messages are recognised."""

    kind: OverflowKind
    key: Callable[[object], Hashable] | None = field(default=None)

    @key.validator
    def _goes_with_the_kind(self, _: object, key: object) -> None:
        if callable(key) is not (self.kind is OverflowKind.CONFLATE):
            msg = f"a key must be given to CONFLATE and to no other kind (got {key!r} for {self.kind.name}); use Overflow.conflate(key)"
            raise ValueError(msg)

    BACKPRESSURE: ClassVar[Overflow]
    REJECT: ClassVar[Overflow]
    DROP_OLDEST: ClassVar[Overflow]
    DROP_NEWEST: ClassVar[Overflow]

    @classmethod
    def conflate(cls, key: Callable[[object], Hashable] = type) -> Self:
        """Of the waiting messages with equal *key* only the newest is kept.

        It keeps the place of the one it replaced. The default key is the type of the
        message, which is what wake-ups want. What it raises, the sender gets; mail that
        came before the first start is then a dead letter.
        """
        return cls(OverflowKind.CONFLATE, key)


Overflow.BACKPRESSURE = Overflow(OverflowKind.BACKPRESSURE)
Overflow.REJECT = Overflow(OverflowKind.REJECT)
Overflow.DROP_OLDEST = Overflow(OverflowKind.DROP_OLDEST)
Overflow.DROP_NEWEST = Overflow(OverflowKind.DROP_NEWEST)


@frozen
class Mailbox:
    """The declaration; the lanes themselves belong to the address, not to an incarnation."""

    capacity: int = field(default=DEFAULT_CAPACITY)
    overflow: Overflow = field(default=Overflow.BACKPRESSURE)
    ordered: bool = field(default=False)
    """One lane for everything, first in, first out: what a supervisor needs. Stop
    requests, timers and exits then queue behind the mail instead of overtaking it."""

    @capacity.validator
    def _is_a_count(self, _: object, capacity: int) -> None:
        if not _is_count(capacity):
            msg = (
                f"a mailbox's capacity must be a whole number from 1 (got {capacity!r})"
            )
            raise ValueError(msg)

    @overflow.validator
    def _is_a_policy(self, _: object, overflow: Overflow) -> None:
        if not isinstance(overflow, Overflow):
            msg = f"a mailbox's overflow must be an Overflow, such as Overflow.REJECT (got {overflow!r})"
            raise ValueError(msg)  # noqa: TRY004 - the same error for every wrong declaration

    @ordered.validator
    def _keeps_its_notices(self, _: object, ordered: bool) -> None:
        kind = self.overflow.kind
        if ordered and kind in {OverflowKind.DROP_OLDEST, OverflowKind.CONFLATE}:
            msg = f"an ordered mailbox holds notices, too, so nothing in it may give way: its overflow must be BACKPRESSURE, REJECT or DROP_NEWEST (got {kind.name})"
            raise ValueError(msg)


class PoisonKind(Enum):
    DROP = "drop"
    RETRY = "retry"


@frozen
class Poison:
    """What becomes of the message in hand at a crash. The rest of the queue stays."""

    kind: PoisonKind
    retries: int = 0

    DROP: ClassVar[Poison]

    @classmethod
    def retry(cls, n: int) -> Self:
        """Hand it to the next incarnation first, *n* times at most; then quarantine it."""
        if not _is_count(n):
            msg = (
                f"a poison policy must retry at least once (got {n!r}); use Poison.DROP"
            )
            raise ValueError(msg)
        return cls(PoisonKind.RETRY, n)


Poison.DROP = Poison(PoisonKind.DROP)
