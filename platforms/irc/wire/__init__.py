"""IRC as values: lines in, events and answers out, what is to be said back into lines.

Pure: no socket, no clock, no randomness, nothing here waits. Read `line` first (what a
line is), then `registration` with `sasl` and `scram` (how a connection begins), `known` with `support`
and `roster` (what a connection has learned), `inbound` (what the host is told),
`history` (what was missed), `outbound` (what may be said, and how long) and `confirming` (what became of it). Sockets
and time are one folder up.
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
