"""What may leave now, leaves here: one account and chat at a time, in order.

Read `line` for what a connection offers and `terms` for how fast it may be used, `lines`
for who is connected, then `pump` (one account's way out), `settling` (what its end means for
a row) and `sender`. What does not happen here: deciding states (the outbox
does), forms and codecs (platforms do).
"""

from actors.sender.line import (
    FormRefused,
    Leave,
    Line,
    OutcomeUnknown,
    Rejected,
    Retry,
    SendRefused,
    Sent,
    Told,
)
from actors.sender.lines import Lines
from actors.sender.sender import DrainSends, Sender
from actors.sender.terms import Terms

__all__ = [
    "DrainSends",
    "FormRefused",
    "Leave",
    "Line",
    "Lines",
    "OutcomeUnknown",
    "Rejected",
    "Retry",
    "SendRefused",
    "Sender",
    "Sent",
    "Terms",
    "Told",
]
