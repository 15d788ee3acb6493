"""Sockets that dialled us and wait for their account's session to take them.

The slot of an account outlives the incarnations of its connection: a peer that comes
while the connection sleeps in its backoff is kept here, not turned away. Per role the
newest one wins, whether it was taken or not, and every removal compares identity, so a
dead one that is cleaned up late cannot evict its successor.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import trio

TAKEN_OVER = "a newer connection of this account and role took over"


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
    """The slot of one account."""

    def __init__(self) -> None:
        self._waiting: dict[str, V] = {}
        self._changed = trio.Event()
        self.attended = False
        """An incarnation is here and takes whoever comes."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, visitor: V) -> None:
        """Let *visitor* wait to be taken; an older one of its role is dismissed."""
        older = self._waiting.get(visitor.role)
        self._waiting[visitor.role] = visitor
        if older is not None:
            older.dismiss(TAKEN_OVER)
        self._change()

    def waits(self, visitor: V) -> bool:
        return self._waiting.get(visitor.role) is visitor

    def withdraw(self, visitor: V) -> None:
        """*visitor* left before anybody took it. Its successor stays."""
        if self.waits(visitor):
            del self._waiting[visitor.role]
            self._change()

    def take(self) -> V | None:
        """Return the one who waits longest, or `None`."""
        for role in self._waiting:
            visitor = self._waiting.pop(role)
            self._change()
            return visitor
        return None

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

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
