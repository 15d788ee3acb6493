"""Where laters are kept until they are due."""

from __future__ import annotations

from typing import Protocol

from actors.schedule.values import Later


class LaterStore(Protocol):
    """Keeps laters. How often a schedule was run stands in the journal's cursors.

    Implementations promise that `add` and `remove` have committed when they return, and
    that each may be repeated by somebody who does not know whether it arrived.
    """

    async def load(self) -> list[Later]:
        """Return everything that is kept."""
        ...

    async def add(self, later: Later) -> None:
        """Keep *later*. One of the same id stays as it is."""
        ...

    async def remove(self, id: str) -> None:  # noqa: A002 - what it is called everywhere
        """Keep it no longer."""
        ...


class MemoryLaterStore:
    """Keeps laters in this process. One object for the life of the System."""

    def __init__(self) -> None:
        self._laters: dict[str, Later] = {}

    async def load(self) -> list[Later]:
        """Return everything that is kept."""
        return list(self._laters.values())

    async def add(self, later: Later) -> None:
        """Keep *later*. One of the same id stays as it is."""
        self._laters.setdefault(later.id, later)

    async def remove(self, id: str) -> None:  # noqa: A002 - what it is called everywhere
        """Keep it no longer."""
        self._laters.pop(id, None)
