"""Sockets that dialled us and wait for their account's session to take them.

This queue outlives the incarnations of the connection: a peer that comes while the
connection sleeps in its backoff is kept here, not turned away. Visitors are taken in the
order in which they came. So of each role the newest wins in the end, and what an older one
has said is heard before that. They are removed by identity, so that a dead one that is
cleaned up late cannot evict its successor.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

import trio

TAKEN_OVER = "a newer connection of this account and role took over"
MAX_WAITING = 8
"""So many of each role wait; when one more comes, the oldest is dismissed unheard."""


class Visitor(Protocol):
    """Somebody who dialled us."""

    @property
    def role(self) -> str:
        """One socket per role lives in a session; a newer one ends the older."""
        ...

    def dismiss(self, why: str) -> None:
        """End the socket soon; never waits."""
        ...


V = TypeVar("V", bound=Visitor)


class Visitors(Generic[V]):
    """Those who wait for one account's session."""

    def __init__(self) -> None:
        self._waiting: deque[V] = deque()
        self._changed = trio.Event()
        self.attended = False
        """A session is here that takes whoever comes."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, visitor: V) -> None:
        """Let *visitor* wait to be taken, behind those who came before."""
        older = [each for each in self._waiting if each.role == visitor.role]
        if len(older) >= MAX_WAITING:
            self._remove(older[0])
            older[0].dismiss(TAKEN_OVER)
        self._waiting.append(visitor)
        self._change()

    def put_back(self, visitor: V) -> None:
        """Let *visitor*, who was taken and could not stay, be the first again."""
        self._waiting.appendleft(visitor)
        self._change()

    def waits(self, visitor: V) -> bool:
        return any(each is visitor for each in self._waiting)

    def withdraw(self, visitor: V) -> None:
        """Take *visitor* out, which left before anybody took it. Others stay."""
        if self.waits(visitor):
            self._remove(visitor)
            self._change()

    def take(self) -> V | None:
        """Return the one who waits longest, or `None`."""
        if not self._waiting:
            return None
        visitor = self._waiting.popleft()
        self._change()
        return visitor

    async def next(self) -> V:
        """Wait for somebody and take them."""
        while (visitor := self.take()) is None:
            await self._changed.wait()
        return visitor

    async def taken(self, visitor: V, within: float) -> bool:
        """Wait up to *within* seconds; say whether *visitor* no longer waits."""
        with trio.move_on_after(within):
            while self.waits(visitor):
                await self._changed.wait()
        return not self.waits(visitor)

    def _remove(self, visitor: V) -> None:
        self._waiting = deque(each for each in self._waiting if each is not visitor)

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
