"""What became of what we said: an index over the outbox, and the receipts callers hold.

Read `receipt` first (what a caller holds), then `parts` (one receipt for a message in
several parts), `values`, `index` with `names` (pure: what waits, and what became of the
rest), `tracker` (the two put together) and `keeper` (the actor that gives up on what has no
answer in time). What does not happen here: deciding states (the outbox does).
"""

from actors.tracker.index import TrackerIndex
from actors.tracker.keeper import CountDeliveries, TrackerKeeper
from actors.tracker.parts import ReceiptOfParts
from actors.tracker.receipt import Receipt
from actors.tracker.tracker import PENDING_SECONDS, STALE_SECONDS, Tracker
from actors.tracker.values import (
    Ambiguous,
    Final,
    Pending,
    TrackerCounts,
    TrackerFull,
    Verdict,
)

__all__ = [
    "PENDING_SECONDS",
    "STALE_SECONDS",
    "Ambiguous",
    "CountDeliveries",
    "Final",
    "Pending",
    "Receipt",
    "ReceiptOfParts",
    "Tracker",
    "TrackerCounts",
    "TrackerFull",
    "TrackerIndex",
    "TrackerKeeper",
    "Verdict",
]
