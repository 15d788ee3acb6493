"""Frames that cannot be read: counted always, told about once in a while.

A peer that sends rubbish must not fill the log with it. Pure but for the log line.
"""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

WINDOW_SECONDS = 60.0
SHOWN_CHARS = 200


class Refusals:
    """The refused frames of one account. The first is logged at once, then a line per window."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self.count = 0
        """Since the session began."""
        self._logged = 0
        self._quiet_until = float("-inf")

    def refuse(self, raw: str | bytes, why: str, now: float) -> None:
        """Note that *raw* could not be read at *now* (monotonic seconds)."""
        self.count += 1
        if now < self._quiet_until:
            return
        self._quiet_until = now + WINDOW_SECONDS
        self._log.warning(
            "frame.refused",
            why=why,
            frame=repr(raw[:SHOWN_CHARS]),
            size=len(raw),
            refused=self.count - self._logged,
        )
        self._logged = self.count
