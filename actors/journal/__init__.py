"""Where every accepted event and everything to be said is written down first.

Read `protocol` for the promises, then `values` for what rows look like. There are two
journals, built on the same pure index: `memory` keeps rows in this process and nowhere
else, `sqlite` in a file.

The index of what came in:

    inbox                 rows, and who has them
    backlog               its limits and records, one backlog for each platform
    dedup                 which events were seen before
    crowds                those who wait until a backlog has room
    suspects              rows that may have killed a process, handed out one at a time
    tallies, ages         what became of how many, and how old the oldest is
    settled               rows that are over, kept for a while

The index of what goes out, in the order in which its classes build on each other:

    sayings               its limits and records
    endings               how rows end, and what is kept of them then
    trusting, doubts      rows of which nobody knows, and which of them are tried again
    outgoing              the whole: rows, and who is sending them
    waiting, stale        what waits for one account: by turn, and by when it goes stale
    overflow, pacing      who gives way when it is full; how fast it may go out
    parts, content        parts of a message said before; what tells two messages apart
    outbox_side           what both journals answer from this index, without the disk
    sizes                 how many bytes an event or a body counts

For an operator: `listing` is what one sees of either journal (`memory_desk` for the one in
memory), `again` what one can let begin again. `keeper` is the actor that frees what is no
longer needed. `memory_shelf` keeps things by name, and `slot` is an answer that a task waits
for.

What does not happen here: routing, sending, deciding what a message means.
"""

from actors.journal.backlog import InboxLimits
from actors.journal.keeper import JournalKeeper, KeptJournal
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
    TroubleKind,
    as_mapping,
    backup,
    change_as_mapping,
    connected,
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
    "TroubleKind",
    "as_mapping",
    "backup",
    "change_as_mapping",
    "connected",
    "faults",
    "file_listing",
    "kind_of",
    "opened",
    "place_of",
    "rows",
    "stats",
]
