"""Make the journal that the configuration asks for."""

from __future__ import annotations

import time
from pathlib import Path
from secrets import token_hex
from typing import Final

import trio

from actors.journal import FileJournal, MemoryJournal, NoJournal, SqliteStore, Trouble
from actors.kernel import System
from actors.schedule import LATERS, LaterStore, MemoryLaterStore, ShelvedLaterStore
from rookery.config import Configuration

JOURNAL_NAME: Final = "journal.sqlite"


def journal_for(found: Configuration, system: System) -> FileJournal | MemoryJournal:
    """Return it; nothing is opened yet."""
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
    )
    return FileJournal(store, clock, system.wall_clock)


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
