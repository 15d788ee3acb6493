"""The outbox: what is to be said waits here, and only here its state is decided.

Read `outbox` first, then `keys` (what makes two messages the same), `parts` (what is too
long for one message), `keeper` (the actor that lets stale messages go) and `repairs` (what an
operator may do). What does not happen here: keeping rows (`actors.journal`), sending
(`actors.sender`), waiting for outcomes (`actors.tracker`).
"""

from actors.buffer.keeper import OutboxKeeper
from actors.buffer.keys import notice_key, part_key, reply_key, retry_key
from actors.buffer.outbox import Outbox
from actors.buffer.parts import Split
from actors.buffer.repairs import CannotRepair, NoSuchMessage, Repairs

__all__ = [
    "CannotRepair",
    "NoSuchMessage",
    "Outbox",
    "OutboxKeeper",
    "Repairs",
    "Split",
    "notice_key",
    "part_key",
    "reply_key",
    "retry_key",
]
