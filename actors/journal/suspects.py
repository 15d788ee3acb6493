"""Rows on their last life: handed out one at a time. Pure.

When a process ends, everything it had in hand has lost a life, and one row at most is to
blame. Alone with its claimer, the one that is to blame shows itself.
"""

from __future__ import annotations

from actors.journal.backlog import Backlog, InboxRecord

MAX_BOOTS = 3
"""Lives of a row."""


class Suspects:
    """At most one of them is in somebody's hand."""

    __slots__ = ("_behind", "_in_hand")

    def __init__(self) -> None:
        self._in_hand: InboxRecord | None = None
        self._behind: list[InboxRecord] = []

    def must_wait(self, record: InboxRecord) -> bool:
        """Put a row back, which was just taken, if another suspect is in hand.

        Its chat waits, too. If none is, the row is the one from now on.
        """
        if record.boots < MAX_BOOTS - 1:
            return False
        if self._in_hand is None:
            self._in_hand = record
            return False
        queue = record.backlog.queue
        queue.hold(record.chat)
        queue.push_front(record.chat, record)
        queue.done(record.chat)
        self._behind.append(record)
        return True

    def left(self, record: InboxRecord) -> list[Backlog]:
        """A row is in nobody's hand any more; return whose chats may go on for that."""
        if record is not self._in_hand:
            return []
        self._in_hand = None
        behind, self._behind = self._behind, []
        for other in behind:
            other.backlog.queue.free(other.chat)
        return [other.backlog for other in behind]
