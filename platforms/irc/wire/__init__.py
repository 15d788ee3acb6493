"""IRC as values: lines in, events and answers out, what is to be said back into lines.

Pure: no socket, no clock, no randomness, nothing here waits. Sockets and time are one
folder up. Read `line` first (what a line is). Then by what you look for:

- how a connection begins: `registration`, with `capabilities`, `sasl` and `scram`
- what a connection has learned: `known`, with `support` and `roster`
- what the host is told: `inbound`, with `text` (colours, CTCP); what was missed: `history`
- what is said, and how long it may be: `outbound`; what became of it: `confirming`
"""

from platforms.irc.wire.confirming import (
    Confirming,
    Denied,
    NotNow,
    Settles,
    Taken,
    Verdict,
)
from platforms.irc.wire.history import History, Missed
from platforms.irc.wire.inbound import NO_MSGID, time_of, to_inbound
from platforms.irc.wire.known import Known
from platforms.irc.wire.line import (
    MAX_LINE_BYTES,
    Line,
    Unwritable,
    decode,
    parse,
    write,
)
from platforms.irc.wire.outbound import Unsendable, room, target_of, words_of
from platforms.irc.wire.registration import NeedsPerson, Refused, Registration, Who
from platforms.irc.wire.support import Support

__all__ = [
    "MAX_LINE_BYTES",
    "NO_MSGID",
    "Confirming",
    "Denied",
    "History",
    "Known",
    "Line",
    "Missed",
    "NeedsPerson",
    "NotNow",
    "Refused",
    "Registration",
    "Settles",
    "Support",
    "Taken",
    "Unsendable",
    "Unwritable",
    "Verdict",
    "Who",
    "decode",
    "parse",
    "room",
    "target_of",
    "time_of",
    "to_inbound",
    "words_of",
    "write",
]
