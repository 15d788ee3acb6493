"""What outlives the incarnations of a platform's connections: one seat per account.

A seat remembers whose connection it is, where a session had to find that out, and
holds the sockets that wait to be taken.
"""

from __future__ import annotations

from attrs import define, field

from actors.sender import Terms
from platforms.base.visitors import Visitor, Visitors

MAX_SEATS = 500
"""Accounts of one listener. Whoever may dial may name any account; there is an end."""


@define(eq=False)
class Seat:
    """One connection's place."""

    child: str
    """The id of the connection among its supervisor's children."""
    account: str = ""
    visitors: Visitors[Visitor] = field(factory=Visitors)
    terms: Terms | None = None
    """How fast may be spoken through it: made with its first link, kept for the others."""


class Seats:
    """Those of one platform."""

    def __init__(self) -> None:
        self._seats: dict[str, Seat] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def of(self, account: str) -> Seat | None:
        """Return the seat of *account*, a new one if need be; `None` when all are taken."""
        seat = self._seats.get(account)
        if seat is None and len(self._seats) < MAX_SEATS:
            seat = self._seats[account] = Seat(account, account)
        return seat
