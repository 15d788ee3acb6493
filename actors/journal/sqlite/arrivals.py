"""The inbound half: an event is in the file first, then in the index, then its bringer is told.

The file says whether an event was seen before. What happens to an event once it is in the
index is told in `handouts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from actors.journal.backlog import (
    InboxAccount,
    by_itself,
)
from actors.journal.crowds import Waiter
from actors.journal.sqlite.calendar import Calendar
from actors.journal.sqlite.codec import (
    clean,
)
from actors.journal.sqlite.effects import Accept, Accepted, Advance
from actors.journal.sqlite.handouts import Handouts
from actors.journal.sqlite.pump import Pump
from actors.journal.sqlite.questions import IsKnown
from actors.journal.sqlite.rows import accept_of
from actors.journal.values import (
    Appended,
    Arrived,
    InboundRow,
    Rank,
    RowRefused,
)
from actors.messages import Inbound

log = structlog.get_logger()


class Told(Waiter[Appended | None]):
    """Stands for a caller of `append_now`, whose task does not wait."""

    __slots__ = ("_one", "_told")

    def __init__(
        self,
        owner: InboxAccount,
        size: int,
        one: Arrived,
        told: Callable[[Arrived, Appended], None],
    ) -> None:
        super().__init__(owner, size, _no_line)
        self._one = one
        self._told = told

    def answer(self, value: Appended | None) -> None:
        assert value is not None
        self._told(self._one, value)


class Arrivals:
    """Accepts what came in."""

    def __init__(self, pump: Pump, calendar: Calendar, handouts: Handouts) -> None:
        self.rank: Rank = by_itself
        self.refused: Callable[[str, str, str], None] = _nobody
        """Called with platform, reason and trace of each event that can never be kept."""
        self._handouts = handouts
        self.inbox = handouts.inbox
        self.crowds = handouts.crowds
        self._pump = pump
        self._calendar = calendar
        self._writing = 0

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
        effect = self._accept_of(owner, event, trace, cursor)
        size = effect.size
        waiter: Waiter[Appended | None] = Waiter(
            owner, size, partial(self._write, effect, event)
        )
        fits = inbox.fits(owner, size)
        if not fits:
            if platform not in self.crowds and await self._is_known(effect):
                # It needs no room. In line it would hold up what does.
                waiter.size = 0
            # Looked at again: if all has ended meanwhile, nobody is left to let us in.
            fits = not waiter.size or inbox.fits(owner, size)
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
        self._pump.hold()
        try:
            for one in arrived:
                effect = self._accept_of(owner, one.event, one.trace, one.cursor)
                if platform not in self.crowds and inbox.fits(owner, effect.size):
                    waiter: Waiter[Appended | None] = Waiter(
                        owner, effect.size, _no_line
                    )
                    self._write(effect, one.event, waiter)
                    written.append(waiter)
                    continue
                self._pump.let_go()
                try:
                    answers += [await waiter.answered(_left) for waiter in written]
                    written.clear()
                    answers.append(
                        await self.append(
                            platform, account, one.event, one.trace, one.cursor
                        )
                    )
                finally:
                    self._pump.hold()
        finally:
            self._pump.let_go()
        answers += [await waiter.answered(_left) for waiter in written]
        return [answer for answer in answers if answer is not None]

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        """Submit them together; none of them if one had to wait for room."""
        if platform in self.crowds or not self._pump.opened.is_set():
            return False
        owner = self.inbox.account(platform, account)
        effects = [
            self._accept_of(owner, one.event, one.trace, one.cursor) for one in arrived
        ]
        if not self.inbox.fits(owner, sum(effect.size for effect in effects)):
            return False
        self._pump.hold()
        for one, effect in zip(arrived, effects, strict=True):
            self._write(effect, one.event, Told(owner, effect.size, one, told))
        self._pump.let_go()
        return True

    async def advance(self, platform: str, account: str, cursor: str) -> None:
        await self._pump.ready()
        owner = self.inbox.account(platform, account)

        def accept(waiter: Waiter[Appended | None]) -> None:
            if owner.torn:
                waiter.answer(None)
                return
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
        return self.inbox.account(platform, account).begin()

    def _accept_of(
        self, owner: InboxAccount, event: Inbound, trace: str, cursor: str | None
    ) -> Accept:
        priority = self.rank(owner.platform, owner.name, event)
        wall = self._calendar.wall()
        return accept_of(owner, event, trace, cursor, wall, priority=priority)

    async def _is_known(self, effect: Accept) -> bool:
        known = await self._pump.ask(IsKnown(effect.mark, effect.received_at))
        return known is True

    def _write(
        self, effect: Accept, event: Inbound, waiter: Waiter[Appended | None]
    ) -> None:
        if waiter.size:
            self.inbox.reserve(waiter.owner, effect.size)
        if waiter.owner.torn:
            # Nor may the file's cursor, for the next process, pass what is not in it.
            effect.cursor = None
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
        """Put an event that was committed into the index, and tell who brought it."""
        self._writing -= 1
        inbox, owner, size = self.inbox, waiter.owner, effect.size
        if not isinstance(answer, Accepted):
            self._free(owner, waiter.size)
            owner.backlog.refused += 1
            log.warning(
                "journal.event_refused",
                platform=owner.platform,
                account=owner.name,
                trace=effect.trace,
                why=str(answer),
            )
            if effect.cursor is not None:
                # Before it, the peer would bring it again and again, and nothing else.
                owner.move(effect.cursor)
            self.refused(owner.platform, str(answer), effect.trace)
            waiter.answer(Appended(0, False, str(answer)))
            return
        if answer.fresh:
            if not waiter.size:  # its mark had gone in the meantime
                inbox.reserve(owner, size)
            inbox.enter(
                owner,
                InboundRow(
                    answer.seq,
                    owner.platform,
                    owner.name,
                    event,
                    effect.trace,
                    now,
                    0,
                    effect.priority,
                ),
                size,
            )
            self._handouts.tell()
        else:
            owner.backlog.duplicates += 1
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

    def tidy(self) -> None:
        if not self.crowds and not self._writing:  # each of them holds on to an account
            self.inbox.tidy(self._calendar.clock())


def _nobody(_platform: str, _why: str, _trace: str) -> None:
    """Ignore a refusal."""


def _no_line(_: Waiter[Appended | None]) -> None:
    """Do nothing for a waiter that got room at once, and so stands in no line."""


def _left(_: Waiter[Appended | None]) -> None:
    """Its row is being written; that goes on without whoever brought it."""
