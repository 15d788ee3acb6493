"""Deadlines of the items in hand: each is a number, and one task sleeps for all of them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import trio


class Hourglass:
    """Sleeps until the earliest deadline it has heard of, then asks which have passed.

    An item that ends in time costs nothing here: its deadline is simply no longer there
    when the sleeper looks. So it looks at most once per shortest deadline, and an idle
    host never wakes for it.
    """

    __slots__ = ("_broken", "_due", "_scope", "next_at")

    def __init__(self, due: Callable[[float], float]) -> None:
        """*due(now)* ends what is over time and returns the next deadline, or `inf`."""
        self._due = due
        self.next_at = inf
        """When it looks; later deadlines need not be set."""
        self._scope: trio.CancelScope | None = None
        self._broken = False

    def set(self, deadline: float) -> None:
        """Make sure that *deadline* is looked at."""
        if deadline < self.next_at:
            self.next_at = deadline
            if self._scope is not None:
                self._scope.deadline = deadline

    def smash(self) -> None:
        """End `run`: nothing will be due any more."""
        self._broken = True
        if self._scope is not None:
            self._scope.cancel(reason="nothing is due any more")

    async def run(self) -> None:
        """Sleep and look, until `smash`."""
        while not self._broken:
            with trio.CancelScope(deadline=self.next_at) as self._scope:
                await trio.sleep_forever()
            self._scope = None
            # Deadlines that are set while `due` runs must not be overlooked.
            self.next_at = inf
            self.set(self._due(trio.current_time()))
