"""Timers: messages to oneself, later. They die with the incarnation that made them."""

from __future__ import annotations

from math import inf, nextafter
from typing import TYPE_CHECKING

from actors.kernel.envelope import Slot

if TYPE_CHECKING:
    from actors.kernel.alarms import Alarm
    from actors.kernel.incarnation import Incarnation


class Timer(Slot):
    """A message to its owner, once or again and again, through one reserved slot.

    While a tick still waits to be handled the next ones are skipped, and counted.
    """

    __slots__ = (
        "_alarm",
        "_message",
        "_owner",
        "_period",
        "_trace",
        "_waiting",
        "done",
        "skipped",
    )

    def __init__(
        self,
        owner: Incarnation,
        message: object,
        first: float,
        period: float | None,
        trace: str,
    ) -> None:
        owner.cell.reserve()
        self._owner = owner
        self._message = message
        self._period = period
        self._trace = trace if period is None else ""
        self._waiting = False
        self.done = False
        self.skipped = 0
        """Ticks left out: the one before still waited to be handled, or they were too late."""
        system = owner.cell.system
        self._alarm: Alarm = system.alarms.at(system.clock() + first, self._fire)

    def cancel(self) -> None:
        """Stop it. A tick that is already in the mailbox still comes."""
        if not self.done:
            self.done = True
            self._alarm.cancel()
            self._leave()
            if not self._waiting:
                self._owner.cell.release()

    @property
    def in_use(self) -> bool:
        """Whether the life that it belongs to still goes on."""
        return self._owner.reason is None

    def taken(self) -> None:
        self._waiting = False
        if self.done:
            self._owner.cell.release()

    def _fire(self) -> None:
        owner = self._owner
        if not self.in_use:
            return
        if self._period is None:
            self.done = True
            self._leave()
        else:
            at = self._next(self._alarm.at + self._period, self._period)
            self._alarm = owner.cell.system.alarms.at(at, self._fire)
        if self._waiting:
            self.skipped += 1
            return
        self._waiting = True
        trace = self._trace or owner.cell.system.new_id()
        owner.cell.notify(self._message, trace, self)

    def _next(self, at: float, period: float) -> float:
        """Return *at*, or the first instant after it that is still to come.

        What the loop was too late for is skipped all at once: if a period is shorter
        than it takes to skip it, nothing else would ever run.
        """
        now = self._owner.cell.system.clock()
        if at > now:
            return at
        missed = min((now - at) // period + 1, 2.0**63)
        self.skipped += int(missed)
        return max(at + missed * period, nextafter(now, inf))

    def _leave(self) -> None:
        if self._owner.timers is not None:
            self._owner.timers.pop(self, None)
