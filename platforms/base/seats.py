"""What outlives the incarnations of a platform's connections: one seat per account.

A seat remembers whose connection it is, where a session had to find that out, and
holds the sockets that wait to be taken.
"""

from __future__ import annotations

import trio
from attrs import define, field

from actors.sender import Terms
from platforms.base.visitors import Visitor, Visitors

MAX_SEATS = 500
"""Accounts of one listener. A peer that may dial names its account itself, so there has to
be an end to them."""
AWAY_SECONDS = 3600.0
"""An account that was away for so long, and to which nothing is to be said, loses its seat
to a newcomer when all are taken."""


@define(eq=False)
class Seat:
    """What outlives the incarnations of one connection."""

    child: str
    """The id of the connection among its supervisor's children."""
    account: str = ""
    visitors: Visitors[Visitor] = field(factory=Visitors)
    one_dial: trio.Lock = field(factory=trio.Lock)
    """Held while a session dials: two that overlap must not dial at once."""
    away_since: float | None = None
    """Monotonic seconds; `None` while somebody is there."""
    terms: Terms | None = None
    """On which terms is spoken here, the rate above all: kept from one session to the
    next, so that a new one has no new allowance."""

    def away_for(self, now: float) -> float:
        """Return for how many seconds nobody has been there."""
        return 0.0 if self.away_since is None else now - self.away_since


class Seats:
    """The seats of one platform, by account."""

    def __init__(self) -> None:
        self._seats: dict[str, Seat] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def of(self, account: str, now: float) -> Seat | None:
        """Return the seat of *account*, a new one if need be; `None` when all are taken."""
        seat = self._seats.get(account)
        if seat is None and len(self._seats) < MAX_SEATS:
            seat = self._seats[account] = Seat(account, account, away_since=now)
        return seat

    def forsaken(self, now: float) -> list[Seat]:
        """Return the seats of those who have been away for long, the longest first."""
        return sorted(
            (
                seat
                for seat in self._seats.values()
                if seat.away_for(now) >= AWAY_SECONDS and not seat.visitors
            ),
            key=lambda seat: seat.away_for(now),
            reverse=True,
        )

    def remove(self, seat: Seat) -> None:
        del self._seats[seat.account]
