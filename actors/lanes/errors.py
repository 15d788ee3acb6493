"""Why lanes do not take an item."""

from __future__ import annotations

from attrs import frozen


@frozen
class LanesFull(Exception):
    """There is no room for one more item; whoever brings it must wait or drop it."""

    capacity: int

    def __str__(self) -> str:
        return f"the lanes hold {self.capacity} items already; try again when some have ended"


@frozen
class LanesClosed(Exception):
    """These lanes take nothing new: they are draining or closed."""

    def __str__(self) -> str:
        return "these lanes are draining or closed and take nothing new"


@frozen
class TooManyParked(Exception):
    """So many items wait outside their lanes that this one may not."""

    limit: int

    def __str__(self) -> str:
        return f"{self.limit} items are parked already; answer or end some first"
