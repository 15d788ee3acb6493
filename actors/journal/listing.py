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
"""`expired` is both, and the two are equal: which is meant, its type says. Not for sets."""


@frozen(order=True)
class Place:
    """Where a letter stands on the shelf: by when it ended."""

    at: float
    rank: int
    """0 came in, 1 was to go out; what has none of ours stands behind."""
    seq: int


@frozen
class Sought:
    """Which rows of the outbox are meant, from the oldest on."""

    states: Collection[OutboundState] = OPEN_OUTBOUND
    platform: str | None = None
    account: str | None = None
    after: int = 0
    """Only rows with a higher number."""
    limit: int = 50


def place_of(letter: Letter) -> Place:
    """Return where *letter* stands, which has ended."""
    assert letter.settled_at is not None
    rank = 0 if isinstance(letter, Heard) else 1
    return Place(letter.settled_at, rank, letter.seq)


def kind_of(letter: Letter) -> Kind:
    return letter.state if isinstance(letter, Heard) else letter.outcome.state


class Inspected(Protocol):
    """What an operator can see of a journal, and do to it. Nothing here is in a hurry.

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
        """Return what is on the shelf, newest first, of these kinds and behind *before*."""
        ...

    async def letter(self, rank: int, seq: int) -> Letter | None:
        """Return a row, whole, whether it is on the shelf or not."""
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
        """Take rows from the shelf; return the state of each, `None` where there is none.

        Another state than a dead one: nothing was done to that row.
        """
        ...

    async def written(self) -> None:
        """Return once everything until now is where it lasts."""
        ...
