"""When an account may dial. All of a host's accounts share one gate, so that they do not
dial at the same instant after a start, or when the network is back.
"""

from __future__ import annotations

from typing import Final

import trio

SPACING_SECONDS: Final = 0.05
"""Twenty dials a second: a hundred accounts are up after five."""


class DialGate:
    """Lets one account dial every *spacing* seconds, first come, first served."""

    def __init__(self, spacing: float = SPACING_SECONDS) -> None:
        self._spacing = spacing
        self._next = float("-inf")

    async def turn(self) -> None:
        """Wait for one's turn to dial. Where nobody else dials it is at once."""
        at = self.reserve(trio.current_time())
        await trio.sleep_until(at)

    def reserve(self, now: float) -> float:
        """Return when whoever asks at *now* may dial, in monotonic seconds.

        Pure but for remembering it.
        """
        at = max(now, self._next)
        self._next = at + self._spacing
        return at
