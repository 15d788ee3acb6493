"""Things kept beside the rows, by name: few and small, such as the files of a web chat.

Each call returns after the commit. What a thing means is known only to whoever puts it here.
"""

from __future__ import annotations

import sqlite3

from actors.journal.sqlite.effects import Numbers, Single
from actors.journal.sqlite.pump import Pump
from actors.journal.values import RowRefused


class Put(Single):
    """Keep a thing. One of the same name stays as it is."""

    kind: str
    name: str
    body: bytes

    def apply(self, db: sqlite3.Connection, _: Numbers) -> None:
        db.execute(
            "INSERT INTO shelf VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (self.kind, self.name, self.body),
        )


class Drop(Single):
    """Keep a thing no longer."""

    kind: str
    name: str

    def apply(self, db: sqlite3.Connection, _: Numbers) -> None:
        db.execute(
            "DELETE FROM shelf WHERE kind = ? AND name = ?", (self.kind, self.name)
        )


class Get(Single):
    """Read one thing."""

    kind: str
    name: str

    def apply(self, db: sqlite3.Connection, _: Numbers) -> bytes | None:
        found = db.execute(
            "SELECT body FROM shelf WHERE kind = ? AND name = ?", (self.kind, self.name)
        ).fetchone()
        return None if found is None else bytes(found[0])


class List(Single):
    """Read everything of a kind."""

    kind: str

    def apply(self, db: sqlite3.Connection, _: Numbers) -> dict[str, bytes]:
        found = db.execute(
            "SELECT name, body FROM shelf WHERE kind = ? ORDER BY name", (self.kind,)
        )
        return dict(found.fetchall())


class Measure(Single):
    """Read how large everything of a kind is."""

    kind: str

    def apply(self, db: sqlite3.Connection, _: Numbers) -> dict[str, int]:
        found = db.execute(
            "SELECT name, length(body) FROM shelf WHERE kind = ? ORDER BY name",
            (self.kind,),
        )
        return dict(found.fetchall())


class Shelf:
    """One kind of things. Each call returns after the commit, and may be repeated."""

    def __init__(self, pump: Pump, kind: str) -> None:
        self._pump = pump
        self._kind = kind

    async def put(self, name: str, body: bytes) -> None:
        """Keep *body* under *name*; what has that name already stays as it is.

        Raises:
            RowRefused: it cannot be written down.
        """
        await self._ask(Put(self._kind, name, body))

    async def drop(self, name: str) -> None:
        """Keep it no longer."""
        await self._ask(Drop(self._kind, name))

    async def get(self, name: str) -> bytes | None:
        """Return what is kept under *name*, if anything is."""
        found = await self._ask(Get(self._kind, name))
        assert found is None or isinstance(found, bytes)
        return found

    async def sizes(self) -> dict[str, int]:
        """Return how many bytes are kept under each name."""
        found = await self._ask(Measure(self._kind))
        assert isinstance(found, dict)
        return found

    async def all(self) -> dict[str, bytes]:
        """Return everything, by name."""
        found = await self._ask(List(self._kind))
        assert isinstance(found, dict)
        return found

    async def _ask(self, effect: Put | Drop | Get | Measure | List) -> object:
        await self._pump.opened.wait()
        try:
            return await self._pump.ask(effect)
        except sqlite3.Error as error:
            raise RowRefused(str(error)) from error
