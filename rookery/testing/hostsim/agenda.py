"""Calls that are due at an instant: frames that are on their way, for one."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

import trio


class Agenda:
    """Calls at instants, first come first served where instants are equal."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._scope: trio.CancelScope | None = None

    def at(self, instant: float, call: Callable[[], None]) -> None:
        """Have *call* called at *instant*."""
        heapq.heappush(self._heap, (instant, next(self._order), call))
        if self._scope is not None and instant < self._scope.deadline:
            self._scope.deadline = instant

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Have *call* called in so many seconds."""
        self.at(trio.current_time() + seconds, call)

    async def run(self) -> None:
        """Make the calls, for ever."""
        while True:
            while self._heap and self._heap[0][0] <= trio.current_time():
                _, _, call = heapq.heappop(self._heap)
                call()
            until = self._heap[0][0] if self._heap else float("inf")
            with trio.CancelScope(deadline=until) as self._scope:
                await trio.sleep_forever()
            self._scope = None
