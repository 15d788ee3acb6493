"""Files in trouble, on purpose."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Event

from actors.journal.sqlite.store import connected


class Valve:
    """Lets statements through to SQLite, or holds them up until it is opened."""

    def __init__(self) -> None:
        self.open = Event()
        self.open.set()
        self.reached = Event()

    def connect(self, path: Path) -> sqlite3.Connection:
        valve = self

        class Slow(sqlite3.Connection):
            def execute(self, *arguments: object) -> sqlite3.Cursor:
                if not valve.open.is_set() and str(arguments[0]).startswith("BEGIN"):
                    valve.reached.set()
                    assert valve.open.wait(60)
                return super().execute(*arguments)  # type: ignore[arg-type]

        return sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=Slow
        )


class Disk:
    """Gives a file only so many pages."""

    def __init__(self) -> None:
        self.pages = 0
        """0 for as many as there are."""

    def connect(self, path: Path) -> sqlite3.Connection:
        db = connected(path)
        if self.pages:
            db.execute(f"PRAGMA max_page_count = {self.pages}").fetchall()
        return db

    def fill(self, path: Path) -> None:
        """From now on there is no page left; a file that is open learns it anew."""
        with connected(path) as db:
            (self.pages,) = db.execute("PRAGMA page_count").fetchone()
        db.close()
