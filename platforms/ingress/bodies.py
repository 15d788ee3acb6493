"""How much memory the bodies of requests take, of all connections together. Pure.

Each body is bounded; but as many large ones at once as there may be connections would be
more memory than a host has to give to strangers. Small ones are not counted, so that the news
of a platform are never kept out by somebody's files. One address has half of the room at
most, so that there is some left for others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from platforms.ingress.values import Unfit

MAX_BODIES_BYTES: Final = 64 * 1024 * 1024
PER_ADDRESS_BYTES: Final = MAX_BODIES_BYTES // 2
FREE_BYTES: Final = 64 * 1024
"""So much of each body is not counted."""


class Bodies:
    """The bodies of one ingress that are being read or are in hand."""

    def __init__(self) -> None:
        self.bytes = 0
        """How much of them is counted."""
        self._of: dict[str, int] = {}

    @contextmanager
    def one(self, address: str) -> Iterator[Body]:
        """While the block lasts, a body is in hand; see `address_of`."""
        body = Body(self, address)
        try:
            yield body
        finally:
            self._count(address, -body.counted)

    def take(self, address: str, more: int) -> None:
        """Count *more* bytes. Raises Unfit: there is no room for them now."""
        theirs = self._of.get(address, 0) + more if address else 0
        if self.bytes + more > MAX_BODIES_BYTES or theirs > PER_ADDRESS_BYTES:
            raise Unfit(503, "too much is being sent here; try again soon")
        self._count(address, more)

    def _count(self, address: str, more: int) -> None:
        if not more:  # nearly always
            return
        self.bytes += more
        self._of[address] = self._of.get(address, 0) + more
        if not self._of[address]:
            del self._of[address]


class Body:
    """One body, as far as it has come."""

    def __init__(self, of: Bodies, address: str) -> None:
        self._of = of
        self._address = address
        self._size = 0
        self.counted = 0

    def grow(self, by: int) -> None:
        """Count *by* more bytes. Raises Unfit: there is no room for them now."""
        self._size += by
        more = max(0, self._size - FREE_BYTES) - self.counted
        self._of.take(self._address, more)
        self.counted += more
