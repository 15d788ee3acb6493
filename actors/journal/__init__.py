"""Where every accepted event and everything to be said is written down first.

Read `protocol` for the promises, then `values` for what rows look like; `memory` keeps
them in this process, `inbox` and `outgoing` are its two pure halves. What does not happen
here: routing, sending, deciding what a message means.
"""

from actors.journal.backlog import InboxLimits
from actors.journal.keeper import CountRows, JournalKeeper
from actors.journal.memory import MemoryJournal
from actors.journal.protocol import Journal
from actors.journal.sayings import OutgoingLimits, Victim
from actors.journal.values import (
    AccountKey,
    Appended,
    Claim,
    Expired,
    InboundRow,
    JournalCounts,
    OutboundRow,
    Queued,
)

__all__ = [
    "AccountKey",
    "Appended",
    "Claim",
    "CountRows",
    "Expired",
    "InboundRow",
    "InboxLimits",
    "Journal",
    "JournalCounts",
    "JournalKeeper",
    "MemoryJournal",
    "OutboundRow",
    "OutgoingLimits",
    "Queued",
    "Victim",
]
