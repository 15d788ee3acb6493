"""What may leave now, leaves here: one message of each chat at a time, in order.

    line        what a connection offers, and what it answers: `Sent`, `Retry`, `Rejected`...
    terms       how fast it may be used, and how long its platform recognises a key
    lines       which accounts are connected
    sender      the actor: a pump for each account that is
    pump        one account's way out, from the outbox to its line
    delivery    one row on its way; `settling` is what its end means for that row
    aiming      which message of the platform an edit or a deletion is meant for

Read them in this order. What does not happen here: deciding states (the outbox does), forms
and codecs (platforms do).
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
