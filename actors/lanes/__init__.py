"""Work by key: in order inside a key, keys side by side, and no key's trouble hurts another.

A key is a chat, as a rule, and an item something to do for it. What does not happen here:
knowing what an item is.

Read `pool` first (lanes: what one puts work into). Then by what you look for:

- whose turn it is: `fair` (among platforms, urgencies and chats), with `lane` and `ring`;
  `queue` is a simpler one, for the chats of one account
- how the work is done: `crew`, `worker`, `job` (one item, and how it ended), `hourglass`
  (deadlines)
- `bell` wakes an actor that fetches work; `errors` is why work is not taken
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
