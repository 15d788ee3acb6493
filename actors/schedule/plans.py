"""When work is due: a plan and an instant in, the instants around it out. Pure.

Instants are seconds since 1970 by the wall clock. A plan knows no clock: what is *now*
is told by whoever asks, and may jump.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil
from typing import Protocol
from zoneinfo import ZoneInfo

from attrs import field, frozen
from cronsim import CronSim, CronSimError

from actors.schedule.durations import duration, in_short

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 366 * 86400.0
CORRECTION_SECONDS = 3 * 3600.0
"""A clock that goes back further than this was wrong before. So Debian's cron(8) has it:
larger changes "are considered to be corrections"."""
_FIELDS = {
    "minute": " (0 to 59)",
    "hour": " (0 to 23)",
    "day-of-month": " (1 to 31, or L for the last; and one of its months has to have it)",
    "month": " (1 to 12, or JAN to DEC)",
    "day-of-week": " (0 to 7, both of which are Sunday, or SUN to SAT)",
}
"""What may stand in a field, by its name; a longer name before one that is part of it."""


class BadPlan(ValueError):
    """A plan that cannot be; the message says what must hold and what was got."""


class Plan(Protocol):
    """When something is due, again and again."""

    @property
    def zone(self) -> tzinfo:
        """The zone that its instants are told in."""
        ...

    @property
    def patience(self) -> float:
        """How far the clock may go back, in seconds, and still be waited for."""
        ...

    def next(self, after: float) -> float:
        """Return the first instant later than *after*.

        *after* is an instant of the plan itself, or the one where it began.
        """
        ...

    def before(self, now: float, after: float) -> Iterator[float]:
        """Yield the instants up to *now* and later than *after*, the latest first."""
        ...


@frozen
class Every:
    """Each so many seconds, counted from the last time, or from where it began."""

    seconds: float

    def __str__(self) -> str:
        return f"every {in_short(self.seconds)}"

    @property
    def zone(self) -> tzinfo:
        return UTC

    @property
    def patience(self) -> float:
        return min(self.seconds, CORRECTION_SECONDS)

    def next(self, after: float) -> float:
        return after + self.seconds

    def before(self, now: float, after: float) -> Iterator[float]:
        runs = ceil((now - after) / self.seconds) + 1
        while runs > 0:
            at = after + runs * self.seconds
            if at <= now:
                yield at
            runs -= 1


@frozen
class Cron:
    """What a cron expression says, on the clocks of a zone.

    As Debian's cron does it when clocks are changed: what falls into the hour that is
    left out is due right after it; what falls into the hour that comes twice is due in
    the first of the two. Expressions with `*` as minute or hour go on through either.
    """

    expression: str
    tz: str
    zone: tzinfo = field(eq=False, repr=False)

    def __str__(self) -> str:
        return f"cron {self.expression} {self.tz}"

    @property
    def patience(self) -> float:
        return CORRECTION_SECONDS

    def next(self, after: float) -> float:
        moment = datetime.fromtimestamp(after, self.zone)
        for due in CronSim(self.expression, moment):
            at = due.timestamp()
            # The search begins at what clocks show, which in the second of two equal
            # hours is earlier than it is; and two runs may be moved to one instant.
            if at > after:
                return at
        msg = f"{self} is never due"
        raise BadPlan(msg)

    def before(self, now: float, after: float) -> Iterator[float]:
        # From beyond any hour that comes twice, for the same reason.
        start = datetime.fromtimestamp(now, self.zone) + timedelta(hours=4)
        last = now + 1
        for due in CronSim(self.expression, start, reverse=True):
            at = due.timestamp()
            if at <= after:
                return
            if at <= now and at < last:
                last = at
                yield at


def every(period: object) -> Every:
    """Return the plan that is due each *period*: seconds, `"90s"`, `"1h"`.

    Raises:
        BadPlan: it is no such duration.
    """
    seconds = duration(period)
    if seconds is None or not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        msg = (
            f'a period must be seconds as a number, or a text such as "90s", "5m" or "1h", '
            f"from 1 s to 366 days (got {period!r})"
        )
        raise BadPlan(msg)
    return Every(seconds)


def cron(expression: object, tz: object = "UTC") -> Cron:
    """Return the plan of a cron expression of five fields, in the zone *tz*.

    Raises:
        BadPlan: it is no such expression, it is never due, or there is no such zone.
    """
    zone = _zone_of(tz)
    if not isinstance(expression, str) or len(expression.split()) != 5:
        msg = (
            "a cron expression must have five fields, minute hour day month weekday, such as "
            f"'0 9 * * 1-5' (got {expression!r}); for seconds there is every()"
        )
        raise BadPlan(msg)
    said = " ".join(expression.split())
    try:
        plan = Cron(said, str(tz), zone)
        plan.next(0.0)
    except CronSimError as error:
        why = str(error).lower()
        ranges = next((told for field, told in _FIELDS.items() if field in why), "")
        msg = f"{expression!r} is no cron expression: {why}{ranges}"
        raise BadPlan(msg) from None
    return plan


def _zone_of(tz: object) -> tzinfo:
    try:
        if isinstance(tz, str):
            return ZoneInfo(tz)
    except (LookupError, ValueError, OSError):
        pass
    msg = f"tz must be the name of a time zone, such as 'Asia/Shanghai' or 'UTC' (got {tz!r})"
    raise BadPlan(msg)


def moment(at: float, zone: tzinfo = UTC) -> datetime:
    """Return an instant as a date that knows its zone."""
    return datetime.fromtimestamp(at, zone)
