"""What a session has open now: the newest of its kind, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from actors.sender import Retry
from platforms.base.peer import RETRY_SECONDS

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds the newest, each for as long as it is open.

    Whoever goes is compared by identity: one whose end is noticed late must not take its
    successor along.

    Args:
        why: There is none, in words.
        one: What is there from the beginning.
    """

    def __init__(self, why: str, one: T | None = None) -> None:
        self._why = why
        self.now = one

    @contextmanager
    def during(self, one: T) -> Iterator[T]:
        """While the block lasts, *one* is the newest, or its successor."""
        self.now = one
        try:
            yield one
        finally:
            if self.now is one:
                self.now = None

    def get(self) -> T:
        """Return it. Raises Retry: there is none, and so nothing has gone out."""
        if self.now is None:
            raise Retry(RETRY_SECONDS, self._why)
        return self.now
