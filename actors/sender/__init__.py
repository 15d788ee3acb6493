"""What may leave now, leaves here: one account and chat at a time, in order.

Read `line` for what a connection offers. What does not happen here: deciding states
(the outbox does), forms and codecs (platforms do).
"""

from actors.sender.line import (
    Line,
    OutcomeUnknown,
    Rejected,
    Retry,
    SendRefused,
    Sent,
)

__all__ = ["Line", "OutcomeUnknown", "Rejected", "Retry", "SendRefused", "Sent"]
