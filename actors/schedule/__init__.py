"""Work that no message started: when it is due, and how it becomes an event.

Read `plans` (when is something due?) and `missed` (and what if nobody was there?), which
are pure like `durations` and `values`. Then `timetable`, which knows what bots declare
and what waits to be run once, and `scheduler`, the actor that puts into the journal what
has come due. `store` says where work is kept that is to be run once, `shelved` keeps it in the
journal's file. What does not happen here: running anything. From the journal on, a run is an
event like any other.
"""

from actors.schedule.durations import duration, in_short
from actors.schedule.missed import MISSED_CAP, ON_TIME_SECONDS, Missed, Owed, owed
from actors.schedule.plans import (
    LONGEST_SECONDS,
    BadPlan,
    Cron,
    Every,
    Plan,
    cron,
    every,
    moment,
)
from actors.schedule.scheduler import Scheduler, SchedulerMessage
from actors.schedule.shelved import LATERS, ShelvedLaterStore
from actors.schedule.store import LaterStore, MemoryLaterStore
from actors.schedule.timetable import Entry, Timetable, TooManyLaters
from actors.schedule.values import (
    DUE,
    PLATFORM,
    Later,
    Schedule,
    asked_for_once,
    due_of,
    event_of,
    is_for,
    run_of,
)

__all__ = [
    "DUE",
    "LATERS",
    "LONGEST_SECONDS",
    "MISSED_CAP",
    "ON_TIME_SECONDS",
    "PLATFORM",
    "BadPlan",
    "Cron",
    "Entry",
    "Every",
    "Later",
    "LaterStore",
    "MemoryLaterStore",
    "Missed",
    "Owed",
    "Plan",
    "Schedule",
    "Scheduler",
    "SchedulerMessage",
    "ShelvedLaterStore",
    "Timetable",
    "TooManyLaters",
    "asked_for_once",
    "cron",
    "due_of",
    "duration",
    "event_of",
    "every",
    "in_short",
    "is_for",
    "moment",
    "owed",
    "run_of",
]
