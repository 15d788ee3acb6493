"""One answer on its way to somebody who may have left."""

from __future__ import annotations

from typing import Generic, TypeVar, cast

import trio

T = TypeVar("T")


class Slot(Generic[T]):
    """Filled once, awaited once or never."""

    __slots__ = ("_answer", "_event")

    def __init__(self) -> None:
        self._event = trio.Event()
        self._answer: object = None

    def fill(self, answer: T | Exception) -> None:
        self._answer = answer
        self._event.set()

    async def wait(self) -> T:
        """Return the answer, or raise it if it is an error."""
        await self._event.wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return cast(T, self._answer)  # what `fill` was given
