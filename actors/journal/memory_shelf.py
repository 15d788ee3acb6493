"""Things kept by name in the memory of this process; what `sqlite.shelf` is for a file."""

from __future__ import annotations

import trio


class MemoryShelf:
    """The things of one kind, by name."""

    def __init__(self) -> None:
        self._things: dict[str, bytes] = {}

    async def put(self, name: str, body: bytes) -> None:
        """Keep *body* under *name*; what has that name already stays as it is."""
        await trio.lowlevel.checkpoint()
        self._things.setdefault(name, body)

    async def drop(self, name: str) -> None:
        """Keep it no longer."""
        await trio.lowlevel.checkpoint()
        self._things.pop(name, None)

    async def get(self, name: str) -> bytes | None:
        """Return what is kept under *name*, if anything is."""
        await trio.lowlevel.checkpoint()
        return self._things.get(name)

    async def sizes(self) -> dict[str, int]:
        """Return how many bytes are kept under each name."""
        await trio.lowlevel.checkpoint()
        return {name: len(body) for name, body in sorted(self._things.items())}

    async def all(self) -> dict[str, bytes]:
        """Return everything, by name."""
        await trio.lowlevel.checkpoint()
        return dict(sorted(self._things.items()))
