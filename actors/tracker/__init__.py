"""What became of what we said: an index over the outbox, and the receipts callers hold.

Read `receipt` first. What does not happen here: deciding states (the outbox does).
"""

from actors.tracker.receipt import Receipt

__all__ = ["Receipt"]
