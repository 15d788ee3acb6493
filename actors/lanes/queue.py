"""Keyed queues: first in, first out per key; keys take turns. Pure bookkeeping.

Three places are this same shape: new events per chat, things to say per chat, and
the work of a bot per chat. In each, an item that is *out* keeps its key from giving
out more than *width* items at a time, and a key that is *held* gives out none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")

SPARE_LANES = 64


class _Lane(Generic[K, T]):
    __slots__ = ("held", "items", "key", "out", "ready")

    def __init__(self, key: K) -> None:
        self.key = key
        self.items: deque[T] = deque()
        self.out = 0
        self.held = False
        self.ready = False


class KeyedQueue(Generic[K, T]):
    """Items by key. A key exists as long as it has items, or items out, or is held."""

    __slots__ = ("_lanes", "_ready", "_size", "_spare", "_width")

    def __init__(self, width: int = 1) -> None:
        self._width = width
        self._lanes: dict[K, _Lane[K, T]] = {}
        self._ready: deque[_Lane[K, T]] = deque()
        self._size = 0
        self._spare: list[_Lane[K, T]] = []

    def __len__(self) -> int:
        """Count the items that wait; those that are out are not among them."""
        return self._size

    def __contains__(self, key: K) -> bool:
        """Return whether *key* has items, or items out, or is held."""
        return key in self._lanes

    @property
    def keys(self) -> int:
        return len(self._lanes)

    @property
    def ready(self) -> bool:
        """Whether `take` would return something."""
        return bool(self._ready)

    def push(self, key: K, item: T) -> bool:
        """Put an item behind the others of its key; say whether one more can be taken."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._open(key)
        lane.items.append(item)
        self._size += 1
        return not lane.ready and self._offer(lane)

    def push_front(self, key: K, item: T) -> None:
        """Give an item back: it is the next one of its key."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._open(key)
        lane.items.appendleft(item)
        self._size += 1
        if not lane.ready:
            self._offer(lane)

    def push_before(self, key: K, item: T, younger: Callable[[T], bool]) -> bool:
        """Put an item before the first of its key that is *younger*; else as `push` does."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._open(key)
        places = (n for n, other in enumerate(lane.items) if younger(other))
        lane.items.insert(next(places, len(lane.items)), item)
        self._size += 1
        return not lane.ready and self._offer(lane)

    def take(self) -> tuple[K, T] | None:
        """Take the next item; its key goes to the end of the round."""
        if not self._ready:
            return None
        lane = self._ready.popleft()
        item = lane.items.popleft()
        self._size -= 1
        lane.out += 1
        lane.ready = False
        if lane.items:
            self._offer(lane)
        return lane.key, item

    def put_back(self, key: K, item: T) -> None:
        """Undo a `take`: the next one of its key again, and its key the next in turn."""
        lane = self._lanes[key]
        lane.items.appendleft(item)
        self._size += 1
        lane.out -= 1
        if lane.ready:
            self._ready.remove(lane)
        if not lane.held:
            lane.ready = True
            self._ready.appendleft(lane)

    def done(self, key: K) -> None:
        """One item of *key* is no longer out."""
        lane = self._lanes[key]
        lane.out -= 1
        self._settle(lane)

    def hold(self, key: K) -> None:
        """Give out nothing of *key* until it is released."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._open(key)
        lane.held = True
        if lane.ready:
            lane.ready = False
            self._ready.remove(lane)

    def free(self, key: K) -> None:
        """End the hold of *key*."""
        lane = self._lanes.get(key)
        if lane is not None and lane.held:
            lane.held = False
            self._settle(lane)

    def discard(self, key: K, item: T) -> bool:
        """Remove a waiting item, by identity or equality. Cheap near the front."""
        lane = self._lanes.get(key)
        if lane is None or item not in lane.items:
            return False
        lane.items.remove(item)
        self._size -= 1
        if not lane.items and lane.ready:
            lane.ready = False
            self._ready.remove(lane)
        self._settle(lane)
        return True

    def clear(self) -> list[tuple[K, T]]:
        """Take everything that waits, also behind items that are out or keys that are held."""
        lanes = list(self._lanes.values())
        taken = [(lane.key, item) for lane in lanes for item in lane.items]
        self._ready.clear()
        self._size = 0
        for lane in lanes:
            lane.items.clear()
            lane.ready = False
            self._settle(lane)
        return taken

    def _open(self, key: K) -> _Lane[K, T]:
        # Most chats hold one item at a time: their lanes come and go with every
        # message, and a deque is dear to make.
        if self._spare:
            lane = self._spare.pop()
            lane.key = key
        else:
            lane = _Lane(key)
        self._lanes[key] = lane
        return lane

    def _settle(self, lane: _Lane[K, T]) -> None:
        if lane.items:
            if not lane.ready:
                self._offer(lane)
        elif not lane.out and not lane.held:
            del self._lanes[lane.key]
            if len(self._spare) < SPARE_LANES:
                self._spare.append(lane)

    def _offer(self, lane: _Lane[K, T]) -> bool:
        if lane.out >= self._width or lane.held:
            return False
        lane.ready = True
        self._ready.append(lane)
        return True
