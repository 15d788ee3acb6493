"""Make the journal that the configuration asks for."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Final

import trio

from actors.journal import (
    FileJournal,
    MemoryJournal,
    NoJournal,
    SqliteStore,
    Trouble,
    TroubleKind,
    connected,
)
from actors.kernel import System
from actors.schedule import LATERS, LaterStore, MemoryLaterStore, ShelvedLaterStore
from rookery.config import Configuration
from rookery.host.lock import DataTaken, DataUnusable, Lock

JOURNAL_NAME: Final = "journal.sqlite"


def journal_for(
    found: Configuration, system: System, lock: Lock
) -> FileJournal | MemoryJournal:
    """Return it; nothing is opened yet. Its file is opened under *lock* only."""
    # The bound method: it is read several times for every message.
    clock = trio.lowlevel.current_clock().current_time
    # Not from the system's randomness: two journals must never bear the same name.
    name = token_hex(8)
    durability = found.settings.host.durability
    if durability == "memory":
        return MemoryJournal(clock, id=name, wall_clock=system.wall_clock)
    store = SqliteStore(
        found.data / JOURNAL_NAME,
        new_id=name,
        wall_clock=system.wall_clock,
        durability=durability,
        connect=partial(_connected, lock),
    )
    return FileJournal(store, clock, system.wall_clock)


def _connected(lock: Lock, path: Path) -> sqlite3.Connection:
    try:
        lock.keep()
    except DataTaken as taken:
        raise Trouble(TroubleKind.LOCKED, str(taken)) from taken
    except DataUnusable as unusable:
        raise Trouble(TroubleKind.FORBIDDEN, str(unusable)) from unusable
    return connected(path)


def laters_in(journal: FileJournal | MemoryJournal) -> LaterStore:
    """Return where laters are kept: beside the rows, wherever these are."""
    if isinstance(journal, FileJournal):
        return ShelvedLaterStore(journal.shelf(LATERS))
    return MemoryLaterStore()


def compact_file(path: Path) -> None:
    """Give the unused space of a file back that no host runs on.

    Raises:
        NoJournal: it cannot be worked on.
    """
    store = SqliteStore(path, new_id=token_hex(8), wall_clock=time.time)
    try:
        store.compact()
    except Trouble as trouble:
        why = f"{path}: {trouble}"
        raise NoJournal(why) from trouble
    finally:
        store.close()
