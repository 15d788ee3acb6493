"""Which runs of a schedule have to begin now: on time, late, or passed over. Pure."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice

from attrs import frozen

from actors.schedule.plans import Plan

ON_TIME_SECONDS = 60.0
"""A run that begins within a minute was not missed."""
MISSED_CAP = 100
"""So many missed runs are made up for, at most; and counted, at most."""


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
    """How many runs are not begun; counted up to `MISSED_CAP`."""


def owed(plan: Plan, missed: Missed, since: float, now: float) -> Owed:
    """Return what *plan* owes at *now*, when everything up to *since* is dealt with.

    The latest run is on time if it came due within `ON_TIME_SECONDS`; all others were
    missed. A run that is on time also makes up for those before it, if one has to.
    """
    latest_first = list(islice(plan.before(now, since), MISSED_CAP + 1))
    if not latest_first:
        # Looking back may miss a run where a zone's clocks do something unheard of; looking
        # ahead from the last one finds it.
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
    """Return from which instant to go on; as a rule it is *since*.

    If the clock was set back a little, *since* is in the future: we wait until it is past
    it again, so nothing is run twice. If it was set back by more than the plan's patience,
    it was wrong before, and we go on from *now*.
    """
    return now if since - now > plan.patience else since
