"""Where every accepted event and everything to be said is written down first.

Read `protocol` for the promises, then `values` for what rows look like. `inbox` and
`outgoing` are its two pure halves, `outbox_side` what needs no disk to be answered.
Of what goes out `waiting` is the order, `overflow` who gives way, `doubts` what may be
tried again, `endings` what is kept at the end. `tallies` counts what came in;
`memory` keeps rows in this process and nowhere else, `sqlite` in a file; `listing` is
what an operator sees of either, `again` what they can let begin again. What does not
happen here: routing, sending, deciding what a message means.
"""

from actors.journal.backlog import InboxLimits
from actors.journal.keeper import CountRows, JournalKeeper, KeptJournal
from actors.journal.listing import (
    HEARD_RANK,
    OPEN_OUTBOUND,
    SAID_RANK,
    Heard,
    Inspected,
    Kind,
    Letter,
    Place,
    Said,
    Sought,
    kind_of,
    place_of,
)
from actors.journal.memory import MemoryJournal
from actors.journal.memory_shelf import MemoryShelf
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
    as_mapping,
    backup,
    change_as_mapping,
    faults,
    opened,
    rows,
    stats,
)
from actors.journal.sqlite import listing as file_listing
from actors.journal.tallies import LaneCounts, PlatformCounts
from actors.journal.values import (
    AccountKey,
    Appended,
    Arrived,
    Claim,
    Delivery,
    Expired,
    HandedOut,
    InboundRow,
    JournalCounts,
    JournalHealth,
    OutboundRow,
    Queued,
    Rank,
    Recalled,
    RowRefused,
)

__all__ = [
    "GIVES_WAY",
    "HEARD_RANK",
    "OPEN_OUTBOUND",
    "SAID_RANK",
    "AccountKey",
    "Appended",
    "Arrived",
    "ChatKey",
    "Claim",
    "CountRows",
    "Delivery",
    "Durability",
    "Expired",
    "FileJournal",
    "GivesWay",
    "HandedOut",
    "Heard",
    "InboundRow",
    "InboxLimits",
    "Inline",
    "Inspected",
    "Journal",
    "JournalCounts",
    "JournalHealth",
    "JournalKeeper",
    "KeptJournal",
    "Kind",
    "LaneCounts",
    "Letter",
    "MemoryJournal",
    "MemoryShelf",
    "NoJournal",
    "OutboundRow",
    "OutgoingLimits",
    "OwnThread",
    "Pacing",
    "Place",
    "PlatformCounts",
    "Queued",
    "Rank",
    "Recalled",
    "Retention",
    "RowRefused",
    "Said",
    "Shelf",
    "Sought",
    "SqliteStore",
    "Store",
    "Trouble",
    "as_mapping",
    "backup",
    "change_as_mapping",
    "faults",
    "file_listing",
    "kind_of",
    "opened",
    "place_of",
    "rows",
    "stats",
]
