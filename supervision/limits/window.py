"""Verdicts of the last so many seconds, counted. Pure.

A ring of counters, not a list of calls: what it costs does not depend on how many
calls there were. The price is that the oldest counter is dropped as a whole, so the
window is between nine and ten tenths of its length.
"""

from __future__ import annotations

from attrs import define, frozen

SLOTS = 10


@frozen
class Totals:
    """What the window holds: calls with a verdict, and which of them went wrong."""

    calls: int = 0
    failures: int = 0
    slow: int = 0


@define
class _Slot:
    calls: int = 0
    failures: int = 0
    slow: int = 0


class Window:
    """Counts calls, failures and slow calls of about the last *seconds*."""

    def __init__(self, seconds: float) -> None:
        self._slot_seconds = seconds / SLOTS
        self._slots = [_Slot() for _ in range(SLOTS)]
        self._newest: int | None = None
        self._calls = self._failures = self._slow = 0

    def add(self, now: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at *now*."""
        slot = self._slots[self._forget(now) % SLOTS]
        slot.calls += 1
        slot.failures += failed
        slot.slow += slow
        self._calls += 1
        self._failures += failed
        self._slow += slow

    def totals(self, now: float) -> Totals:
        """Return what the window holds at *now*."""
        self._forget(now)
        return Totals(self._calls, self._failures, self._slow)

    def _forget(self, now: float) -> int:
        """Drop the slots that are too old; return the number of the newest one."""
        index = int(now // self._slot_seconds)
        newest = self._newest
        if newest is None:
            newest = self._newest = index
        # A long silence empties each slot once, however long it was.
        for stale in range(max(newest + 1, index - SLOTS + 1), index + 1):
            slot = self._slots[stale % SLOTS]
            self._calls -= slot.calls
            self._failures -= slot.failures
            self._slow -= slot.slow
            self._slots[stale % SLOTS] = _Slot()
        self._newest = max(newest, index)
        return self._newest
