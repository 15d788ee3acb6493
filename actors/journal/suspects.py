"""Rows on their last life: handed out one at a time. Pure.

When a process ends, everything it had in hand has lost a life, and one row at most is to
blame. Alone with its claimer, the one that is to blame shows itself.
"""

from __future__ import annotations

from actors.journal.backlog import ChatKey, InboxRecord
from actors.lanes import FairQueue

MAX_BOOTS = 3
"""Lives of a row."""


class Suspects:
    """At most one of them is in somebody's hand."""

    __slots__ = ("_behind", "_in_hand", "_queue")

    def __init__(self, queue: FairQueue[str, ChatKey, InboxRecord | int]) -> None:
        self._queue = queue
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
        queue, platform, chat = self._queue, record.backlog.platform, record.chat
        queue.hold(platform, chat)
        queue.push_front(platform, chat, record, record.priority)
        queue.done(platform, chat)
        self._behind.append(record)
        return True

    def left(self, record: InboxRecord) -> None:
        """A row is in nobody's hand any more; if it was the one, the next may go on."""
        if record is not self._in_hand:
            return
        self._in_hand = None
        behind, self._behind = self._behind, []
        for other in behind:
            self._queue.free(other.backlog.platform, other.chat)
