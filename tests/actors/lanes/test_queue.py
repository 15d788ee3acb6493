"""Keyed queues against a naive model: order per key, turns, bounds."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from actors.lanes import KeyedQueue

KEYS = st.sampled_from("abcd")


class AgainstLists(RuleBasedStateMachine):
    """B25, B28: order inside a key is always kept, and a busy key stops no other."""

    def __init__(self) -> None:
        super().__init__()
        self.next = 0
        self.waiting: dict[str, list[int]] = {}
        self.out: dict[str, list[int]] = {}
        self.held: set[str] = set()

    @initialize(width=st.integers(1, 3))
    def open(self, width: int) -> None:
        self.width = width
        self.queue: KeyedQueue[str, int] = KeyedQueue(width)

    def takeable(self) -> set[str]:
        return {
            key
            for key, items in self.waiting.items()
            if items
            and len(self.out.get(key, [])) < self.width
            and key not in self.held
        }

    @rule(key=KEYS)
    def push(self, key: str) -> None:
        before = key in self.takeable()
        self.next += 1
        self.waiting.setdefault(key, []).append(self.next)
        became_ready = self.queue.push(key, self.next)
        assert became_ready == (not before and key in self.takeable())

    @rule()
    def take(self) -> None:
        possible = self.takeable()
        taken = self.queue.take()
        if taken is None:
            assert not possible
            return
        key, item = taken
        assert key in possible
        assert item == self.waiting[key].pop(0)
        self.out.setdefault(key, []).append(item)

    @rule(again=st.integers(1, 3))
    def take_and_put_back(self, again: int) -> None:
        """As if nothing had happened: the same one is the next, however often."""
        for _ in range(again):
            taken = self.queue.take()
            assert (taken is None) == (not self.takeable())
            if taken is None:
                return
            key, item = taken
            assert item == self.waiting[key][0]
            self.queue.put_back(key, item)
            again_taken = self.queue.take()
            assert again_taken == taken
            self.queue.put_back(key, item)

    @precondition(lambda self: any(self.out.values()))
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(k for k, v in self.out.items() if v)))
        self.out[key].pop()
        self.queue.done(key)

    @precondition(lambda self: any(self.out.values()))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(k for k, v in self.out.items() if v)))
        item = self.out[key].pop()
        self.waiting.setdefault(key, []).insert(0, item)
        self.queue.push_front(key, item)
        self.queue.done(key)

    @rule(key=KEYS)
    def hold(self, key: str) -> None:
        self.held.add(key)
        self.queue.hold(key)

    @rule(key=KEYS)
    def free(self, key: str) -> None:
        self.held.discard(key)
        self.queue.free(key)

    @rule(key=KEYS, data=st.data())
    def discard(self, key: str, data: st.DataObject) -> None:
        items = self.waiting.get(key, [])
        item = data.draw(st.sampled_from([*items, -1]))
        assert self.queue.discard(key, item) == (item in items)
        if item in items:
            items.remove(item)

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "queue"):
            return
        assert len(self.queue) == sum(map(len, self.waiting.values()))
        assert self.queue.ready == bool(self.takeable())
        alive = {
            key
            for key in "abcd"
            if self.waiting.get(key) or self.out.get(key) or key in self.held
        }
        assert self.queue.keys == len(alive)  # memory follows what is there


TestAgainstLists = AgainstLists.TestCase
TestAgainstLists.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)


def test_keys_take_turns() -> None:
    """B24: a key with a long queue does not starve one with a short one."""
    queue: KeyedQueue[str, int] = KeyedQueue(width=100)
    for n in range(50):
        queue.push("noisy", n)
    queue.push("quiet", 1)

    order = [taken[0] for _ in range(3) if (taken := queue.take()) is not None]

    assert order == ["noisy", "quiet", "noisy"]
