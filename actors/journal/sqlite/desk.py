"""What an operator sees of a journal in a file, and does to it; see `listing.Inspected`.

Lists are read on a connection of their own, once everything that was noted until then is
written down. What is done to a row goes through the index if the row is there, and through
the file first if it must be on the disk before anybody acts on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

from actors.journal.listing import Kind, Letter, Place, Said, Sought
from actors.journal.slot import Slot
from actors.journal.sqlite import listing
from actors.journal.sqlite.again import PutAway, Renew, Renewed
from actors.journal.sqlite.departures import Departures
from actors.journal.sqlite.handouts import Handouts
from actors.journal.sqlite.pump import Pump
from actors.journal.sqlite.store import Store
from actors.journal.sqlite.thread import Run
from actors.messages import InboundState, OutboundState, Outcome

T = TypeVar("T")


class FileDesk:
    """The operator's half of a `FileJournal`."""

    def __init__(
        self,
        store: Store,
        pump: Pump,
        reading: Run,
        handouts: Handouts,
        departures: Departures,
    ) -> None:
        self._store = store
        self._pump = pump
        self._reading = reading
        self._handouts = handouts
        self._departures = departures

    # --- looking -----------------------------------------------------------------------

    async def said(self, sought: Sought) -> list[Said]:
        """Return rows of the outbox, oldest first."""
        return await self._look(partial(listing.said, sought=sought))

    async def said_of(self, key: str) -> Said | None:
        """Return the row of *key*, whole."""
        return await self._look(partial(listing.said_of, key=key))

    async def find_outcome(self, key: str) -> Outcome | None:
        """Where the row of this key stands, however long ago that was asked for."""
        await self._departures.written(key)
        known = self._departures.outgoing.outcome_of(key)
        if known is None and (row := await self.said_of(key)) is not None:
            known = row.outcome
        return known

    async def letters(
        self, kinds: Collection[Kind], before: Place | None, limit: int
    ) -> list[Letter]:
        """Return what is on the shelf, newest first, of these kinds and behind *before*."""
        look = partial(listing.letters, kinds=kinds, before=before, limit=limit)
        return await self._look(look)

    async def letter(self, rank: int, seq: int) -> Letter | None:
        """Return a row, whole, whether it is on the shelf or not."""
        return await self._look(partial(listing.letter, rank=rank, seq=seq))

    async def on_the_shelf(self) -> dict[tuple[int, str], int]:
        """Count what is on the shelf, by rank and state."""
        return await self._look(listing.on_the_shelf)

    # --- moving ------------------------------------------------------------------------

    async def recall(self, key: str) -> OutboundState | None:
        """Return where a row stands; one that is unknown can be moved then."""
        await self._pump.ready()
        return await self._departures.recall(key)

    async def say_again(self, key: str, expires_at: float) -> bool:
        """Make an unknown row `queued`, before what is younger."""
        return await self._departures.say_again(key, expires_at)

    async def hear_again(self, seq: int) -> InboundState | None:
        """Make a dead event `new`, before what is younger; return what it was before."""
        await self._pump.ready()
        await self.written()  # how it ended may only be noted yet
        slot: Slot[object] = Slot()
        renew = Renew(seq, self._handouts.now)
        self._pump.submit(renew, partial(self._renewed, seq, slot))
        answer = await slot.wait()
        if isinstance(answer, Renewed):
            return InboundState(answer.before)
        return InboundState(str(answer)) if answer is not None else None

    async def put_away(self, rank: int, seqs: Sequence[int]) -> list[Kind | None]:
        """Take rows from the shelf; return the state of each."""
        await self._pump.ready()
        await self.written()
        answer = await self._pump.ask(PutAway(rank, seqs))
        assert isinstance(answer, list)
        return answer

    async def written(self) -> None:
        """Return once everything until now is committed."""
        await self._pump.settled()

    # --- inside ------------------------------------------------------------------------

    def _renewed(self, seq: int, slot: Slot[object], answer: object) -> None:
        """Put an event that is new again into the index, even if whoever asked has left."""
        if isinstance(answer, Renewed):
            self._handouts.hear_again(seq, answer)
        slot.fill(answer)

    async def _look(self, question: Callable[[sqlite3.Connection], T]) -> T:
        if self._pump.health.state == "open":
            await self.written()
        return await self._reading(lambda: self._store.look(question))
