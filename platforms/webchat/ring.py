"""What is remembered of one person: numbered events, the oldest first. Reads no clock.

What may be forgotten, and when:

* beyond the newest `RING` events, or `MAX_SAID_BYTES` of what the person said: what is
  older than `KEYS_SECONDS`
* beyond `MAX_TOLD_BYTES` of what bots said: whatever is oldest, even if it is young. A bot
  that says much, or edits one message all the time, must not fill the memory.

A text that was replaced by a later edit is forgotten first: nobody misses it. Anything
else that is forgotten leaves a gap, and a page that reads over it is told so (`lost`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

import msgspec
import trio

RING: Final = 500
"""How many events of one person are remembered, however old they are."""
KEYS_SECONDS: Final = 3600.0
"""Younger events are remembered, too, unless bots say too much. For as long, the key of an
event is known even if the event itself is forgotten."""
MAX_SAID_BYTES: Final = 4 * 1024 * 1024
"""How much one person may say within the hour; beyond that the person has to wait."""
MAX_TOLD_BYTES: Final = 4 * 1024 * 1024
"""How much of what bots told one person is remembered; beyond that the oldest goes."""


class Item(msgspec.Struct, frozen=True, array_like=True):
    """One event."""

    seq: int
    """Its number, counting up for each person."""
    key: str
    """`me ID` or `bot KEY`: the same key is the same event."""
    at: float
    """Seconds since 1970."""
    what: msgspec.Raw
    """A JSON object, as the page gets it."""
    edits: str = ""
    """The message whose text it replaces; empty if it does not."""

    @property
    def size(self) -> int:
        return len(bytes(self.what)) + len(self.key) + 64

    @property
    def by_person(self) -> bool:
        return self.key.startswith("me ")


class Ring:
    """The events of one person. Changed by `Rings` only, which counts everybody's bytes."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._by_key: dict[str, Item] = {}
        self._edits: dict[str, Item] = {}
        self._replaced: dict[int, Item] = {}
        self.last = 0
        self.lost = 0
        """The highest number of an event that is forgotten though nothing replaced it."""
        self.size = 0
        self.said = 0
        """Bytes of what the person has said."""
        self.gone = False
        """The person was forgotten; a page that still reads this has to begin anew."""
        self.changed = trio.Event()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def first(self) -> int:
        """The first number from which on no event is lost."""
        return self.lost + 1

    @property
    def told(self) -> int:
        """Bytes of what bots have said."""
        return self.size - self.said

    @property
    def newest_at(self) -> float:
        return self._items[-1].at if self._items else 0.0

    @property
    def oldest(self) -> Item | None:
        """What is forgotten next if anything has to be; never the only event."""
        if len(self._items) < 2:
            return None
        return next(iter(self._replaced.values()), self._items[0])

    def known(self, key: str) -> Item | None:
        return self._by_key.get(key)

    def after(self, seq: int, at_most: int) -> list[Item]:
        """Return the next events behind *seq*; those that are forgotten are left out."""
        begin = bisect_right(self._items, seq, key=_seq)
        return self._items[begin : begin + at_most]

    def outworn(self, now: float) -> Item | None:
        """Return what is to be forgotten at the instant *now* (seconds since 1970), if any."""
        oldest = self.oldest
        if oldest is None or self.told > MAX_TOLD_BYTES:
            return oldest
        if len(self._items) > RING or self.said > MAX_SAID_BYTES:
            for item in (oldest, self._items[0]):
                if item.at < now - KEYS_SECONDS:
                    return item
        return None

    def full(self, now: float) -> bool:
        """Say whether this person has said enough for now."""
        return self.said > MAX_SAID_BYTES and self.outworn(now) is None

    def add(self, item: Item) -> None:
        if not self._items:
            self.lost = item.seq - 1  # what was before is not on the shelf any more
        if item.edits:
            earlier = self._edits.get(item.edits)
            if earlier is not None:
                self._replaced[earlier.seq] = earlier
            self._edits[item.edits] = item
        self._items.append(item)
        self._by_key[item.key] = item
        self.last = item.seq
        self.size += item.size
        self.said += item.size if item.by_person else 0
        self.changed.set()
        self.changed = trio.Event()

    def forget(self, item: Item) -> None:
        del self._items[bisect_left(self._items, item.seq, key=_seq)]
        self._by_key.pop(item.key, None)
        if self._replaced.pop(item.seq, None) is None:
            self.lost = max(self.lost, item.seq)
        if self._edits.get(item.edits) is item:
            del self._edits[item.edits]
        self.size -= item.size
        self.said -= item.size if item.by_person else 0


def _seq(item: Item) -> int:
    return item.seq
