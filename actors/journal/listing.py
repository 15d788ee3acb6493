"""What an operator sees of a journal: rows as they stand, and the shelf of dead letters.

Plain values; dates are seconds since 1970. Lists come in pages, and each page begins
where a position says: whatever happens to other rows meanwhile, nothing is shown twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

import msgspec
from attrs import frozen

from actors.messages import (
    Change,
    Chat,
    ChatAddress,
    Inbound,
    InboundState,
    OutboundKind,
    OutboundState,
    Outcome,
    Segment,
)

SHELF_ROWS: Final = 10_000
"""Dead letters on the shelf of a journal, the newest ones."""
OPEN_OUTBOUND: Final = (
    OutboundState.QUEUED,
    OutboundState.SENDING,
    OutboundState.UNKNOWN,
)
"""What is in the outbox when nothing else is asked for."""


class Said(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Something that was to be said, and where it stands."""

    seq: int
    key: str
    to: ChatAddress
    kind: OutboundKind
    outcome: Outcome
    attempt: int
    queued_at: float
    expires_at: float
    settled_at: float | None
    trace: str
    body: tuple[Segment, ...] | None
    """`None` where it is too long for a list, or cannot be read."""
    change: Change | None = None


class Heard(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """An event that came in, and where it stands."""

    seq: int
    platform: str
    account: str
    chat: Chat | None
    state: InboundState
    why: str
    boots: int
    received_at: float
    settled_at: float | None
    trace: str
    event: Inbound | None
    """`None` where it is too long for a list, or cannot be read."""


Letter: TypeAlias = Heard | Said
Kind: TypeAlias = InboundState | OutboundState
"""Both have an `expired`, and the two compare equal: which of them is meant, only its type
says. So kinds do not belong into a set."""

HEARD_RANK: Final = 0
SAID_RANK: Final = 1
"""Rows are numbered by direction, so a dead letter is known by its rank and its number: an
event that came in has the one rank, a message that was to go out the other."""


@frozen(order=True)
class Place:
    """Where a letter stands on the shelf: by when it ended, then by rank and number."""

    at: float
    """Seconds since 1970."""
    rank: int
    """`HEARD_RANK` or `SAID_RANK`. Whoever shows other letters among these ranks them
    higher."""
    seq: int


@frozen
class Sought:
    """Which rows of the outbox are asked for, the oldest first."""

    states: Collection[OutboundState] = OPEN_OUTBOUND
    platform: str | None = None
    account: str | None = None
    after: int = 0
    """Only rows with a higher number."""
    limit: int = 50


def place_of(letter: Letter) -> Place:
    """Return where *letter* stands, which has ended."""
    assert letter.settled_at is not None
    rank = HEARD_RANK if isinstance(letter, Heard) else SAID_RANK
    return Place(letter.settled_at, rank, letter.seq)


def kind_of(letter: Letter) -> Kind:
    return letter.state if isinstance(letter, Heard) else letter.outcome.state


class Inspected(Protocol):
    """What an operator can see of a journal, and do to it. Nothing here has to be quick.

    Every list sees what was committed or noted before it was asked for. Changes are on
    the disk when a call returns. A call may be repeated by somebody who does not know
    whether it arrived.
    """

    async def said(self, sought: Sought) -> Sequence[Said]:
        """Return rows of the outbox, oldest first."""
        ...

    async def said_of(self, key: str) -> Said | None:
        """Return the row of *key*, whole."""
        ...

    async def letters(
        self, kinds: Collection[Kind], before: Place | None, limit: int
    ) -> Sequence[Letter]:
        """Return what is on the shelf, newest first: of these kinds, older than *before*."""
        ...

    async def letter(self, rank: int, seq: int) -> Letter | None:
        """Return the row of that rank and number, whole, on the shelf or not."""
        ...

    async def on_the_shelf(self) -> Mapping[tuple[int, str], int]:
        """Count what is on the shelf, by rank and state."""
        ...

    async def recall(self, key: str) -> OutboundState | None:
        """Return where a row stands, and see to it that it can be moved from there."""
        ...

    async def say_again(self, key: str, expires_at: float) -> bool:
        """Make an unknown row `queued`, before what is younger. False: it is not unknown."""
        ...

    async def hear_again(self, seq: int) -> InboundState | None:
        """Make a dead event `new`, before what is younger; return what it was before.

        Another state than a dead one: nothing was done.
        """
        ...

    async def put_away(self, rank: int, seqs: Sequence[int]) -> list[Kind | None]:
        """Take the rows of these numbers from the shelf; return the state of each.

        `None`: there is no such row. Another state than a dead one: nothing was done to it.
        """
        ...

    async def written(self) -> None:
        """Return once everything until now is where it lasts."""
        ...
