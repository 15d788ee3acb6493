"""What is owed when a schedule is looked at: on time, late, or passed over. Pure."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice

from attrs import frozen

from actors.schedule.plans import Plan

ON_TIME_SECONDS = 60.0
"""A run that begins within a minute was not missed."""
MISSED_CAP = 100
"""Runs that are made up for at most, and counted at most."""


class Missed(StrEnum):
    """What becomes of runs that came due while nobody could begin them.

    `SKIP`: nothing. `ONCE`: one run makes up for all. `ALL`: each is made up for, the
    latest `MISSED_CAP` at most.
    """

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


@frozen
class Owed:
    """What has to be done now, and what is then dealt with."""

    due: tuple[float, ...] = ()
    """Runs to begin, the oldest first."""
    until: float | None = None
    """Everything up to this instant is dealt with; `None`: nothing has come due."""
    passed_over: int = 0
    """Runs that are not begun, at most `MISSED_CAP`: who counts on would wait long."""


def owed(plan: Plan, missed: Missed, since: float, now: float) -> Owed:
    """Return what *plan* owes at *now*, when everything up to *since* is dealt with.

    The latest run is on time if it came due within `ON_TIME_SECONDS`; all others were
    missed. A run that is on time also makes up for those before it, if one has to.
    """
    latest_first = list(islice(plan.before(now, since), MISSED_CAP + 1))
    if not latest_first:
        # Should a zone do what looking back does not foresee, its run comes all the same.
        due = plan.next(since)
        if due > now:
            return Owed()
        latest_first = [due]
    latest = latest_first[0]
    if missed is Missed.ALL:
        begun = latest_first[:MISSED_CAP]
    elif missed is Missed.ONCE or now - latest <= ON_TIME_SECONDS:
        begun = [latest]
    else:
        begun = []
    over = min(len(latest_first) - len(begun), MISSED_CAP)
    return Owed(tuple(reversed(begun)), latest, over)


def corrected(plan: Plan, since: float, now: float) -> float:
    """Return from where to go on when the clock stands before what is dealt with.

    A little: from there, so nothing is run twice. More than the plan's patience: from
    now, because the clock was wrong before.
    """
    return now if since - now > plan.patience else since
