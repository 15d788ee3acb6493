"""Work by key: in order inside a key, keys side by side, nobody's trouble another's.

Read `fair` for whose turn it is among platforms, classes and chats (`queue` is its small
sister for one account), then `pool`, and `crew` for how workers serve it; `bell` wakes an
actor that pulls. What does not happen here: knowing what an item is.
"""

from actors.lanes.bell import bell, wakes
from actors.lanes.crew import Crew
from actors.lanes.errors import LanesClosed, LanesFull, TooManyParked
from actors.lanes.fair import FairQueue, Places
from actors.lanes.job import Ended, Job, Work
from actors.lanes.pool import Lanes, open_lanes
from actors.lanes.queue import KeyedQueue

__all__ = [
    "Crew",
    "Ended",
    "FairQueue",
    "Job",
    "KeyedQueue",
    "Lanes",
    "LanesClosed",
    "LanesFull",
    "Places",
    "TooManyParked",
    "Work",
    "bell",
    "open_lanes",
    "wakes",
]
