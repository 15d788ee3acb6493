"""Make the journal that the configuration asks for."""

from __future__ import annotations

from secrets import token_hex
from typing import Final

import trio

from actors.journal import FileJournal, MemoryJournal, SqliteStore
from actors.kernel import System
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
        return MemoryJournal(clock, id=name)
    store = SqliteStore(
        found.data / JOURNAL_NAME,
        new_id=name,
        wall_clock=system.wall_clock,
        durability=durability,
    )
    return FileJournal(store, clock, system.wall_clock)
