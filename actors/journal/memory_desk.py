"""What an operator sees of a journal in memory, and does to it; see `listing.Inspected`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from heapq import nlargest
from typing import Final

import trio
from attrs import define, evolve
from msgspec.structs import replace

from actors.journal.again import RepairableInbox, RepairableOutgoing
from actors.journal.backlog import InboxLimits, InboxRecord
from actors.journal.listing import (
    SHELF_ROWS,
    Heard,
    Kind,
    Letter,
    Place,
    Said,
    Sought,
    kind_of,
    place_of,
)
from actors.journal.sayings import OutgoingLimits, OutgoingRecord
from actors.journal.sizes import size_of_body
from actors.journal.sqlite.calendar import Calendar
from actors.journal.values import AccountKey
from actors.messages import (
    DEAD_INBOUND,
    DEAD_OUTBOUND,
    InboundState,
    Outbound,
    OutboundState,
    check_inbound,
)

SHELF_BYTES: Final = 64 * 1024 * 1024
"""What is on the shelf takes no more than this."""
_AT_ONCE: Final = 2_000


class RememberingOutgoing(RepairableOutgoing):
    """Tells of every row that ends while its body is here, and keeps where it was to go."""

    def __init__(
        self,
        limits: OutgoingLimits | None,
        ended: Callable[[OutgoingRecord, Outbound], None],
    ) -> None:
        super().__init__(limits)
        self._ended = ended

    def _close(self, record: OutgoingRecord) -> None:
        out = record.out
        super()._close(record)
        assert out is not None
        # What has only a digest left is big; the others stand for themselves.
        big = isinstance(record.content, bytes)
        record.out = evolve(out, body=()) if big else out
        self._ended(record, out)

    def records(self) -> list[OutgoingRecord]:
        """Return every row that is remembered, oldest first."""
        return list(self._by_key.values())


@define(eq=False)
class _Shelved:
    letter: Letter
    size: int
    record: InboxRecord | None = None
    away: bool = False
    """An operator has dealt with it; known for a while, in case they ask again."""


class MemoryDesk:
    """The operator's half of a `MemoryJournal`, and the two halves of its rows."""

    def __init__(
        self,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        inbox: InboxLimits | None,
        outbox: OutgoingLimits | None,
    ) -> None:
        self._calendar = Calendar(clock, wall_clock)
        self._inbox = RepairableInbox(inbox, self._moved)
        self._said = RememberingOutgoing(outbox, self._ended)
        # By rank and number, in the order in which they ended.
        self._shelf: dict[tuple[int, int], _Shelved] = {}
        self._shelf_bytes = 0

    # --- looking -----------------------------------------------------------------------

    async def said(self, sought: Sought) -> list[Said]:
        """Return rows of the outbox, oldest first."""
        found: list[Said] = []
        for index, record in enumerate(self._said.records()):
            if index % _AT_ONCE == _AT_ONCE - 1:
                await trio.lowlevel.checkpoint()
            out = record.out
            if (
                out is not None
                and record.seq > sought.after
                and record.outcome.state in sought.states
                and sought.platform in (None, out.to.platform)
                and sought.account in (None, out.to.account)
            ):
                found.append(self._row(record, out))
                if len(found) == sought.limit:
                    break
        return found

    async def said_of(self, key: str) -> Said | None:
        """Return the row of *key*, whole."""
        record = self._said.find(key)
        if record is None or record.out is None:
            return None
        return self._row(record, record.out)

    async def letters(
        self, kinds: Collection[Kind], before: Place | None, limit: int
    ) -> list[Letter]:
        """Return what is on the shelf, newest first, of these kinds and behind *before*."""
        sought = [
            shelved.letter
            for shelved in self._shelf.values()
            if not shelved.away and _is_among(shelved.letter, kinds)
        ]
        await trio.lowlevel.checkpoint()
        if before is not None:
            sought = [letter for letter in sought if place_of(letter) < before]
        return nlargest(limit, sought, key=place_of)

    async def letter(self, rank: int, seq: int) -> Letter | None:
        """Return a row that is or was on the shelf."""
        found = self._shelf.get((rank, seq))
        return None if found is None else found.letter

    async def on_the_shelf(self) -> dict[tuple[int, str], int]:
        """Count what is on the shelf, by rank and state."""
        return Counter(
            (rank, kind_of(shelved.letter).value)
            for (rank, _), shelved in self._shelf.items()
            if not shelved.away
        )

    # --- moving ------------------------------------------------------------------------

    async def recall(self, key: str) -> OutboundState | None:
        """Return where a row stands."""
        record = self._said.find(key)
        return None if record is None else record.outcome.state

    async def say_again(self, key: str, expires_at: float) -> bool:
        """Make an unknown row `queued`, before what is younger."""
        if self._said.unknown(key) is None:
            return False
        out, ready = self._said.say_again(key, expires_at)
        if ready:
            self._tell_outbound((out.to.platform, out.to.account))
        return True

    async def hear_again(self, seq: int) -> InboundState | None:
        """Make a dead event `new`, before what is younger; return what it was before."""
        shelved = self._shelf.get((0, seq))
        if shelved is None:
            known = self._inbox.state_of(seq)
            return None if known is None else known[0]
        letter, record = shelved.letter, shelved.record
        assert isinstance(letter, Heard)
        assert record is not None
        assert record.row is not None
        check_inbound(letter.state, InboundState.NEW)
        self._forget((0, seq))
        row = replace(record.row, boots=0, received_at=self._calendar.clock())
        self._inbox.hear_again(
            self._inbox.account(row.platform, row.account),
            record.chat[1:],
            seq,
            record.size,
            row,
            priority=record.priority,
        )
        self._tell_inbound()
        return letter.state

    async def put_away(self, rank: int, seqs: Sequence[int]) -> list[Kind | None]:
        """Take rows from the shelf; return the state of each."""
        states: list[Kind | None] = []
        for seq in seqs:
            found = self._shelf.get((rank, seq))
            if found is not None:
                found.away = True
            states.append(None if found is None else kind_of(found.letter))
        return states

    async def written(self) -> None:
        """Return at once: it lasts as long as the process."""

    # --- inside ------------------------------------------------------------------------

    def _tell_inbound(self) -> None:
        """Tell whoever claims what came in that there is something to claim."""
        raise NotImplementedError

    def _tell_outbound(self, account: AccountKey) -> None:
        """Tell the sender that there is something to say."""
        raise NotImplementedError

    def _moved(self, record: InboxRecord) -> None:
        row = record.row
        if record.state not in DEAD_INBOUND or row is None:
            return
        letter = Heard(
            seq=row.seq,
            platform=row.platform,
            account=row.account,
            chat=row.event.chat,
            state=record.state,
            why=record.why,
            boots=record.boots,
            received_at=self._calendar.date(row.received_at),
            settled_at=self._calendar.wall(),
            trace=row.trace,
            event=row.event,
        )
        self._put((0, row.seq), _Shelved(letter, record.size, record))

    def _ended(self, record: OutgoingRecord, out: Outbound) -> None:
        record.ended_at = self._calendar.wall()
        if record.outcome.state in DEAD_OUTBOUND:
            letter = self._row(record, out)
            self._put((1, record.seq), _Shelved(letter, size_of_body(out.body)))

    def _row(self, record: OutgoingRecord, out: Outbound) -> Said:
        return Said(
            seq=record.seq,
            key=out.key,
            to=out.to,
            kind=out.kind,
            outcome=record.outcome,
            attempt=record.attempt,
            queued_at=self._calendar.date(record.queued_at),
            expires_at=self._calendar.date(record.expires_at),
            settled_at=record.ended_at if record.closed else None,
            trace=out.trace,
            body=out.body,
            change=out.change,
        )

    def _put(self, place: tuple[int, int], shelved: _Shelved) -> None:
        self._shelf[place] = shelved
        self._shelf_bytes += shelved.size
        while len(self._shelf) > SHELF_ROWS or self._shelf_bytes > SHELF_BYTES:
            self._forget(next(iter(self._shelf)))

    def _forget(self, place: tuple[int, int]) -> None:
        self._shelf_bytes -= self._shelf.pop(place).size


def _is_among(letter: Letter, kinds: Collection[Kind]) -> bool:
    """Compare types, too: `expired` is a state of both."""
    mine = kind_of(letter)
    return any(mine is kind for kind in kinds)
