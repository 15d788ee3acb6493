"""Who may join a room now: a few at once, and only one for each user and each server.

A server far away can make each attempt long. Whoever invites us into many rooms waits
behind himself; everybody else goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import trio

from platforms.matrix.config import server_of


class Turns:
    """The turns of one session."""

    def __init__(self, at_once: int) -> None:
        self._all = trio.CapacityLimiter(at_once)
        # Each lives while somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, trio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, user: str) -> AsyncIterator[None]:
        """Wait until an errand of *user* may go; it has its turn while the block lasts."""
        # The common places last: while one waits for them, he holds only what is his own.
        async with (
            self._lock(f"user {user}"),
            self._lock(f"server {server_of(user)}"),
            self._all,
        ):
            yield

    def _lock(self, name: str) -> trio.Lock:
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = trio.Lock()
        return lock
