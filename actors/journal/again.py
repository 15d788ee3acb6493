"""How a row begins again, or is taken from its claimer, by somebody else's decision. Pure.

An operator lets what ended begin again; the router sets aside what waits for a bot that is
away.
"""

from __future__ import annotations

from actors.journal.backlog import InboxAccount, InboxRecord
from actors.journal.inbox import Inbox
from actors.journal.outgoing import Outgoing
from actors.journal.sayings import OutgoingRecord
from actors.journal.suspects import MAX_BOOTS
from actors.journal.values import Claim, InboundRow
from actors.journal.waiting import QUEUED
from actors.messages import (
    InboundState,
    Outbound,
    OutboundState,
    Priority,
    check_outbound,
)


class RepairableOutgoing(Outgoing):
    """An outbound half in which what nobody knows can be said once more."""

    def say_again(self, key: str, expires_at: float) -> tuple[Outbound, bool]:
        """Let an unknown row wait again; also say whether its chat has become ready.

        It goes before those of its chat that came later and still wait.

        Raises:
            KeyError: no such row is unknown.
        """
        record = self._by_key[key]
        check_outbound(record.outcome.state, OutboundState.QUEUED)
        self._undoubt(record)
        out = record.out
        assert out is not None
        record.outcome = QUEUED
        record.expires_at, record.withdrawn = expires_at, ""
        record.doubts = 0  # somebody has looked: it is not out
        # The account may have been forgotten meanwhile, and begun anew.
        account = record.account = self.account((out.to.platform, out.to.account))
        ready = account.begin_again(record)
        self._note(record)
        return out, ready

    def unknown(self, key: str) -> OutgoingRecord | None:
        """Return an unknown row that can still be moved."""
        record = self._by_key.get(key)
        if record is None or record.closed or not record.outcome.unknown:
            return None
        return record


class RepairableInbox(Inbox):
    """An inbound half in which what ended unhandled can be handled once more."""

    def in_hand(self) -> list[InboxRecord]:
        """Return the rows that somebody has claimed, but for those that are parked."""
        every = [record for held in self._held.values() for record in held.values()]
        return [one for one in every if one.state is InboundState.CLAIMED]

    def set_aside(self, claim: Claim, seq: int, *, begun: bool) -> bool:
        """Let a claimed row take no place any more, so that others may be claimed; see
        `Journal.set_aside`.

        Not done with a row on its last life that has *begun*: nothing else may be in hand
        then, so that it is known who is to blame should the process die.
        """
        record = self._rows.get(seq)
        if record is None or record.claim != claim or record.aside:
            return False
        if record.state is not InboundState.CLAIMED:
            return False
        if begun and record.boots + 1 >= MAX_BOOTS:
            return False
        record.aside = True
        self._suspects.left(record)
        self._queue.done(record.backlog.platform, record.chat)
        return True

    def hear_again(
        self,
        account: InboxAccount,
        chat: tuple[str, str],
        seq: int,
        size: int,
        row: InboundRow | None,
        *,
        priority: Priority,
    ) -> None:
        """Let a dead row wait again, before those of its chat that came later.

        Args:
            account: Whose event it is.
            chat: Kind and id of its chat.
            seq: Its number.
            size: Bytes it takes.
            row: Its content; `None` while it is in the file only.
            priority: How urgent it was when it came in.
        """
        ended = self._rows.pop(seq, None)
        if ended is not None:
            self._settled.discard(ended)
        self.reserve(account, size)
        backlog = account.backlog
        key = (account.name, *chat)
        record = InboxRecord(seq, row, backlog, key, size, priority=priority)
        self._rows[seq] = record
        if row is not None:
            self._warm += 1
        backlog.accepted += 1
        backlog.lanes[priority].came_back(seq, row.received_at if row else None)
        self._wait_again(record)
