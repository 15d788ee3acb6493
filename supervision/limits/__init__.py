"""Limits that keep a peer and us from hurting each other: breakers, rates, permits.

What happens here: whether a call may be made now, has to wait, or is refused at once.
What does not: the call itself, trying again, and whose limits there are: whoever owns a
peer makes one set of them for it and hands it to those who call.

Read `values` first. Each rule is pure, and has a thin shell in which a call waits:

    rule                                shell
    breaker, breaker_policy, window     circuit     calls to a peer that fails are refused
    bucket                              limiter     so many calls in a time
    permits                             bulkhead    so many calls at once

Read `attempt` last: it puts all three around one call, in the order that works. `errors` is
why a call was not made. `tokens` stands apart: the rates of what goes out to chats; the
host's sender asks it, and keeps itself what has to wait.
"""

from supervision.limits.attempt import Limits
from supervision.limits.breaker import (
    BreakerStatus,
    Changed,
    Signal,
)
from supervision.limits.breaker_policy import BreakerPolicy
from supervision.limits.bucket import Pace
from supervision.limits.bulkhead import Bulkhead
from supervision.limits.circuit import Call, CircuitBreaker
from supervision.limits.errors import (
    AttemptTimeout,
    CircuitOpen,
    LimitRefused,
    Overloaded,
    WaitTooLong,
)
from supervision.limits.limiter import RateLimiter
from supervision.limits.permits import PermitPolicy
from supervision.limits.tokens import Pacer
from supervision.limits.values import (
    FAILURE,
    IGNORED,
    SUCCESS,
    BreakerState,
    Judge,
    Judgement,
    Taxonomy,
    Urgency,
    Verdict,
)

__all__ = [
    "FAILURE",
    "IGNORED",
    "SUCCESS",
    "AttemptTimeout",
    "BreakerPolicy",
    "BreakerState",
    "BreakerStatus",
    "Bulkhead",
    "Call",
    "Changed",
    "CircuitBreaker",
    "CircuitOpen",
    "Judge",
    "Judgement",
    "LimitRefused",
    "Limits",
    "Overloaded",
    "Pace",
    "Pacer",
    "PermitPolicy",
    "RateLimiter",
    "Signal",
    "Taxonomy",
    "Urgency",
    "Verdict",
    "WaitTooLong",
]
