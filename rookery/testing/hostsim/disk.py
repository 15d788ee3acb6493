"""The disk of a simulated world: a real SQLite file, below it a disk with moods.

The journal's work runs inline, after a while, so no thread is needed; a process that is
dead has nothing done any more, and what it had not committed is gone.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import trio
from outcome import Error, Outcome, Value

from rookery.testing.hostsim.chronicle import Chronicle

R = TypeVar("R")


class Mood(StrEnum):
    """How the disk is."""

    WELL = "well"
    FULL = "full"
    """Nothing can be written."""
    FAILING = "failing"
    """Now and then anything fails, also what was done."""
    SLOW = "slow"
    HANGING = "hanging"
    """Some of what is asked of it takes half a minute."""


_LATENCY = {Mood.SLOW: 0.5}
_USUAL = 0.001
_HANGS = 30.0
_WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")


class Disk:
    """Holds one file. *dice* decide what fails."""

    def __init__(self, path: Path, dice: random.Random, chronicle: Chronicle) -> None:
        self.path = path
        self.mood = Mood.WELL
        self._dice = dice
        self._chronicle = chronicle
        self._look: sqlite3.Connection | None = None
        self._open: list[sqlite3.Connection] = []

    def become(self, mood: Mood) -> None:
        """Change the mood."""
        if mood is not self.mood:
            self.mood = mood
            self._chronicle.add(f"disk: {mood}")

    def connect(self, path: Path) -> sqlite3.Connection:
        """Open the file; see `actors.journal.sqlite.SqliteStore`."""
        disk = self

        class Moody(sqlite3.Connection):
            """Asks the disk before and after each statement."""

            def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
                disk.before(sql)
                cursor = super().execute(sql, parameters)
                disk.after(sql)
                return cursor

            def executemany(
                self, sql: str, parameters: Iterable[Any], /
            ) -> sqlite3.Cursor:
                disk.before(sql)
                return super().executemany(sql, parameters)

        db = sqlite3.connect(path, isolation_level=None, factory=Moody)
        self._open.append(db)
        return db

    def let_go(self) -> None:
        """The process is gone: whatever it had open is closed, nothing is rolled forward."""
        opened, self._open = self._open, []
        for db in opened:
            db.close()

    def latency(self) -> float:
        """Return how long the next piece of work takes, in seconds."""
        mood = self.mood
        if mood is Mood.HANGING and self._dice.random() < 0.05:
            return self._dice.uniform(0, _HANGS)
        return self._dice.expovariate(1 / _LATENCY.get(mood, _USUAL))

    def before(self, sql: str) -> None:
        """Raise what a disk in this mood would."""
        if self.mood is Mood.WELL:
            return
        if self.mood is Mood.FULL and sql.lstrip().startswith(_WRITES):
            self._fail(sqlite3.SQLITE_FULL, "database or disk is full")
        if self.mood is Mood.FAILING and self._dice.random() < 0.03:
            self._fail(sqlite3.SQLITE_IOERR, "disk I/O error")

    def after(self, sql: str) -> None:
        """Raise although the statement was done, so that nobody knows whether it was."""
        if self.mood is Mood.FAILING and sql == "COMMIT" and self._dice.random() < 0.1:
            self._fail(sqlite3.SQLITE_IOERR, "disk I/O error after the commit")

    def _fail(self, code: int, why: str) -> None:
        self._chronicle.count("disk faults", f"disk: {why}")
        error = sqlite3.OperationalError(why)
        error.sqlite_errorcode = code
        raise error

    # --- looking from outside ------------------------------------------------------------

    def state_of(self, key: str) -> str:
        """Return what the file says of a thing to say; empty if it knows nothing of it."""
        if self._look is None:
            self._look = sqlite3.connect(self.path, isolation_level=None)
        for (state,) in self._look.execute(
            "SELECT state FROM outbound WHERE key = ?", (key,)
        ):
            return str(state)
        return ""

    def states(self, table: str) -> Iterator[tuple[int, str]]:
        """Yield number and state of every row that is settled."""
        assert table in {"inbound", "outbound"}
        if self._look is None:
            self._look = sqlite3.connect(self.path, isolation_level=None)
        yield from self._look.execute(
            f"SELECT seq, state FROM {table} WHERE settled_at IS NOT NULL"  # noqa: S608
        )

    def close(self) -> None:
        """The end of the world."""
        self.let_go()
        if self._look is not None:
            self._look.close()


def _nobody(_: object) -> None:
    """Ignore the result of a job that nobody waits for."""


class Worked:
    """How a process has its journal's work done: in order, each after a while.

    See `actors.journal.sqlite.Run`. The answer takes a while, too: a process may end
    between a commit and the news of it.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._turn = trio.Lock()
        self.dead = False

    async def __call__(
        self, job: Callable[[], R], told: Callable[[R], None] = _nobody
    ) -> R:
        async with self._turn:
            await trio.sleep(self._disk.latency())
            if self.dead:
                await trio.sleep_forever()
            try:
                result = job()
            finally:
                await trio.sleep(self._disk.latency() / 4)
        told(result)
        return result

    @property
    def ready(self) -> bool:
        return True

    def start(self, job: Callable[[], R], ended: Callable[[Outcome[R]], None]) -> None:
        # As in a thread: it belongs to no task of the process.
        trio.lowlevel.spawn_system_task(self._alone, job, ended)

    async def _alone(
        self, job: Callable[[], R], ended: Callable[[Outcome[R]], None]
    ) -> None:
        how: Outcome[R]
        try:
            how = Value(await self(job))
        except Exception as error:  # noqa: BLE001 - whoever began it is told
            how = Error(error)
        if not self.dead:
            ended(how)

    def close(self) -> None:
        """There is nothing to end."""
