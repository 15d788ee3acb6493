"""What stands in the rounds of a fair queue: a key with its items, a group with its keys.

Pure bookkeeping. Read `fair` first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final, Generic, TypeVar, cast

from actors.lanes.ring import Link, Ring

G = TypeVar("G")
K = TypeVar("K")
T = TypeVar("T")

LEVELS: Final = 3
NOWHERE: Final = -1
"""The level of a key that gives nothing now."""


class Seat(Enum):
    IDLE = "has nothing to give"
    TURN = "waits for its turn"
    FULL = "waits for a place"


# Read for every item; an attribute of an enumeration costs as much as a call.
IDLE, TURN, FULL = Seat


class Lane(Link, Generic[G, K, T]):
    """The items of one key. The first is apart: most chats hold one at a time, and a
    deque for each of a million chats would cost a gigabyte.
    """

    __slots__ = (
        "first",
        "group",
        "held",
        "key",
        "level",
        "out",
        "pushed",
        "rest",
        "taken",
        "urgent",
        "wanted",
    )

    def __init__(self, group: Group[G, K, T], key: K) -> None:
        self.group = group
        self.key = key
        self.first: T | None = None
        self.rest: deque[T] | None = None
        # Items are counted as they come and go. So that nothing has to be known of those
        # between: the count of the last one that is urgent, and of the last that is not
        # of the last level.
        self.pushed = 0
        self.taken = 0
        self.urgent = 0
        self.wanted = 0
        self.out = 0
        self.held = False
        self.level = NOWHERE

    def push(self, item: T, level: int) -> None:
        if self.pushed == self.taken:
            self.first = item
        elif self.rest is None:
            self.rest = deque((item,))
        else:
            self.rest.append(item)
        self.pushed = count = self.pushed + 1
        if level < LEVELS - 1:  # `_mark`, spelled out: a call for each item adds up
            self.wanted = count
            if level == 0:
                self.urgent = count

    def push_front(self, item: T, level: int) -> None:
        if self.pushed != self.taken:
            if self.rest is None:
                self.rest = deque()
            self.rest.appendleft(cast(T, self.first))
        self.first = item
        # The count of what was taken is given again: it is no longer that item's.
        if self.urgent <= self.taken:
            self.urgent = 0
        if self.wanted <= self.taken:
            self.wanted = 0
        self._mark(self.taken, level)
        self.taken -= 1

    def push_before(self, item: T, level: int, younger: Callable[[T], bool]) -> None:
        """Put an item before the first that is *younger*, else behind all of them."""
        waiting = (cast(T, self.first), *(self.rest or ()))[: self.pushed - self.taken]
        places = (n for n, other in enumerate(waiting) if younger(other))
        place = next(places, len(waiting))
        if place == len(waiting):
            self.push(item, level)
            return
        if self.rest is None:
            self.rest = deque()
        if place:
            self.rest.insert(place - 1, item)
        else:
            self.rest.appendleft(cast(T, self.first))
            self.first = item
        count = self.taken + place + 1
        self.pushed += 1
        self.urgent += self.urgent >= count
        self.wanted += self.wanted >= count
        self._mark(count, level)

    def pop(self) -> T:
        item = self.first
        self.taken += 1
        self.first = None
        if self.rest is not None:
            self.first = self.rest.popleft()
            if not self.rest:
                self.rest = None
        return item  # type: ignore[return-value]  # there is one

    def stands(self, width: int) -> int:
        """Return the level of its most urgent item, or `NOWHERE` if it gives none."""
        taken = self.taken
        if taken == self.pushed or self.out >= width or self.held:
            return NOWHERE
        return 0 if self.urgent > taken else 1 if self.wanted > taken else 2

    def _mark(self, count: int, level: int) -> None:
        if level < LEVELS - 1:
            self.wanted = max(count, self.wanted)
            if level == 0:
                self.urgent = max(count, self.urgent)


class Group(Link, Generic[G, K, T]):
    """The keys of one group, a ring for each level."""

    __slots__ = ("gives", "lanes", "name", "out", "passed", "rings", "seat")

    def __init__(self, name: G) -> None:
        self.name = name
        self.lanes: dict[K, Lane[G, K, T]] = {}
        self.rings: tuple[Ring[Lane[G, K, T]], ...] = (Ring(), Ring(), Ring())
        self.gives = 0
        """A bit for each level that has somebody in its ring; it is asked all the time."""
        self.passed = [0] * LEVELS
        self.out = 0
        self.seat = IDLE

    def move(self, lane: Lane[G, K, T], level: int) -> None:
        """Let a key stand in another ring, at its end, or in none."""
        before = lane.level
        if before != NOWHERE:
            ring = self.rings[before]
            ring.remove(lane)
            if not ring:
                self.gives &= ~(1 << before)
        lane.level = level
        if level != NOWHERE:
            self.rings[level].append(lane)
            self.gives |= 1 << level
