"""The life of a message, both ways: the whole table. Anything else is an error.

Rule: every transition is in one of these tables. Code that needs one that is
missing adds a row here and a test, never an `if` somewhere else.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class InboundState(StrEnum):
    NEW = "new"
    CLAIMED = "claimed"
    PARKED = "parked"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"


class OutboundState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEGRADED = "degraded"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


_I = InboundState
_O = OutboundState

INBOUND: dict[InboundState, frozenset[InboundState]] = {
    _I.NEW: frozenset({_I.CLAIMED}),
    _I.CLAIMED: frozenset(
        {_I.DONE, _I.FAILED, _I.EXPIRED, _I.NEW, _I.PARKED, _I.QUARANTINED}
    ),
    _I.PARKED: frozenset({_I.DONE, _I.FAILED}),
    _I.DONE: frozenset(),
    # Only an operator takes these three back.
    _I.FAILED: frozenset({_I.NEW}),
    _I.QUARANTINED: frozenset({_I.NEW}),
    _I.EXPIRED: frozenset({_I.NEW}),
}

OUTBOUND: dict[OutboundState, frozenset[OutboundState]] = {
    _O.QUEUED: frozenset({_O.SENDING, _O.EXPIRED, _O.CANCELLED, _O.DROPPED}),
    _O.SENDING: frozenset({_O.SENT, _O.DEGRADED, _O.REJECTED, _O.QUEUED, _O.UNKNOWN}),
    _O.UNKNOWN: frozenset({_O.SENT, _O.QUEUED, _O.CANCELLED}),
    _O.SENT: frozenset(),
    _O.DEGRADED: frozenset(),
    _O.REJECTED: frozenset(),
    _O.EXPIRED: frozenset(),
    _O.CANCELLED: frozenset(),
    _O.DROPPED: frozenset(),
}

FINAL_INBOUND = frozenset({_I.DONE, _I.FAILED, _I.EXPIRED, _I.QUARANTINED})
"""*Handled*: settled with any outcome."""
FINAL_OUTBOUND = frozenset(state for state, after in OUTBOUND.items() if not after)


@frozen
class IllegalTransition(Exception):
    """Our own mistake: a row was pushed where its table does not lead."""

    before: str
    after: str
    legal: tuple[str, ...]

    def __str__(self) -> str:
        legal = ", ".join(self.legal) or "nothing"
        return f"a row that is {str(self.before)!r} cannot become {str(self.after)!r} (legal: {legal})"


def check_inbound(before: InboundState, after: InboundState) -> None:
    """Raise `IllegalTransition` unless *before* may become *after*."""
    if after not in INBOUND[before]:
        raise IllegalTransition(before, after, tuple(sorted(INBOUND[before])))


def check_outbound(before: OutboundState, after: OutboundState) -> None:
    """Raise `IllegalTransition` unless *before* may become *after*."""
    if after not in OUTBOUND[before]:
        raise IllegalTransition(before, after, tuple(sorted(OUTBOUND[before])))
