"""The bodies of requests that are in hand, of all connections together. Pure.

Each has a size, but as many at once as there may be connections would be more memory than
a host has to give to strangers. Small ones are not counted: news are never kept out by
files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from platforms.ingress.values import Unfit

MAX_BODIES_BYTES: Final = 64 * 1024 * 1024
FREE_BYTES: Final = 64 * 1024
"""Of each body. Not counted."""


class Bodies:
    """Those of one ingress."""

    def __init__(self) -> None:
        self.bytes = 0

    @contextmanager
    def one(self) -> Iterator[Body]:
        """While the block lasts, a body is in hand."""
        body = Body(self)
        try:
            yield body
        finally:
            self.bytes -= body.counted


class Body:
    """One of them, as far as it has come."""

    def __init__(self, of: Bodies) -> None:
        self._of = of
        self._size = 0
        self.counted = 0

    def grow(self, by: int) -> None:
        """Count *by* more bytes. Raises Unfit: there is no room for them now."""
        self._size += by
        more = max(0, self._size - FREE_BYTES) - self.counted
        if self._of.bytes + more > MAX_BODIES_BYTES:
            raise Unfit(503, "too much is being sent here; try again soon")
        self._of.bytes += more
        self.counted += more
