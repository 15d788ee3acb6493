"""What is accepted, handed out and settled: the index of what came in, and its file.

The index knows every open row. The content is in memory only for rows in somebody's hand,
and for some more; the others are read from the file when their turn has come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
import trio
from attrs import evolve

from actors.journal.again import RepairableInbox
from actors.journal.backlog import InboxLimits, InboxRecord
from actors.journal.crowds import Crowds
from actors.journal.sqlite.again import Renewed
from actors.journal.sqlite.calendar import Calendar
from actors.journal.sqlite.codec import Unreadable, clean
from actors.journal.sqlite.effects import (
    Effect,
    bury_inbound,
    claim_inbound,
    settle_inbound,
)
from actors.journal.sqlite.loading import Loaded, OpenRows
from actors.journal.sqlite.pump import Pump
from actors.journal.sqlite.questions import Fetch, Fetched
from actors.journal.sqlite.rows import inbound_row
from actors.journal.values import Appended, Claim, InboundRow
from actors.messages import DEAD_INBOUND, FINAL_INBOUND, InboundState, Priority

WAITING_ROWS = 1_000
"""Rows in memory that nobody has claimed. Those in hand are bounded by the router."""
_RESTORED_AT_ONCE = 500
_NEW = InboundState.NEW.value

log = structlog.get_logger()


def _nobody() -> None:
    """Ignore that there is something to hand out: nobody listens yet."""


class Handouts:
    """Hands out and settles what came in."""

    def __init__(self, pump: Pump, calendar: Calendar, limits: InboxLimits) -> None:
        self.inbox = RepairableInbox(
            evolve(limits, waiting=min(limits.waiting, WAITING_ROWS), settled=0),
            note=self._note,
        )
        self.crowds: Crowds[Appended | None] = Crowds(self.inbox.fits)
        """Who waits for room: whoever makes some lets them in."""
        self._pump = pump
        self._calendar = calendar
        self._changed: dict[int, InboxRecord] = {}
        self._left: list[InboxRecord] = []
        self._ring: Callable[[], None] = _nobody
        self._rung = False
        self._hungry = False

    async def claim(self, claim: Claim, limit: int) -> list[InboundRow]:
        if self._pump.stalled or not self._pump.opened.is_set():
            self._hungry = True  # no handler begins whose reply could not be kept
            self._rung = False
            return []
        records = self.inbox.claim(claim, limit)
        if len(records) < limit:
            self._rung = False
        cold = [record for record in records if record.row is None]
        if cold:
            # Their claims are committed with it: a row that ends the process is counted.
            await self._fetch(cold)
        rows = [
            record.row
            for record in records
            if record.row is not None and record.claim == claim
        ]
        if len(rows) < limit <= len(records):
            # Some were lost. Who gets fewer than they asked for does not come back.
            self._rung = False
            self.tell()
        return rows

    async def _fetch(self, records: list[InboxRecord]) -> None:
        found = await self._pump.ask(Fetch([record.seq for record in records]))
        assert isinstance(found, dict)
        for record in records:
            try:
                row = found.get(record.seq)
                if row is None:
                    raise Unreadable("it is gone from the file")  # noqa: EM101, TRY301
                self._fill(record, row)
            except Unreadable as error:
                log.warning("journal.row_lost", row=record.seq, why=str(error))
                if record.claim is not None:
                    self.settle(
                        record.claim, record.seq, InboundState.FAILED, str(error)
                    )

    def _fill(self, record: InboxRecord, row: Fetched) -> None:
        record.size = row.size
        record.boots = max(record.boots, row.boots)
        record.row = inbound_row(
            row, self._calendar.past(row.received_at), record.boots
        )

    def settle(self, claim: Claim, seq: int, state: InboundState, why: str) -> bool:
        settled = self.inbox.settle(claim, seq, state, why)
        if settled:
            if self.crowds:
                self.crowds.admit()
            self.tell()
        return settled

    def set_aside(self, claim: Claim, seq: int, *, begun: bool) -> bool:
        aside = self.inbox.set_aside(claim, seq, begun=begun)
        self.tell()
        return aside

    def release(self, claim: Claim) -> None:
        self.inbox.release(claim)
        if self.crowds:
            self.crowds.admit()

    def leave(self) -> None:
        """Write down that nobody holds a claim any more; in memory the claims stand.

        So the next process begins with them at once, and whoever settles one until then may.
        """
        self._left = self.inbox.in_hand()
        self._pump.note()

    def hear_again(self, seq: int, row: Renewed) -> None:
        """Let an event wait again that is new in the file."""
        owner = self.inbox.account(row.platform, row.account)
        self.inbox.hear_again(
            owner,
            (row.chat_kind, row.chat),
            seq,
            row.size,
            None,
            priority=Priority(row.priority),
        )
        self.tell()

    @property
    def now(self) -> float:
        """What is written down as the date of this moment."""
        return self._calendar.wall()

    def listen(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._rung = False

    def recovered(self) -> None:
        """Ring because the file is in order again: claims were refused until now.

        While it is still being opened there is nothing to hand out yet.
        """
        if self._hungry and self._pump.opened.is_set():
            self._hungry = False
            self.tell()

    def tell(self) -> None:
        """Ring if there is something to hand out and nobody knows yet."""
        if not self._rung and self.inbox.ready:
            self._rung = True
            self._ring()

    # --- the file ------------------------------------------------------------------------

    def _note(self, record: InboxRecord) -> None:
        self._changed[record.seq] = record
        self._pump.note()

    def changes(self) -> list[Effect]:
        """Return where the rows stand that have moved since the last time."""
        if not (self._changed or self._left):
            return []
        now = self._calendar.wall()
        claimed: list[tuple[object, ...]] = []
        others: list[tuple[object, ...]] = []
        dead: list[tuple[object, ...]] = []
        for record in self._left:
            # Claimed in this very batch or before, and settled in none.
            if record.state is InboundState.CLAIMED:
                self._changed.pop(record.seq, None)
                others.append((_NEW, "", record.boots, None, record.seq))
        self._left = []
        for record in self._changed.values():
            state = record.state
            if state is InboundState.CLAIMED:
                claimed.append((record.boots, record.seq))
                continue
            at = now if state in FINAL_INBOUND else None
            why = clean(record.why) if record.why else ""
            rows = dead if state in DEAD_INBOUND else others
            # `_value_`: `value` of an enum is a call, and this is for every event.
            rows.append((state._value_, why, record.boots, at, record.seq))
        self._changed.clear()
        effects: list[Effect] = []
        if claimed:
            effects.append(claim_inbound(claimed))
        if others:
            effects.append(settle_inbound(others))
        if dead:
            effects.append(bury_inbound(dead))
        return effects

    async def restore(
        self, loaded: Loaded, read: Callable[[int], Awaitable[OpenRows]]
    ) -> None:
        """Take over what is open in the file, a page and then a bit of it at a time.

        Args:
            loaded: What is known of the file.
            read: Returns the first rows behind a number, none at the end.
        """
        inbox = self.inbox
        for platform, account, cursor in loaded.cursors:
            owner = inbox.account(platform, account)
            owner.cursor = cursor
            if not account:
                owner.backlog.cursor = cursor
        last = 0
        while rows := await read(last):
            last = rows[-1][0]
            now, since = self._calendar.clock(), self._calendar.date(0.0)
            for index, row in enumerate(rows):
                seq, platform, account, kind, chat, size, boots, priority, date = row
                owner = inbox.account(platform, account)
                inbox.restore(
                    owner,
                    (kind, chat),
                    seq,
                    size,
                    boots,
                    priority=Priority(priority),
                    received_at=min(now, date - since),
                )
                if not index % _RESTORED_AT_ONCE:
                    await trio.lowlevel.checkpoint()
