"""Where every accepted event and everything to be said is written down first.

Read `protocol` for the promises, then `values` for what rows look like. `inbox` and
`outgoing` are its two pure halves, `outbox_side` what needs no disk to be answered.
Of what goes out `waiting` is the order, `overflow` who gives way, `doubts` what may be
tried again, `endings` what is kept at the end;
`memory` keeps rows in this process and nowhere else, `sqlite` in a file. What does not
happen here: routing, sending, deciding what a message means.
"""

from actors.journal.backlog import InboxLimits
from actors.journal.keeper import CountRows, JournalKeeper, KeptJournal
from actors.journal.memory import MemoryJournal
from actors.journal.overflow import GIVES_WAY, GivesWay
from actors.journal.pacing import ChatKey, Pacing
from actors.journal.protocol import Journal
from actors.journal.sayings import OutgoingLimits
from actors.journal.sqlite import (
    Durability,
    FileJournal,
    Inline,
    NoJournal,
    OwnThread,
    Retention,
    Shelf,
    SqliteStore,
    Store,
    Trouble,
    backup,
    faults,
    rows,
    stats,
)
from actors.journal.values import (
    AccountKey,
    Appended,
    Arrived,
    Claim,
    Expired,
    InboundRow,
    JournalCounts,
    JournalHealth,
    OutboundRow,
    Queued,
    Recalled,
    RowRefused,
)

__all__ = [
    "GIVES_WAY",
    "AccountKey",
    "Appended",
    "Arrived",
    "ChatKey",
    "Claim",
    "CountRows",
    "Durability",
    "Expired",
    "FileJournal",
    "GivesWay",
    "InboundRow",
    "InboxLimits",
    "Inline",
    "Journal",
    "JournalCounts",
    "JournalHealth",
    "JournalKeeper",
    "KeptJournal",
    "MemoryJournal",
    "NoJournal",
    "OutboundRow",
    "OutgoingLimits",
    "OwnThread",
    "Pacing",
    "Queued",
    "Recalled",
    "Retention",
    "RowRefused",
    "Shelf",
    "SqliteStore",
    "Store",
    "Trouble",
    "backup",
    "faults",
    "rows",
    "stats",
]
