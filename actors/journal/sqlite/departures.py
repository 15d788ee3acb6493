"""The outbound half: what is to be said is in the index at once, and leaves after the commit.

A reply is offered to the sender while it is still being written, and the sender's claim
waits for the same commit: a reply and its `sending` cost one, not two. If the file turns
out to know the key already, the claim comes back without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
import trio
from attrs import evolve
from msgspec.structs import replace

from actors.journal.again import RepairableOutgoing
from actors.journal.pacing import Pacing
from actors.journal.sayings import MIB, OutgoingLimits, OutgoingRecord
from actors.journal.sizes import ROW_BYTES
from actors.journal.slot import Slot
from actors.journal.sqlite.again import Recall, Redate
from actors.journal.sqlite.calendar import Calendar
from actors.journal.sqlite.codec import Unreadable, clean, decode_body, decode_change
from actors.journal.sqlite.effects import (
    Barrier,
    Effect,
    mark_outbound,
    settle_outbound,
)
from actors.journal.sqlite.loading import Loaded, OpenOutbound
from actors.journal.sqlite.pump import Pump
from actors.journal.sqlite.questions import FetchBodies
from actors.journal.sqlite.scribe import Scribe
from actors.journal.values import (
    AccountKey,
    Claim,
    HandedOut,
    OutboundRow,
    Recalled,
)
from actors.messages import (
    DEAD_OUTBOUND,
    Chat,
    ChatAddress,
    ChatKind,
    Outbound,
    OutboundKind,
    OutboundState,
    Outcome,
)

BODIES = 10_000
"""How many bodies are in memory, of all accounts; others are read when they may leave."""
BODIES_BYTES = 64 * MIB
"""The same, by size."""
SETTLED_KEYS = 1_000
"""Settled keys in memory; the file knows all of them."""
_RESTORED_AT_ONCE = 500
_BARRIER = Barrier()

log = structlog.get_logger()


def _nobody(_: AccountKey) -> None:
    """Ignore that an account has something to say: nobody listens yet."""


class Departures:
    """Keeps, hands out and settles what is to be said."""

    def __init__(self, pump: Pump, calendar: Calendar, limits: OutgoingLimits) -> None:
        self.outgoing = RepairableOutgoing(
            evolve(
                limits,
                bodies=min(limits.bodies, BODIES),
                bodies_bytes=min(limits.bodies_bytes, BODIES_BYTES),
                settled=min(limits.settled, SETTLED_KEYS),
            ),
            note=self._note,
        )
        self._ring: Callable[[AccountKey], None] = _nobody
        self._pump = pump
        self._calendar = calendar
        self._changed: dict[int, OutgoingRecord] = {}
        scribe = Scribe(pump, calendar, self.outgoing, self.tell)
        self.enqueue = scribe.enqueue
        self.enqueue_all = scribe.enqueue_all
        self._writing = scribe.writing

    async def written(self, key: str) -> None:
        """Return once the row of *key*, if it is being written, is in the file.

        Until then its state in the index may be wrong: the file may know the key already.
        """
        while key in self._writing:
            await self._pump.settled()

    def pick(
        self, claim: Claim, account: AccountKey, limit: int, pacing: Pacing | None
    ) -> list[OutboundRow]:
        if not self._pump.opened.is_set():
            return []
        now = self._calendar.clock()
        return self.outgoing.claim(claim, account, limit, now, pacing)

    def hand_out(
        self, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None:
        """Hand over what was picked, once it is committed as `sending`."""
        find = self.outgoing.find
        records = [find(row.out.key) for row in rows]
        lean = [record.seq for record in records if record is not None and record.lean]

        def committed(bodies: object) -> None:
            mine = [
                row
                for row, record in zip(rows, records, strict=True)
                if record is not None and self._may_leave(claim, row, record)
            ]
            if lean:
                filled = [self._filled(claim, row, lean, bodies) for row in mine]
                mine = [row for row in filled if row is not None]
            told(mine)

        effect = FetchBodies(lean) if lean else _BARRIER
        self._pump.submit(effect, committed, guest=True)

    def _may_leave(
        self, claim: Claim, row: OutboundRow, record: OutgoingRecord
    ) -> bool:
        """Return whether *record* still is the row that was picked.

        Compared by identity: a key that was taken back may have been said again. And by
        attempt: one that was given back may have been picked again.
        """
        return (
            record.claim == claim
            and record.attempt == row.attempt
            and self.outgoing.find(record.key) is record
            and not self._too_late(claim, record)
        )

    def _too_late(self, claim: Claim, record: OutgoingRecord) -> bool:
        """Give a row back if its time passed during the commit: a full disk can take hours."""
        now = self._calendar.clock()
        if not self.outgoing.overdue(record, now):
            return False
        self.outgoing.requeue(claim, record.seq, now)
        assert record.out is not None
        self._ring((record.out.to.platform, record.out.to.account))
        return True

    def _filled(
        self, claim: Claim, row: OutboundRow, lean: Sequence[int], bodies: object
    ) -> OutboundRow | None:
        """Return *row* with its body from the file."""
        if row.seq not in lean:
            return row
        try:
            if not isinstance(bodies, dict):
                raise Unreadable(str(bodies))  # noqa: TRY301
            if row.seq not in bodies:
                raise Unreadable("it is gone from the file")  # noqa: EM101, TRY301
            body, change = bodies[row.seq]
            out = evolve(row.out, body=decode_body(body), change=decode_change(change))
        except Unreadable as error:
            log.warning("journal.row_lost", key=row.out.key, why=str(error))
            rejected = Outcome(OutboundState.REJECTED, str(error))
            self.outgoing.settle(claim, row.seq, rejected, self._calendar.clock())
            return None
        return replace(row, out=out)

    def listen(self, ring: Callable[[AccountKey], None]) -> None:
        self._ring = ring

    def listen_no_more(self, ring: Callable[[AccountKey], None]) -> None:
        if self._ring is ring:
            self._ring = _nobody

    def tell(self, account: AccountKey) -> None:
        """Ring for *account*: there is something to say through it."""
        self._ring(account)

    def not_worth_it(self, key: str) -> None:
        """Note that a row was withdrawn after it had left: no later process repeats it."""
        record = self.outgoing.find(key)
        if record is not None and not record.closed:
            at = self._calendar.date(record.expires_at)
            self._pump.submit(Redate(record.seq, at))

    # --- for an operator -----------------------------------------------------------------

    async def recall(self, key: str) -> OutboundState | None:
        """Return where a row stands; have it in the index if it is unknown."""
        outgoing = self.outgoing
        known = outgoing.find(key)
        if known is not None and (not known.closed or not known.outcome.unknown):
            return known.outcome.state
        await self._pump.settled()
        row = await self._pump.ask(Recall(clean(key)))
        if row is None:
            return None
        assert isinstance(row, tuple)
        known = outgoing.find(key)
        if known is not None and not known.closed:  # somebody was faster
            return known.outcome.state
        state = OutboundState(row[7])
        if state is OutboundState.UNKNOWN:
            self._restore(row)
        return state

    async def say_again(self, key: str, expires_at: float) -> bool:
        """Make an unknown row `queued`; return once that is on the disk."""
        known = self.outgoing.unknown(key)
        if known is None:
            return False
        out, ready = self.outgoing.say_again(key, expires_at)
        # In one commit with the state that was noted a moment ago.
        redate = Redate(known.seq, self._calendar.date(expires_at))
        slot: Slot[object] = Slot()
        self._pump.submit(redate, slot.fill)
        if ready:
            self._ring((out.to.platform, out.to.account))
        await slot.wait()
        return True

    # --- the file ------------------------------------------------------------------------

    def _note(self, record: OutgoingRecord) -> None:
        self._changed[record.seq] = record
        self._pump.note()

    def changes(self) -> list[Effect]:
        """Return where the rows stand that have moved since the last time."""
        if not self._changed:
            return []
        calendar = self._calendar
        now, since = calendar.wall(), calendar.date(0.0)
        rows: list[tuple[object, ...]] = []
        marked: list[tuple[object, ...]] = []
        for record in self._changed.values():
            outcome = record.outcome
            at = None if record.tried_at is None else record.tried_at + since
            written = self._writing.get(record.key)
            if written is not None and outcome.state is OutboundState.SENDING:
                # It is in this very batch: written as what it is by now.
                written.state = outcome.state._value_
                written.attempt, written.tried_at = record.attempt, at
                continue
            # Of nearly all of them there is nothing that an operator has to find.
            to_find = record.doubts or outcome.unknown or outcome.state in DEAD_OUTBOUND
            (marked if to_find else rows).append(
                (
                    outcome.state._value_,
                    clean(outcome.detail) if outcome.detail else "",
                    clean(outcome.message_id),
                    record.attempt,
                    now if record.closed else None,
                    at,
                    record.doubts,
                    record.seq,
                )
            )
        self._changed.clear()
        effects: list[Effect] = []
        if rows:
            effects.append(settle_outbound(rows))
        if marked:
            effects.append(mark_outbound(marked))
        return effects

    async def restore(self, loaded: Loaded) -> list[AccountKey]:
        """Take over what is open in the file; return who has something to say."""
        ready: dict[AccountKey, None] = {}
        self.outgoing.number_after(loaded.last_outbound)
        for index, row in enumerate(loaded.outbound):
            if (account := self._restore(row)) is not None:
                ready[account] = None
            if not index % _RESTORED_AT_ONCE:
                await trio.lowlevel.checkpoint()
        again = self.outgoing.trust_again(self._calendar.clock())
        return list(ready | dict.fromkeys(again))

    def recalled(self, loaded: Loaded) -> list[Recalled]:
        """Return what is open, and what was delivered lately, for who keeps receipts."""
        past = self._calendar.past
        recalled = [
            Recalled(
                key,
                ChatAddress(platform, account, Chat(ChatKind(kind), chat)),
                OutboundKind(sort),
                Outcome(OutboundState(state), detail, message_id),
                past(settled_at),
            )
            for key, platform, account, kind, chat, sort, state, detail, message_id, settled_at in loaded.delivered
        ]
        for row in loaded.outbound:
            record = self.outgoing.find(row[1])
            if record is not None and record.out is not None:
                at = record.queued_at
                recalled.append(
                    Recalled(record.key, record.out.to, record.kind, record.outcome, at)
                )
        return recalled

    def _restore(self, row: OpenOutbound) -> AccountKey | None:
        seq, key, platform, account, kind, chat, sort, state, detail = row[:9]
        attempt, queued_at, expires_at, trace, content, tried_at, doubts, size = row[9:]
        to = ChatAddress(platform, account, Chat(ChatKind(kind), chat))
        out = Outbound(key=key, to=to, body=(), kind=OutboundKind(sort), trace=trace)
        calendar = self._calendar
        record = OutgoingRecord(
            seq,
            out,
            self.outgoing.account((platform, account)),
            calendar.past(queued_at),
            calendar.moment(expires_at),
            size=ROW_BYTES + size,
        )
        if state != OutboundState.QUEUED:
            record.outcome = Outcome(OutboundState(state), detail)
        record.attempt = attempt
        record.content = content
        record.tried_at = None if tried_at is None else calendar.lapsed(tried_at)
        record.doubts = doubts
        return (platform, account) if self.outgoing.restore(record) else None
