"""The journal on disk: one SQLite file, one thread that writes, commits that many share.

What does not happen here: deciding what a row may become (`actors.messages`) and who gets
it (the index: `actors.journal.inbox`, `outgoing`).

Read in the order in which an event goes through it:

    journal               puts everything below together; what the host holds
    arrivals, handouts    what came in: accepted; handed out and settled
    departures, scribe    what is to be said: handed out and settled; written down
    effects, questions    what is done to the file, and asked of it, as values
    batch, pump           what is committed in one batch, and when; `tempo` has the figures
    together              a batch in few statements: one for many rows of a kind
    thread                where the file's work is run, so that nobody waits for the disk
    store                 the file: opened, committed to, kept small

What the file looks like: `schema`, `rows`, `codec`, `calendar` (dates), `place` (where it
is). What a new process finds in it: `loading`. What leaves it, and when: `retention`, `marks`
(those of dedup); `quiet` says when nobody has come for a while. What can be wrong with it:
`troubles`.

For an operator: `desk`, `listing` and `again` for a host that runs, `looking` for a file
without one. `shelf` keeps things by name, beside the rows.
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
from actors.journal.sqlite.place import connected
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
    "connected",
    "faults",
    "opened",
    "rows",
    "stats",
]
