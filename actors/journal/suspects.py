"""Rows on their last life, which are handed out one at a time. Pure.

A row loses a life when its claimer dies with it in hand; with the third it is quarantined.
But everything that a process had in hand loses one when it dies, and one row at most is to
blame. So rows with one life left are not in hand together: the one that kills the process
once more is found, and the innocent ones are handled.
"""

from __future__ import annotations

from actors.journal.backlog import AccountChat, InboxRecord
from actors.lanes import FairQueue

MAX_BOOTS = 3
"""How many lives a row has."""


class Suspects:
    """Sees to it that at most one row on its last life is in somebody's hand."""

    __slots__ = ("_behind", "_in_hand", "_queue")

    def __init__(self, queue: FairQueue[str, AccountChat, InboxRecord | int]) -> None:
        self._queue = queue
        self._in_hand: InboxRecord | None = None
        self._behind: list[InboxRecord] = []

    def must_wait(self, record: InboxRecord) -> bool:
        """Say whether *record*, which was just taken, has to wait for another suspect.

        If so it is put back, and its chat waits with it. If not, and it is a suspect, it
        is the one in hand from now on.
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
        """Note that a row is in hand no longer; if it was the suspect, the next may go on."""
        if record is not self._in_hand:
            return
        self._in_hand = None
        behind, self._behind = self._behind, []
        for other in behind:
            self._queue.free(other.backlog.platform, other.chat)
