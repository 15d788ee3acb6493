"""Fair turns: whose item is next among groups, levels and keys. Pure bookkeeping.

A group is a platform, a key one of its chats, a level how urgent an item is (0 is the
most urgent). Three rounds turn inside each other, and every call costs the same however
much waits:

* Groups take turns. Of *g* groups that have something to give, each gives once in *g*
  takes, so one that floods costs another at most the other *g - 1* of them.
* In a group the most urgent level goes first, and those that were passed over age: see
  `PASSES` for how long it may take.
* In a level keys take turns: of *k* keys each gives once in *k* takes of that level.

Inside a key the order is never broken: a key stands in the round of the most urgent item
that waits in it, so that what stands before an urgent item is urgent, too. Together: the
first item of a key in the last level is taken within `16 * k * g` takes, and anybody's
*n*-th item within *n* times as many.

Items that were taken and are not `done` are *out*. `Places` says how many may be out, so
that work that never ends keeps nobody else from being served.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from attrs import frozen

from actors.lanes.lane import FULL, IDLE, LEVELS, NOWHERE, TURN, Group, Lane
from actors.lanes.ring import Ring

PASSES: Final = (0, 4, 15)
"""How often a level is passed over in its group while it has something to give; then it
goes first, and may use the places that are kept for what is urgent. So the middle level
gives within 6 takes of its group and the last one within 16, whatever is more urgent, and
of any 16 at least 11 are of the first level while that has something to give."""

SPARE_LANES: Final = 64
_FIRST, _MIDDLE, _LAST = 1, 2, 4

G = TypeVar("G")
K = TypeVar("K")
T = TypeVar("T")


@frozen(kw_only=True)
class Places:
    """How many items may be out."""

    own: int
    """Places that each group has to itself, whatever the others do."""
    shared: int
    """Places for whichever group needs more than its own."""
    group: int
    """The most that one group may have out, its own places included."""
    kept: int = 0
    """Of the shared ones and of those of a group, as many are kept for each step of
    urgency: the last level leaves twice as many free, the middle one once."""
    key: int = 1
    """The most that one key may have out."""

    def of(self, groups: int) -> int:
        """Return how many items of so many groups may be out together."""
        return self.shared + self.own * groups


class FairQueue(Generic[G, K, T]):
    """Items by group and key. A key exists as long as it has items, here or out, or is
    held. Groups are few, and stay once they have come.
    """

    __slots__ = (
        "_borrowed",
        "_full",
        "_groups",
        "_places",
        "_size",
        "_spare",
        "_turns",
    )

    def __init__(self, places: Places) -> None:
        self._places = places
        self._groups: dict[G, Group[G, K, T]] = {}
        self._turns: Ring[Group[G, K, T]] = Ring()
        self._full: Ring[Group[G, K, T]] = Ring()
        self._borrowed = 0
        self._size = 0
        # Most chats hold one item at a time: their lanes come and go with every message.
        self._spare: list[Lane[G, K, T]] = []

    def __len__(self) -> int:
        """Count the items that wait; those that are out are not among them."""
        return self._size

    def busy(self, group: G, key: K) -> bool:
        """Return whether *key* has items, or items out, or is held."""
        known = self._groups.get(group)
        return known is not None and key in known.lanes

    @property
    def places(self) -> int:
        """How many items of the groups that are here may be out together."""
        return self._places.shared + self._places.own * len(self._groups)

    @property
    def keys(self) -> int:
        return sum(len(group.lanes) for group in self._groups.values())

    @property
    def ready(self) -> bool:
        """Whether `take` would return something."""
        return self._size > 0 and self._next() is not None

    def push(self, group: G, key: K, item: T, level: int = 1) -> bool:
        """Put an item behind the others of its key.

        False: it has changed nothing for whoever takes. A key that waits already gives no
        more for it, unless it is more urgent than what waits there.
        """
        lane = self._lane(group, key)
        before = lane.level
        lane.push(item, level)
        self._size += 1
        # What `_stand` and `_sit` come to here: a call for each item adds up.
        stands = lane.stands(self._places.key)
        if stands == before:
            return False
        owner = lane.group
        owner.move(lane, stands)
        if owner.seat is not TURN:
            self._sit(owner)
        return owner.seat is TURN

    def push_front(self, group: G, key: K, item: T, level: int = 1) -> None:
        """Give an item back: it is the next one of its key."""
        lane = self._lane(group, key)
        lane.push_front(item, level)
        self._size += 1
        self._stand(lane)

    def push_before(
        self, group: G, key: K, item: T, level: int, younger: Callable[[T], bool]
    ) -> None:
        """Put an item before the first of its key that is *younger*; else as `push` does."""
        lane = self._lane(group, key)
        lane.push_before(item, level, younger)
        self._size += 1
        self._stand(lane)

    def straight(self, group: G, key: K, level: int = 1) -> bool:
        """Count an item as out that need not wait, as if it were pushed and taken at once.

        False, and nothing has happened: others have their turn before it, its key is busy,
        or there is no place.
        """
        if self._turns:
            return False
        known = self._groups.get(group) or Group(group)
        if known.seat is not IDLE or key in known.lanes:
            return False
        if self._level(known, 1 << level) == NOWHERE:
            return False
        self._groups[group] = known
        known.passed[level] = 0
        self._lane(group, key).out = 1
        known.out += 1
        if known.out > self._places.own:
            self._borrowed += 1
        return True

    def take(self) -> tuple[G, K, T] | None:
        """Take the next item; its group and its key go to the end of their rounds."""
        found = self._next()
        if found is None:
            return None
        group, level = found
        if group.gives != 1 << level:
            for other in range(1, LEVELS):
                if group.gives & 1 << other:
                    group.passed[other] += 1
        group.passed[level] = 0
        lane = group.rings[level].first
        item = lane.pop()
        self._size -= 1
        lane.out += 1
        group.out += 1
        if group.out > self._places.own:
            self._borrowed += 1
        group.move(lane, lane.stands(self._places.key))
        if group.gives and group.before is group.after:
            # Alone in its round, it need not leave it. Should there be no place for
            # what it has, `_next` finds that.
            return group.name, lane.key, item
        self._turns.remove(group)
        group.seat = IDLE
        if group.gives:  # else it is where it belongs
            self._sit(group)
        return group.name, lane.key, item

    def done(self, group: G, key: K) -> None:
        """One item of *key* is no longer out."""
        lane = self._groups[group].lanes[key]
        lane.out -= 1
        owner = lane.group
        owner.out -= 1
        if owner.out >= self._places.own:
            self._borrowed -= 1
            if self._full:
                self._pass_on()
        if lane.pushed != lane.taken:
            self._stand(lane)
        elif not lane.out and not lane.held:  # as it is nearly always
            self._leave(lane)
        if owner.gives and owner.seat is not TURN:  # else it is where it belongs
            self._sit(owner)

    def hold(self, group: G, key: K) -> None:
        """Give out nothing of *key* until it is released."""
        lane = self._lane(group, key)
        lane.held = True
        self._stand(lane)

    def free(self, group: G, key: K) -> None:
        """End the hold of *key*."""
        known = self._groups.get(group)
        lane = None if known is None else known.lanes.get(key)
        if lane is not None and lane.held:
            lane.held = False
            self._stand(lane)

    def clear(self) -> list[tuple[G, K, T]]:
        """Take everything that waits, also behind items that are out or keys that are held."""
        taken: list[tuple[G, K, T]] = []
        for group in list(self._groups.values()):
            for lane in list(group.lanes.values()):
                while lane.pushed != lane.taken:
                    taken.append((group.name, lane.key, lane.pop()))
                self._stand(lane)
        self._size = 0
        return taken

    # --- rounds --------------------------------------------------------------------------

    def _lane(self, name: G, key: K) -> Lane[G, K, T]:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        lane = group.lanes.get(key)
        if lane is None:
            if self._spare:
                lane = self._spare.pop()
                lane.group = group
                lane.key = key
            else:
                lane = Lane(group, key)
            group.lanes[key] = lane
        return lane

    def _stand(self, lane: Lane[G, K, T]) -> None:
        """Let a key stand in the round where it belongs now, and its group likewise."""
        group = lane.group
        level = lane.stands(self._places.key)
        if level != lane.level:
            group.move(lane, level)
            self._sit(group)
        if lane.pushed == lane.taken and not lane.out and not lane.held:
            self._leave(lane)

    def _leave(self, lane: Lane[G, K, T]) -> None:
        """There is nothing more of this key."""
        del lane.group.lanes[lane.key]
        if len(self._spare) < SPARE_LANES:
            self._spare.append(lane)

    def _sit(self, group: Group[G, K, T]) -> None:
        """Let a group wait where it belongs now: for its turn, for a place, or nowhere."""
        seat = IDLE
        if group.gives:
            seat = FULL if self._level(group, group.gives) == NOWHERE else TURN
        before = group.seat
        if seat is before:
            return
        if before is not IDLE:
            (self._turns if before is TURN else self._full).remove(group)
        group.seat = seat
        if seat is not IDLE:
            (self._turns if seat is TURN else self._full).append(group)
        elif before is TURN and self._full:
            self._pass_on()  # the place it had in mind is somebody else's now

    def _next(self) -> tuple[Group[G, K, T], int] | None:
        """Return whose turn it is, and with which level."""
        turns = self._turns
        while turns:
            group = turns.first
            level = self._level(group, group.gives)
            if level != NOWHERE:
                return group, level
            self._sit(group)  # others have taken the place it had in mind
        return None

    def _level(self, group: Group[G, K, T], gives: int) -> int:
        """Return which level of *group* gives next, `NOWHERE` if there is no place."""
        places, out = self._places, group.out
        room = places.group - out
        if out >= places.own:
            room = min(room, places.shared - self._borrowed)
        if room <= 0:
            return NOWHERE
        if gives > _FIRST:
            passed = group.passed
            if gives & _LAST and passed[2] >= PASSES[2]:
                return 2
            if gives & _MIDDLE and passed[1] >= PASSES[1]:
                return 1
        if gives & _FIRST:
            return 0
        level = 1 if gives & _MIDDLE else 2
        return level if room > places.kept * level else NOWHERE

    def _pass_on(self) -> None:
        """A shared place is free: it goes to the first who waits and may have it."""
        for group in self._full:
            if self._level(group, group.gives) != NOWHERE:
                self._sit(group)
                return
