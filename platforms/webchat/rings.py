"""What is remembered of each person: a ring of numbered events. Times are arguments.

An event is known by its key as long as it is in its ring, so a deed or a reply that comes
again changes nothing. `KEYS_SECONDS` is how long that is at least, whatever happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import trio

RING: Final = 500
"""Events of one person that are always remembered."""
KEYS_SECONDS: Final = 3600.0
"""Younger ones are, too, however many."""
IDLE_SECONDS: Final = 30 * 86400.0
MAX_PEOPLE: Final = 10_000
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of everybody; where they are full, people wait. What bots say is never kept out."""
MAX_SAID_BYTES: Final = 4 * 1024 * 1024
"""Of what one person has said within the hour."""


class Item(msgspec.Struct, frozen=True, array_like=True):
    """One event."""

    seq: int
    key: str
    at: float
    """Seconds since 1970."""
    what: msgspec.Raw
    """A JSON object, as the page gets it."""

    @property
    def size(self) -> int:
        return len(bytes(self.what)) + len(self.key) + 64

    @property
    def by_person(self) -> bool:
        return self.key.startswith("me ")


class Ring:
    """Of one person."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._by_key: dict[str, Item] = {}
        self.last = 0
        self.size = 0
        self.said = 0
        """Bytes of what the person has said."""
        self.gone = False
        """Its person was forgotten: whoever still reads it begins anew."""
        self.changed = trio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @property
    def first(self) -> int:
        """The number of the oldest; one more than the last where there is none."""
        return self._items[0].seq if self._items else self.last + 1

    @property
    def newest_at(self) -> float:
        return self._items[-1].at if self._items else 0.0

    def known(self, key: str) -> Item | None:
        return self._by_key.get(key)

    def after(self, seq: int, at_most: int) -> list[Item]:
        """Return the next events behind *seq*; those that are forgotten are left out."""
        begin = max(0, seq + 1 - self.first)
        return list(islice(self._items, begin, begin + at_most))

    def add(self, item: Item) -> None:
        self._items.append(item)
        self._by_key[item.key] = item
        self.last = item.seq
        self.size += item.size
        self.said += item.size if item.by_person else 0
        self.changed.set()
        self.changed = trio.Event()

    def outworn(self, now: float) -> Item | None:
        """Return the oldest, if it may be forgotten."""
        many = len(self._items) > RING or self.said > MAX_SAID_BYTES
        if many and self._items[0].at < now - KEYS_SECONDS:
            return self._items[0]
        return None

    def full(self, now: float) -> bool:
        """Say whether this person has said enough for now."""
        return self.said > MAX_SAID_BYTES and self.outworn(now) is None

    def forget(self) -> None:
        """Forget the oldest."""
        item = self._items.popleft()
        del self._by_key[item.key]
        self.size -= item.size
        self.said -= item.size if item.by_person else 0


class Rings:
    """Of everybody."""

    def __init__(self) -> None:
        self._rings: dict[str, Ring] = {}
        # Of those who look and have said nothing: gone as soon as nobody looks.
        self._looked_at: WeakValueDictionary[str, Ring] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._rings)

    def of(self, person: str) -> Ring | None:
        return self._rings.get(person)

    def look(self, person: str) -> Ring:
        """Return a ring to read, which is empty for somebody new, and is kept by nobody else."""
        ring = self._rings.get(person) or self._looked_at.get(person)
        if ring is None:
            ring = self._looked_at[person] = Ring()
        return ring

    def make(self, person: str) -> Ring:
        """Return the ring of *person*, which is kept from now on."""
        ring = self._rings[person] = self.look(person)
        return ring

    def remove(self, person: str) -> None:
        ring = self._rings.pop(person, None)
        if ring is not None:
            ring.gone = True
            ring.changed.set()

    def full(self, person: str) -> bool:
        """Say whether somebody must go before *person* can say something."""
        crowded = person not in self._rings and len(self) >= MAX_PEOPLE
        return crowded or sum(ring.size for ring in self._rings.values()) >= MAX_BYTES

    def everybody(self) -> Iterator[tuple[str, Ring]]:
        return iter(list(self._rings.items()))

    def who_may_go(self, now: float, person: str) -> str | None:
        """Return who has been away longest, *person* aside, if that is long enough."""
        idle = min(
            (who for who in self._rings if who != person),
            key=lambda who: self._rings[who].newest_at,
            default=None,
        )
        if idle is None or self._rings[idle].newest_at > now - KEYS_SECONDS:
            return None
        return idle

    def outworn(self, now: float) -> list[str]:
        """Return who has not been here for a month."""
        return [
            who
            for who, ring in self._rings.items()
            if ring.newest_at < now - IDLE_SECONDS
        ]
