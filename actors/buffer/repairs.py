"""What an operator does to single messages. What is legal is in `actors.messages.repairs`.

This belongs to the outbox, which stays the one writer of outbound states. Every call
returns once the change is on the disk, and may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import structlog
from attrs import frozen

from actors.buffer.keys import retry_key
from actors.buffer.outbox import Outbox
from actors.journal import HEARD_RANK, SAID_RANK, Heard, Inspected, Journal
from actors.messages import (
    DEAD_INBOUND,
    DEAD_OUTBOUND,
    InboundState,
    NotRepairable,
    Outbound,
    OutboundState,
    Outcome,
    Repair,
    repaired,
)
from actors.tracker import STALE_SECONDS, Tracker

log = structlog.get_logger()

_WHY = {
    Repair.RETRY: "",
    Repair.MARK_SENT: "an operator says so",
    Repair.DISCARD: "discarded by an operator",
}


class RepairableJournal(Journal, Inspected, Protocol):
    """A journal that an operator can look into."""


class CannotRepair(Exception):
    """What is asked for cannot be done to this message."""


@frozen
class NoSuchMessage(CannotRepair):
    """The message is not in the journal, or not any more."""

    what: str
    name: str

    def __str__(self) -> str:
        return f"there is no {self.what} {self.name} in the journal (any more)"


@frozen
class NotDead(CannotRepair):
    """The row that was named is no dead letter."""

    state: str

    def __str__(self) -> str:
        return f"only a dead letter can be dealt with here (this one is {self.state})"


@frozen
class BodyLost(CannotRepair):
    """Its content cannot be read."""

    def __str__(self) -> str:
        return "its content is not to be had any more; it can only be discarded"


class Repairs:
    """Moves rows as an operator asks for it."""

    def __init__(
        self,
        journal: RepairableJournal,
        outbox: Outbox,
        tracker: Tracker,
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._outbox = outbox
        self._tracker = tracker
        self._clock = clock

    # --- the outbox --------------------------------------------------------------------

    async def repair(self, key: str, repair: Repair, message_id: str = "") -> Outcome:
        """Do *repair* to the message of *key*; return where it stands then.

        What is discarded while it waits takes the later parts of its message along.

        Raises:
            NoSuchMessage: there is none.
            NotRepairable: its state is another; the error names it.
        """
        before = await self._journal.recall(key)
        if before is None:
            raise NoSuchMessage(what="message", name=key)
        gone = Outcome(OutboundState.CANCELLED, _WHY[Repair.DISCARD])
        if repair is Repair.DISCARD and self._journal.outcome_of(key) == gone:
            await self._journal.written()
            return gone  # asked for again, or went with the first part of its message
        named = message_id if repair is Repair.MARK_SENT else ""
        wanted = Outcome(repaired(before, repair), _WHY[repair], named)
        if not await self._move(key, before, wanted):
            # It was too old for the index, or has moved just now.
            now = self._journal.outcome_of(key)
            raise NotRepairable(repair, "gone" if now is None else now.state.value)
        log.info("operator.repaired", key=key, repair=repair.value, before=before.value)
        await self._journal.written()
        return wanted

    async def _move(self, key: str, before: OutboundState, wanted: Outcome) -> bool:
        match wanted.state:
            case OutboundState.QUEUED:
                return await self._say_again(key)
            case OutboundState.SENT:
                return self._outbox.answered_late(key, wanted.message_id, wanted.detail)
            case _ if before is OutboundState.QUEUED:
                self._outbox.withdraw(key, wanted.detail)
                return self._journal.outcome_of(key) == wanted
            case _:
                discarded = self._journal.resolve_outbound(key, wanted) is not None
                if discarded:
                    self._tracker.settle(key, wanted)
                return discarded

    async def _say_again(self, key: str) -> bool:
        said = await self._journal.said_of(key)
        if said is None:
            return False
        out = Outbound(key=key, to=said.to, body=(), kind=said.kind, trace=said.trace)
        # Before it can be claimed: whatever becomes of it is told to its receipt.
        self._tracker.reopen(out)
        expires_at = self._clock() + STALE_SECONDS[said.kind]
        if not await self._journal.say_again(key, expires_at):
            self._tracker.settle(key, said.outcome)
            return False
        self._outbox.rearm()
        return True

    # --- dead letters ------------------------------------------------------------------

    async def hear_again(self, seq: int) -> InboundState:
        """Have an event handled that was not; return what had become of it.

        Its replies have the keys of the first time: what was said is not said twice.

        Raises:
            NoSuchMessage: there is none.
            NotDead: it has not ended, or was handled.
        """
        before = await self._journal.hear_again(seq)
        if before is None:
            raise NoSuchMessage(what="event", name=str(seq))
        if before not in DEAD_INBOUND:
            raise NotDead(before.value)
        log.info("operator.retried", row=seq, before=before.value)
        return before

    async def say_anew(self, seq: int) -> tuple[OutboundState, str]:
        """Say what ended unsaid, as a message of its own.

        Returns:
            What had become of it, and the key of the new one. Asked for again, it is
            the same one, and is not said twice.

        Raises:
            NoSuchMessage: there is none.
            NotDead: it has not ended, or was said.
            BodyLost: nobody knows any more what was to be said.
        """
        letter = await self._journal.letter(SAID_RANK, seq)
        if letter is None or isinstance(letter, Heard):
            raise NoSuchMessage(what="message", name=str(seq))
        if letter.outcome.state not in DEAD_OUTBOUND:
            raise NotDead(letter.outcome.state.value)
        if letter.body is None:
            raise BodyLost
        again = retry_key(letter.key)
        await self._outbox.say(
            Outbound(
                key=again,
                to=letter.to,
                body=letter.body,
                kind=letter.kind,
                trace=letter.trace,
                change=letter.change,
            )
        )
        await self._journal.put_away(SAID_RANK, [seq])
        before = letter.outcome.state
        log.info("operator.retried", row=seq, key=again, before=before.value)
        return before, again

    async def put_away(self, rank: int, seq: int) -> None:
        """Take a dead letter from the shelf, by its rank (see `Place`) and its number.

        Raises:
            NoSuchMessage: there is none.
            NotDead: it has not ended, or all went well.
        """
        (state,) = await self._journal.put_away(rank, [seq])
        if state is None:
            raise NoSuchMessage(what="dead letter", name=str(seq))
        dead = DEAD_INBOUND if rank == HEARD_RANK else DEAD_OUTBOUND
        if state not in dead:
            raise NotDead(state.value)
