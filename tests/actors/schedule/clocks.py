"""Cron as a person would do it: look at the clock each minute. Slow, and easy to check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = 60


def field(text: str, lowest: int, highest: int) -> set[int]:
    """Read `*`, `5`, `1-5`, `*/15`, `1-9/2` and lists of them."""
    found: set[int] = set()
    for term in text.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        begin = lowest if span == "*" else int(first)
        if span == "*":
            end = highest
        elif last:
            end = int(last)
        else:
            end = highest if step else begin
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


class Naive:
    """One expression on the clocks of one zone."""

    def __init__(self, expression: str, tz: str) -> None:
        minute, hour, day, month, weekday = expression.split()
        self._minutes = field(minute, 0, 59)
        self._hours = field(hour, 0, 23)
        self._days = field(day, 1, 31)
        self._months = field(month, 1, 12)
        self._weekdays = {number % 7 for number in field(weekday, 0, 7)}
        self._zone = ZoneInfo(tz)
        # Cron's own rules: only runs at set times are moved when clocks are changed,
        # and of two days that are named one is enough.
        self._moved = minute[0] != "*" and hour[0] != "*"
        self._both_days = day[0] == "*" or weekday[0] == "*"

    def due(self, after: int, until: int) -> Iterator[int]:
        """Yield every minute later than *after*, up to *until*, that it is due in."""
        for at in range(after - after % MINUTE + MINUTE, until + 1, MINUTE):
            if self._is_due(at):
                yield at

    def _is_due(self, at: int) -> bool:
        shown = datetime.fromtimestamp(at, self._zone)
        if not self._moved:
            return self._fits(shown)
        if shown.fold:
            return False  # this minute was there an hour ago
        if self._fits(shown):
            return True
        return any(self._fits(left_out) for left_out in self._left_out(at))

    def _left_out(self, at: int) -> Iterator[datetime]:
        """Yield the minutes that clocks jumped over to show this one."""
        shown = datetime.fromtimestamp(at, self._zone).replace(tzinfo=None)
        before = datetime.fromtimestamp(at - MINUTE, self._zone).replace(tzinfo=None)
        minute = before + timedelta(minutes=1)
        while minute < shown:
            yield minute.replace(tzinfo=UTC)
            minute += timedelta(minutes=1)

    def _fits(self, shown: datetime) -> bool:
        if shown.minute not in self._minutes or shown.hour not in self._hours:
            return False
        day = shown.day in self._days
        weekday = shown.isoweekday() % 7 in self._weekdays
        fits = (day and weekday) if self._both_days else (day or weekday)
        return fits and shown.month in self._months
