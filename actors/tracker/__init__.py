"""What became of what we said: an index over the outbox, and the receipts callers hold.

Read `receipt` first, then `index` (pure) and `tracker`; `keeper` is the actor that keeps
its time. What does not happen here: deciding states (the outbox does).
"""

from actors.tracker.index import (
    Ambiguous,
    Final,
    Pending,
    TrackerCounts,
    TrackerFull,
    TrackerIndex,
    Verdict,
)
from actors.tracker.keeper import CountDeliveries, TrackerKeeper
from actors.tracker.receipt import Receipt
from actors.tracker.tracker import PENDING_SECONDS, STALE_SECONDS, Tracker

__all__ = [
    "PENDING_SECONDS",
    "STALE_SECONDS",
    "Ambiguous",
    "CountDeliveries",
    "Final",
    "Pending",
    "Receipt",
    "Tracker",
    "TrackerCounts",
    "TrackerFull",
    "TrackerIndex",
    "TrackerKeeper",
    "Verdict",
]
