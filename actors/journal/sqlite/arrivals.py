"""The inbound half: what came in is in the file first, then in the index, then told.

The index knows every open row; their content is in memory only of those in somebody's
hand and of a few more. Whether an event is known, the file says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog
import trio
from attrs import evolve

from actors.journal.again import RepairableInbox
from actors.journal.backlog import InboxAccount, InboxLimits, InboxRecord
from actors.journal.crowds import Crowds, Waiter
from actors.journal.sqlite.again import Renewed
from actors.journal.sqlite.calendar import Calendar
from actors.journal.sqlite.codec import Unreadable, clean
from actors.journal.sqlite.effects import (
    Accept,
    Accepted,
    Advance,
    Effect,
    Fetch,
    Fetched,
    IsKnown,
    settle_inbound,
)
from actors.journal.sqlite.loading import Loaded
from actors.journal.sqlite.pump import Pump
from actors.journal.sqlite.rows import accept_of, inbound_row
from actors.journal.values import Appended, Arrived, Claim, InboundRow, RowRefused
from actors.messages import FINAL_INBOUND, Inbound, InboundState

WAITING_ROWS = 1_000
"""Rows in memory that nobody has claimed. Those in hand are bounded by the router."""
_RESTORED_AT_ONCE = 500

log = structlog.get_logger()


def _nobody() -> None:
    """Nobody listens yet."""


class Arrivals:
    """Accepts, hands out and settles what came in."""

    def __init__(self, pump: Pump, calendar: Calendar, limits: InboxLimits) -> None:
        self.inbox = RepairableInbox(
            evolve(limits, waiting=min(limits.waiting, WAITING_ROWS), settled=0),
            note=self._note,
        )
        self.crowds: Crowds[Appended | None] = Crowds(self.inbox.fits)
        self._pump = pump
        self._calendar = calendar
        self._changed: dict[int, InboxRecord] = {}
        self._writing = 0
        self._ring: Callable[[], None] = _nobody
        self._rung = False
        self._hungry = False

    # --- accepting -----------------------------------------------------------------------

    async def append(
        self,
        platform: str,
        account: str,
        event: Inbound,
        trace: str,
        cursor: str | None,
    ) -> Appended:
        await self._pump.ready()
        inbox = self.inbox
        owner = inbox.account(platform, account)
        effect = accept_of(owner, event, trace, cursor, self._calendar.wall())
        size = effect.size
        waiter: Waiter[Appended | None] = Waiter(
            owner, size, partial(self._write, effect, event)
        )
        fits = inbox.fits(owner, size)
        if not fits and platform not in self.crowds and await self._is_known(effect):
            # It needs no room. In line it would hold up what does.
            waiter.size, fits = 0, True
        if not fits or platform in self.crowds:
            answer = await self.crowds.wait(waiter)
        else:
            self._write(effect, event, waiter)
            answer = await waiter.answered(_left)
        assert answer is not None
        return answer

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        """Submit them together; one that needs to wait for room holds up those behind."""
        await self._pump.ready()
        inbox = self.inbox
        owner = inbox.account(platform, account)
        written: list[Waiter[Appended | None]] = []
        answers: list[Appended | None] = []
        for one in arrived:
            effect = accept_of(
                owner, one.event, one.trace, one.cursor, self._calendar.wall()
            )
            if platform not in self.crowds and inbox.fits(owner, effect.size):
                waiter: Waiter[Appended | None] = Waiter(owner, effect.size, _no_line)
                self._write(effect, one.event, waiter)
                written.append(waiter)
                continue
            answers += [await waiter.answered(_left) for waiter in written]
            written.clear()
            answers.append(
                await self.append(platform, account, one.event, one.trace, one.cursor)
            )
        answers += [await waiter.answered(_left) for waiter in written]
        return [answer for answer in answers if answer is not None]

    async def advance(self, platform: str, account: str, cursor: str) -> None:
        await self._pump.ready()
        owner = self.inbox.account(platform, account)

        def accept(waiter: Waiter[Appended | None]) -> None:
            effect = Advance(clean(platform), clean(account), clean(cursor))
            self._writing += 1
            self._pump.submit(effect, partial(self._advanced, owner, cursor, waiter))

        waiter: Waiter[Appended | None] = Waiter(owner, 0, accept)
        if platform in self.crowds:
            await self.crowds.wait(waiter)
        else:
            accept(waiter)
            await waiter.answered(_left)

    async def cursor(self, platform: str, account: str) -> str | None:
        await self._pump.ready()
        owner = self.inbox.account(platform, account)
        owner.torn = False
        return owner.cursor

    async def _is_known(self, effect: Accept) -> bool:
        known = await self._pump.ask(IsKnown(effect.mark, effect.received_at))
        return known is True

    def _write(
        self, effect: Accept, event: Inbound, waiter: Waiter[Appended | None]
    ) -> None:
        if waiter.size:
            self.inbox.reserve(waiter.owner, effect.size)
        self._writing += 1
        self._pump.submit(
            effect,
            partial(self._written, effect, event, waiter, self._calendar.clock()),
        )

    def _written(
        self,
        effect: Accept,
        event: Inbound,
        waiter: Waiter[Appended | None],
        now: float,
        answer: object,
    ) -> None:
        """The commit is through: what is accepted goes into the index, and is told."""
        self._writing -= 1
        inbox, owner, size = self.inbox, waiter.owner, effect.size
        if not isinstance(answer, Accepted):
            owner.torn = True
            self._free(owner, waiter.size)
            waiter.fail(RowRefused(str(answer)))
            return
        if answer.fresh:
            if not waiter.size:  # its mark had gone in the meantime
                inbox.reserve(owner, size)
            inbox.enter(
                owner,
                InboundRow(
                    answer.seq, owner.platform, owner.name, event, effect.trace, now
                ),
                size,
            )
            self._tell()
        else:
            inbox.duplicates += 1
            self._free(owner, waiter.size)
        if effect.cursor is not None:
            owner.move(effect.cursor)
        waiter.answer(Appended(answer.seq, not answer.fresh))

    def _advanced(
        self,
        owner: InboxAccount,
        cursor: str,
        waiter: Waiter[Appended | None],
        answer: object,
    ) -> None:
        self._writing -= 1
        if isinstance(answer, Exception):
            waiter.fail(RowRefused(str(answer)))
        else:
            owner.move(cursor)
            waiter.answer(None)

    def _free(self, owner: InboxAccount, size: int) -> None:
        if size:
            self.inbox.free(owner, size)
            if self.crowds:
                self.crowds.admit()

    # --- handing out ---------------------------------------------------------------------

    async def claim(self, claim: Claim, limit: int) -> list[InboundRow]:
        if self._pump.health.state != "open":
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
        return [
            record.row
            for record in records
            if record.row is not None and record.claim == claim
        ]

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
            self._tell()
        return settled

    def release(self, claim: Claim) -> None:
        self.inbox.release(claim)
        if self.crowds:
            self.crowds.admit()

    def hear_again(self, seq: int, row: Renewed) -> None:
        """Let an event wait again that is new in the file."""
        owner = self.inbox.account(row.platform, row.account)
        self.inbox.hear_again(owner, (row.chat_kind, row.chat), seq, row.size, None)
        self._tell()

    @property
    def now(self) -> float:
        """What is written down as the date of this moment."""
        return self._calendar.wall()

    def listen(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._rung = False

    def recovered(self) -> None:
        """The file is to be had again: whoever was sent away empty may come back."""
        if self._hungry:
            self._hungry = False
            self._tell()

    def _tell(self) -> None:
        if not self._rung and self.inbox.ready:
            self._rung = True
            self._ring()

    # --- the file ------------------------------------------------------------------------

    def _note(self, record: InboxRecord) -> None:
        self._changed[record.seq] = record
        self._pump.note()

    def changes(self) -> list[Effect]:
        """Return where the rows stand that have moved since the last time."""
        if not self._changed:
            return []
        now = self._calendar.wall()
        rows: list[tuple[object, ...]] = [
            (
                record.state.value,
                clean(record.why),
                record.boots,
                now if record.state in FINAL_INBOUND else None,
                record.seq,
            )
            for record in self._changed.values()
        ]
        self._changed.clear()
        return [settle_inbound(rows)]

    async def restore(self, loaded: Loaded) -> None:
        """Take over what is open in the file, a bit at a time."""
        inbox = self.inbox
        for platform, account, cursor in loaded.cursors:
            inbox.account(platform, account).cursor = cursor
        for index, (seq, platform, account, kind, chat, size, boots) in enumerate(
            loaded.inbound
        ):
            owner = inbox.account(platform, account)
            inbox.restore(owner, (kind, chat), seq, size, boots)
            if not index % _RESTORED_AT_ONCE:
                await trio.lowlevel.checkpoint()

    def tidy(self) -> None:
        if not self.crowds and not self._writing:  # each of them holds on to an account
            self.inbox.tidy(self._calendar.clock())


def _no_line(_: Waiter[Appended | None]) -> None:
    """There was room at once."""


def _left(_: Waiter[Appended | None]) -> None:
    """Its row is being written; that goes on without whoever brought it."""
