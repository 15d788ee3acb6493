"""The two forms of a journal, so that one test can be run over both."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import trio

from actors.journal import (
    FileJournal,
    InboxLimits,
    Inline,
    MemoryJournal,
    OutgoingLimits,
    Retention,
    SqliteStore,
)
from actors.journal.sqlite.store import Connect, connected

AnyJournal: TypeAlias = MemoryJournal | FileJournal


def file_store(
    folder: Path,
    *,
    durability: str = "process",
    retention: Retention | None = None,
    connect: Connect = connected,
    wall_clock: Callable[[], float] = time.time,
) -> SqliteStore:
    assert durability in ("process", "power")
    return SqliteStore(
        folder / "journal.sqlite",
        new_id="test",
        wall_clock=wall_clock,
        durability="power" if durability == "power" else "process",
        retention=retention,
        connect=connect,
    )


@asynccontextmanager
async def in_file(
    folder: Path,
    *,
    inbox: InboxLimits | None = None,
    outbox: OutgoingLimits | None = None,
    store: SqliteStore | None = None,
    latency: float = 0.0,
) -> AsyncIterator[FileJournal]:
    """Run a journal in *folder*, its work in the test's own task: clocks may jump."""
    journal = FileJournal(
        store or file_store(folder, wall_clock=trio.current_time),
        trio.current_time,
        trio.current_time,
        run=Inline(lambda: latency),
        inbox=inbox,
        outbox=outbox,
    )
    async with journal.running():
        yield journal


@asynccontextmanager
async def in_memory(
    _folder: Path,
    *,
    inbox: InboxLimits | None = None,
    outbox: OutgoingLimits | None = None,
) -> AsyncIterator[MemoryJournal]:
    yield MemoryJournal(
        trio.current_time,
        id="test",
        wall_clock=trio.current_time,
        inbox=inbox,
        outbox=outbox,
    )


async def crash(journal: FileJournal) -> None:
    """Let go of the file as a process does that is killed: nothing is finished."""
    journal._pump._closing = True
    journal._pump._coming.close()
    journal._pump._noted = False
    store = journal._store
    assert isinstance(store, SqliteStore)
    store._let_go()
