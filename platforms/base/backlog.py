"""Events that were read and not yet handed out: bounded, in order, one taker.

Bounded by number and by size, since one frame may be as large as four megabytes.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import trio

MAX_EVENTS = 1000
MAX_BYTES = 16 * 2**20
FAIRNESS = 32
"""Events that are taken without a pause, at most: the rest of the host wants a turn."""

F = TypeVar("F")


class Backlog(Generic[F]):
    """Events of one socket: the reader puts them and waits for room, the session takes them."""

    def __init__(self) -> None:
        self._events: deque[tuple[F, int]] = deque()
        self._bytes = 0
        self._taken = 0
        self._closed = False
        self._waits = False
        self._changed = trio.lowlevel.ParkingLot()

    @property
    def awaited(self) -> bool:
        """Whether the session waits here for the next event, with none in hand."""
        return self._waits

    @property
    def full(self) -> bool:
        return len(self._events) >= MAX_EVENTS or self._bytes >= MAX_BYTES

    def put(self, event: F, size: int) -> None:
        """Add *event* at the end; never waits. Ask for `room` before."""
        self._waits = False
        self._events.append((event, size))
        self._bytes += size
        self._changed.unpark_all()

    async def room(self) -> None:
        """Wait until it is not full."""
        while self.full:
            await self._changed.park()

    async def take(self) -> F:
        """Return the oldest event.

        Raises:
            trio.EndOfChannel: it is empty and was closed.
        """
        while not self._events:
            if self._closed:
                raise trio.EndOfChannel
            self._taken = 0
            self._waits = True
            try:
                await self._changed.park()
            finally:
                self._waits = False
        self._taken += 1
        if self._taken >= FAIRNESS:
            self._taken = 0
            await trio.lowlevel.checkpoint()
        return self._pop()

    def take_all(self, at_most: int = MAX_EVENTS) -> list[F]:
        """Return what is here at once, up to *at_most* events; never waits."""
        return [self._pop() for _ in range(min(at_most, len(self._events)))]

    def close(self) -> None:
        """Nothing more will be put."""
        self._closed = True
        self._changed.unpark_all()

    def _pop(self) -> F:
        if self.full:
            self._changed.unpark_all()
        event, size = self._events.popleft()
        self._bytes -= size
        return event
