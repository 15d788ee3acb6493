"""The outbox: what was said and cannot leave yet. The one writer of outbound states.

Read `outbox` first, then `keys` for what makes two messages the same and `parts` for what
is too long for one; `keeper` is the actor that keeps its time, `repairs` what an operator
may do. What does not happen here: sending.
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
