"""Whose turn it is, where somebody far away can make each one long.

A few go at once, and only one for each user and each server that ask for it: whoever asks
for much waits behind himself, and everybody else goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import trio

from platforms.matrix.config import server_of


class Turns:
    """Those of one session."""

    def __init__(self, at_once: int) -> None:
        self._all = trio.CapacityLimiter(at_once)
        # Each lives while somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, trio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, user: str) -> AsyncIterator[None]:
        """Wait for one that *user* has asked for, and have it while the block lasts."""
        # In this order: who waits for the last of them holds up nobody but his own.
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
