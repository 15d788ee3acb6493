"""What a session has open now: the newest of its kind, or nothing.

A session may open a second socket before it has noticed that the first one is lost; from
then on what is to be said goes through the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from actors.sender import Retry
from platforms.base.peer import RETRY_SECONDS

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds the newest one, for as long as that is open.

    At its end it is compared by identity: one whose end is noticed late must not take its
    successor along.

    Args:
        why: What `Retry` says when nothing is open.
        one: What is open from the beginning, if anything is.
    """

    def __init__(self, why: str, one: T | None = None) -> None:
        self._why = why
        self.now = one

    @contextmanager
    def during(self, one: T) -> Iterator[T]:
        """Hold *one* while the block lasts, unless a newer one comes meanwhile."""
        self.now = one
        try:
            yield one
        finally:
            if self.now is one:
                self.now = None

    def get(self) -> T:
        """Return what is open.

        Raises:
            Retry: nothing is, so nothing has gone out.
        """
        if self.now is None:
            raise Retry(RETRY_SECONDS, self._why)
        return self.now
