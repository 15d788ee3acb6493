"""What is remembered of everybody, and what is forgotten next. Reads no clock.

An event is recognised by its key, so that a deed or a reply that comes again changes
nothing. The key outlives the event: it is known for `KEYS_SECONDS`, even if the event had
to be forgotten. Instants (`now`) are seconds since 1970.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final
from weakref import WeakValueDictionary

from attrs import frozen

from platforms.webchat.ring import KEYS_SECONDS, Item, Ring

IDLE_SECONDS: Final = 30 * 86400.0
"""Who has been away for so long is forgotten."""
MAX_PEOPLE: Final = 10_000
MAX_BYTES: Final = 64 * 1024 * 1024
"""How much all people together may have said; beyond that they wait. Bots never do."""
MAX_ALL_BYTES: Final = 2 * MAX_BYTES
"""How much is remembered in all, with what bots said. Beyond that, the person who was told
most loses the oldest of it."""
MAX_KEYS: Final = 100_000
"""How many keys of forgotten events are known; the journal, too, knows so many events of
an account."""


@frozen
class Past:
    """An event that is forgotten, but for its key."""

    person: str
    seq: int
    key: str
    at: float


class Rings:
    """The rings of everybody, and the keys of what was forgotten."""

    def __init__(self) -> None:
        self._rings: dict[str, Ring] = {}
        # Rings of people whose page is open and who have said nothing; nobody else refers
        # to them, so they vanish with the page.
        self._looked_at: WeakValueDictionary[str, Ring] = WeakValueDictionary()
        self._past: deque[Past] = deque()
        self._past_seqs: dict[tuple[str, str], int] = {}
        self._size = 0
        self._said = 0

    def __len__(self) -> int:
        return len(self._rings)

    # --- one person -------------------------------------------------------------------

    def of(self, person: str) -> Ring | None:
        return self._rings.get(person)

    def look(self, person: str) -> Ring:
        """Return the ring of *person* to read: for somebody new an empty one.

        An empty one lasts only as long as the caller has it.
        """
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
            self._size -= ring.size
            self._said -= ring.said
            ring.gone = True
            ring.changed.set()

    def known(self, person: str, key: str) -> int | None:
        """Return the number of the event with that *key*, if it was there."""
        ring = self._rings.get(person)
        item = None if ring is None else ring.known(key)
        return self._past_seqs.get((person, key)) if item is None else item.seq

    def add(self, person: str, item: Item) -> None:
        """Remember *item*, the newest of *person*."""
        self._rings[person].add(item)
        self._count(item, 1)

    def forget(self, person: str, item: Item, now: float) -> Past | None:
        """Forget *item*; return what has to be remembered of it."""
        self._rings[person].forget(item)
        self._count(item, -1)
        if item.at < now - KEYS_SECONDS:
            return None
        past = Past(person, item.seq, item.key, item.at)
        self.recall([past])
        return past

    # --- everybody --------------------------------------------------------------------

    def recall(self, past: Iterable[Past]) -> None:
        """Take up the keys of events that were forgotten, the oldest first."""
        for each in past:
            self._past.append(each)
            self._past_seqs[each.person, each.key] = each.seq

    def outworn(self, now: float) -> Iterator[Past]:
        """Drop the keys that need not be known any longer, and yield each."""
        while self.has_outworn(now):
            each = self._past.popleft()
            self._past_seqs.pop((each.person, each.key), None)
            yield each

    def has_outworn(self, now: float) -> bool:
        if not self._past:
            return False
        return len(self._past) > MAX_KEYS or self._past[0].at < now - KEYS_SECONDS

    def next_to_go(self, person: str, now: float) -> tuple[str, Item] | None:
        """Return what may be forgotten next, after *person* was told something."""
        ring = self._rings.get(person)
        item = None if ring is None else ring.outworn(now)
        if item is None and self._size > MAX_ALL_BYTES:
            most = [who for who, each in self._rings.items() if each.oldest is not None]
            person = max(most, key=lambda who: self._rings[who].told, default=person)
            item = self._rings[person].oldest if most else None
        return None if item is None else (person, item)

    def full(self, person: str) -> bool:
        """Say whether somebody must go before *person* can say something."""
        crowded = person not in self._rings and len(self) >= MAX_PEOPLE
        return crowded or self._said >= MAX_BYTES

    def _count(self, item: Item, sign: int) -> None:
        self._size += sign * item.size
        self._said += sign * item.size if item.by_person else 0

    def who_may_go(self, now: float, person: str) -> str | None:
        """Return who has been away longest, *person* aside, if that is long enough."""
        idle = min(
            (who for who in self._rings if who != person),
            key=lambda who: self._rings[who].newest_at,
            default=None,
        )
        return idle if idle is not None and self.away(idle, now) else None

    def away(self, person: str, now: float, seconds: float = KEYS_SECONDS) -> bool:
        """Say whether nobody has heard of *person* for so long."""
        ring = self._rings.get(person)
        return ring is None or ring.newest_at < now - seconds

    def strangers(self, now: float) -> list[str]:
        """Return who has not been here for a month."""
        return [who for who in self._rings if self.away(who, now, IDLE_SECONDS)]
