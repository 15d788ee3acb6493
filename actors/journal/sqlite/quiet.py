"""Says when nobody has come for a while. One task watches, however often somebody comes.

A deadline for each time somebody comes would cost more than what they bring.
"""

from __future__ import annotations

from collections.abc import Callable

import trio


class Quiet:
    """Rings once nobody has called `begin` for so many seconds."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float],
        *,
        wanted: Callable[[], bool],
        ring: Callable[[], None],
    ) -> None:
        """Watch nothing yet.

        Args:
            seconds: For how long `begin` must not be called.
            clock: Monotonic seconds.
            wanted: Is there anything to do once it is quiet?
            ring: Called when it has been quiet. A plain function.
        """
        self._seconds = seconds
        self._clock = clock
        self._wanted = wanted
        self._ring = ring
        self._since = 0.0
        self._asleep = trio.lowlevel.ParkingLot()

    def begin(self) -> None:
        """Begin to count anew: somebody has come, or there is something to do later."""
        self._since = self._clock()
        if self._asleep and self._wanted():
            self._asleep.unpark_all()

    async def watch(self, scope: trio.CancelScope) -> None:
        """Ring each time it has been quiet, until *scope* is cancelled."""
        with scope:
            while True:
                while not self._wanted():
                    await self._asleep.park()
                since = self._since
                await trio.sleep(max(0.0, since + self._seconds - self._clock()))
                if since == self._since and self._wanted():
                    self._ring()
                    await self._asleep.park()
