"""The journal on disk: one SQLite file, one thread that writes, commits that many share.

Read `store` for what happens to the file, then `pump` (group commit) and the two halves
that stand before it, `arrivals` and `departures`; `journal` puts them together. `schema`
is what the file looks like, `troubles` what can be wrong with it, `desk` and `listing`
what an operator sees of it. What does not happen
here: deciding what a row may become (`actors.messages`) and who gets it
(`actors.journal.inbox`, `outgoing`).
"""

from actors.journal.sqlite.journal import FileJournal
from actors.journal.sqlite.looking import (
    NoJournal,
    as_mapping,
    backup,
    change_as_mapping,
    faults,
    opened,
    rows,
    stats,
)
from actors.journal.sqlite.retention import Retention
from actors.journal.sqlite.shelf import Shelf
from actors.journal.sqlite.store import Durability, SqliteStore, Store
from actors.journal.sqlite.thread import Inline, OwnThread, Run
from actors.journal.sqlite.troubles import Trouble, TroubleKind

__all__ = [
    "Durability",
    "FileJournal",
    "Inline",
    "NoJournal",
    "OwnThread",
    "Retention",
    "Run",
    "Shelf",
    "SqliteStore",
    "Store",
    "Trouble",
    "TroubleKind",
    "as_mapping",
    "backup",
    "change_as_mapping",
    "faults",
    "opened",
    "rows",
    "stats",
]
