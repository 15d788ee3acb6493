"""Fair turns against a naive model, and each of their bounds by itself."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from actors.lanes import FairQueue, Places
from actors.lanes.fair import PASSES
from actors.lanes.lane import LEVELS

GROUPS = st.sampled_from(["qq", "irc", "x"])
KEYS = st.sampled_from("abcd")
LEVEL = st.integers(0, LEVELS - 1)
WITHIN = (None, 6, 16)
"""Takes of its group within which a level gives, as the docstring of `PASSES` says."""
places = st.builds(
    Places,
    own=st.integers(0, 2),
    shared=st.integers(1, 6),
    group=st.integers(2, 6),
    kept=st.integers(0, 1),
    key=st.integers(1, 3),
)

Key = tuple[str, str]
Item = tuple[int, int]
"""Number and level."""


class AgainstLists(RuleBasedStateMachine):
    """B25, B28: order inside a key is kept, a busy key stops no other, places are kept to."""

    def __init__(self) -> None:
        super().__init__()
        self.next = 0
        self.waiting: dict[Key, list[Item]] = {}
        self.out: dict[Key, list[Item]] = {}
        self.held: set[Key] = set()
        self.passed: dict[str, list[int]] = {}

    @initialize(places=places)
    def open(self, places: Places) -> None:
        self.places = places
        self.queue: FairQueue[str, str, Item] = FairQueue(places)

    # --- the model -------------------------------------------------------------------

    def used(self, group: str) -> int:
        return sum(len(items) for (g, _), items in self.out.items() if g == group)

    def giving(self, group: str) -> dict[Key, int]:
        """Keys that would give something if there were a place, and how urgent that is."""
        return {
            key: min(level for _, level in items)
            for key, items in self.waiting.items()
            if key[0] == group
            and items
            and len(self.out.get(key, [])) < self.places.key
            and key not in self.held
        }

    def place(self, group: str, level: int) -> bool:
        used, places = self.used(group), self.places
        borrowed = sum(max(0, self.used(g) - places.own) for g in self.passed)
        if used >= places.group - places.kept * level:
            return False
        return used < places.own or borrowed < places.shared - places.kept * level

    def takeable(self) -> dict[Key, int]:
        return {
            key: level
            for group, passed in self.passed.items()
            for key, level in self.giving(group).items()
            if self.place(group, 0 if passed[level] >= PASSES[level] else level)
        }

    # --- the rules -------------------------------------------------------------------

    @rule(group=GROUPS, key=KEYS, level=LEVEL)
    def push(self, group: str, key: str, level: int) -> None:
        before = self.takeable()
        self.next += 1
        item = (self.next, level)
        self.passed.setdefault(group, [0] * LEVELS)
        self.waiting.setdefault((group, key), []).append(item)
        one_more = self.queue.push(group, key, item, level)
        if (group, key) in before:
            assert not one_more or level < before[group, key]
        elif (group, key) in self.takeable():
            assert one_more

    @rule(group=GROUPS, key=KEYS, level=LEVEL)
    def straight(self, group: str, key: str, level: int) -> None:
        """As good as pushed and taken: only where nothing else could be taken before."""
        named = (group, key)
        passed = self.passed.get(group, [0] * LEVELS)
        alone = not (
            self.takeable()
            or self.giving(group)
            or self.waiting.get(named)
            or self.out.get(named)
            or named in self.held
        )
        went = self.queue.straight(group, key, level)
        aged = passed[level] >= PASSES[level] > 0
        if went or not aged:  # where it has aged it may as well be pushed and taken
            assert went == (alone and self.place(group, level))
        if went:
            self.next += 1
            self.passed[group] = passed
            passed[level] = 0
            self.out.setdefault(named, []).append((self.next, level))

    @rule()
    def take(self) -> None:
        possible = self.takeable()
        taken = self.queue.take()
        if taken is None:
            assert not possible
            return
        group, name, item = taken
        key = (group, name)
        assert key in possible
        giving = self.giving(group)
        passed = self.passed[group]
        for level in range(1, LEVELS):
            if level in giving.values() and level != giving[key]:
                passed[level] += 1
                assert passed[level] < WITHIN[level]  # type: ignore[operator]
        passed[giving[key]] = 0
        assert item == self.waiting[key].pop(0)
        self.out.setdefault(key, []).append(item)

    @precondition(lambda self: any(self.out.values()))
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(k for k, v in self.out.items() if v)))
        self.out[key].pop()
        self.queue.done(*key)

    @precondition(lambda self: any(self.out.values()))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(k for k, v in self.out.items() if v)))
        item = self.out[key].pop()
        self.waiting.setdefault(key, []).insert(0, item)
        self.queue.push_front(*key, item, item[1])
        self.queue.done(*key)

    @rule(group=GROUPS, key=KEYS)
    def hold(self, group: str, key: str) -> None:
        self.passed.setdefault(group, [0] * LEVELS)
        self.held.add((group, key))
        self.queue.hold(group, key)

    @rule(group=GROUPS, key=KEYS)
    def free(self, group: str, key: str) -> None:
        self.held.discard((group, key))
        self.queue.free(group, key)

    @rule()
    def clear(self) -> None:
        cleared = {
            (group, key, item)
            for (group, key), items in self.waiting.items()
            for item in items
        }
        assert set(self.queue.clear()) == cleared
        self.waiting.clear()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "queue"):
            return
        queue, places = self.queue, self.places
        assert len(queue) == sum(map(len, self.waiting.values()))
        assert queue.ready == bool(self.takeable())
        alive = {
            key
            for key in {*self.waiting, *self.out, *self.held}
            if self.waiting.get(key) or self.out.get(key) or key in self.held
        }
        assert queue.keys == len(alive)  # memory follows what is there
        assert all(queue.busy(*key) for key in alive)
        used = [self.used(group) for group in self.passed]
        assert max(used, default=0) <= places.group
        assert sum(used) <= places.of(len(self.passed)) == queue.places


TestAgainstLists = AgainstLists.TestCase
TestAgainstLists.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)


def endless(shared: int = 10**9) -> Places:
    return Places(own=0, shared=shared, group=shared, key=shared)


def taken(queue: FairQueue[str, str, int], takes: int) -> list[tuple[str, str]]:
    found = [queue.take() for _ in range(takes)]
    return [(one[0], one[1]) for one in found if one is not None]


def test_a_flood_on_one_platform_costs_another_one_take_each() -> None:
    """B24, law 4: of g groups each gives once in g takes, however much one of them has."""
    queue: FairQueue[str, str, int] = FairQueue(endless())
    for n in range(50):
        queue.push("noisy", str(n), n, 0)
    queue.push("quiet", "a", 1, 2)
    queue.push("quiet", "b", 1, 1)

    order = [group for group, _ in taken(queue, 5)]

    assert order == ["noisy", "quiet", "noisy", "quiet", "noisy"]


def test_what_is_urgent_goes_first_and_so_does_what_stands_before_it() -> None:
    """B25: an urgent item does not overtake its own chat, it takes it along."""
    queue: FairQueue[str, str, int] = FairQueue(endless())
    for key in "ab":
        queue.push("qq", key, 1, 1)
    queue.push("qq", "late", 1, 2)
    queue.push("qq", "late", 2, 0)

    assert [key for _, key in taken(queue, 4)] == ["late", "late", "a", "b"]


@given(
    urgent=st.integers(0, 3),
    normal=st.integers(0, 3),
    bulk=st.integers(1, 3),
    groups=st.integers(1, 3),
)
def test_nothing_starves(urgent: int, normal: int, bulk: int, groups: int) -> None:
    """B24: with endless floods, the bound of the docstring holds for every single key."""
    queue: FairQueue[str, str, int] = FairQueue(endless())
    counts = (urgent, normal, bulk)
    names = {
        f"{level}{n}": level for level, count in enumerate(counts) for n in range(count)
    }
    all_groups = [str(n) for n in range(groups)]
    for name in all_groups:
        for key, level in names.items():
            for n in range(200):
                queue.push(name, key, n, level)
    last = {(name, key): 0 for name in all_groups for key in names}
    for at, (group, key) in enumerate(taken(queue, 200), start=1):
        last[group, key] = at
        for (_, waits), since in last.items():
            level = names[waits]
            within = (WITHIN[level] or 16) * counts[level] * groups
            assert at - since <= within, (waits, counts)


def test_the_first_level_has_eleven_of_sixteen() -> None:
    queue: FairQueue[str, str, int] = FairQueue(endless())
    for n in range(300):
        for level in range(LEVELS):
            queue.push("qq", str(level), n, level)

    order = [int(key) for _, key in taken(queue, 300)]

    for start in range(len(order) - 16):
        assert order[start : start + 16].count(0) >= 11


def test_who_never_comes_back_keeps_nobody_from_being_served() -> None:
    """Law 4: with everything shared gone, each group still has places of its own."""
    queue: FairQueue[str, str, int] = FairQueue(
        Places(own=2, shared=10, group=8, key=100)
    )
    for noisy in ("one", "two", "three"):
        for n in range(50):
            queue.push(noisy, str(n), n)
    assert len(taken(queue, 200)) == 10 + 3 * 2

    for n in range(3):
        queue.push("quiet", "a", n)

    assert taken(queue, 5) == [("quiet", "a")] * 2


def test_places_are_kept_for_what_is_urgent() -> None:
    """Law 3: handlers that hang do not keep an operator's command from being served."""
    queue: FairQueue[str, str, int] = FairQueue(
        Places(own=0, shared=10, group=10, kept=2)
    )
    for n in range(50):
        queue.push("qq", f"bulk{n}", n, 2)
    assert len(taken(queue, 50)) == 6
    queue.push("qq", "normal", 1, 1)
    queue.push("qq", "urgent", 1, 0)
    assert taken(queue, 5) == [("qq", "urgent"), ("qq", "normal")]


def test_a_place_that_is_not_taken_goes_to_the_next_who_waits() -> None:
    """Law 4: a group that was given the free place has nothing to give any more."""
    queue: FairQueue[str, str, int] = FairQueue(Places(own=0, shared=1, group=1))
    for group in ("out", "one", "two"):
        queue.push(group, "a", 1)
    assert taken(queue, 5) == [("out", "a")]
    queue.done("out", "a")
    queue.hold("one", "a")
    assert queue.ready
    assert taken(queue, 5) == [("two", "a")]


def test_what_is_urgent_stays_so_behind_what_is_put_before_it() -> None:
    """Law 3: an event that begins again, before one that it is older than."""
    queue: FairQueue[str, str, int] = FairQueue(endless())
    queue.push("qq", "a", 2, 2)
    queue.push("qq", "a", 3, 0)
    queue.push("qq", "a", 4, 1)
    queue.push_before("qq", "a", 1, 2, lambda other: other > 1)
    for n in range(5):
        queue.push("qq", "bulk", n, 2)
        queue.push("qq", "b", n, 1)
    assert [key for _, key in taken(queue, 5)] == ["a", "a", "a", "b", "a"]


def test_what_has_aged_may_use_the_places_that_are_kept() -> None:
    """B24: or a flood of urgent items, which always find a place, would starve it."""
    queue: FairQueue[str, str, int] = FairQueue(
        Places(own=0, shared=3, group=3, kept=1)
    )
    for n in range(100):
        queue.push("qq", f"urgent{n}", n, 0)
    queue.push("qq", "bulk", 1, 2)
    order: list[str] = []
    while "bulk" not in order:
        found = queue.take()
        if found is None:
            queue.done("qq", order[-1])
        else:
            order.append(found[1])
    assert len(order) <= 16


def per_key(counts: Sequence[int]) -> float:
    tracemalloc.start()
    queue: FairQueue[str, int, int] = FairQueue(endless())
    before, _ = tracemalloc.get_traced_memory()
    for key in range(10_000):
        for n in counts:
            queue.push("qq", key, n)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / 10_000


def test_a_chat_with_one_message_costs_little() -> None:
    """Measured, because a hundred thousand chats of a platform may wait."""
    assert per_key([1]) < 300


def test_a_chat_that_hangs_keeps_nothing_of_those_that_came_and_went() -> None:
    """Law 9: found by chaining removed neighbours of a key whose item never came back."""
    queue: FairQueue[str, int, int] = FairQueue(endless())
    for key in range(100):
        queue.push("qq", key, 1)
    queue.take()
    tracemalloc.start()
    for turn in range(1, 100):  # there are always some waiting, and never the same
        for key in range(turn * 1_000, turn * 1_000 + 200):
            queue.push("qq", key, 1)
        for found in [queue.take() for _ in range(200)]:
            assert found is not None
            queue.done(found[0], found[1])
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 300_000
