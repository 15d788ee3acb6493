"""Which states a message goes through, on its way in and out. Any other move is an error.

Rule: every transition is in one of these tables. Code that needs one that is
missing adds a row here and a test, never an `if` somewhere else.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class InboundState(StrEnum):
    """Where an event that came in stands."""

    NEW = "new"
    """Accepted, and in nobody's hand."""
    CLAIMED = "claimed"
    """The router has it, or a bot."""
    PARKED = "parked"
    """Its handler waits for somebody's answer, in `ctx.ask`."""
    DONE = "done"
    """Handled, or nobody wanted it."""
    FAILED = "failed"
    """Its handler raised or took too long, or was interrupted while it was parked."""
    EXPIRED = "expired"
    """It was too old to be handled when its turn came."""
    QUARANTINED = "quarantined"
    """Three processes or bots have ended with it in hand: it is not tried again."""


class OutboundState(StrEnum):
    """Where something that is to be said stands."""

    QUEUED = "queued"
    """Written down, and certainly not said yet."""
    SENDING = "sending"
    """On its way: committed before the first byte leaves."""
    SENT = "sent"
    """The platform took it."""
    DEGRADED = "degraded"
    """The platform took it in a simpler form, a picture as words, say."""
    REJECTED = "rejected"
    """The platform will not take it; it was not said."""
    EXPIRED = "expired"
    """It could not be said before it went stale."""
    CANCELLED = "cancelled"
    """A bot or an operator withdrew it."""
    DROPPED = "dropped"
    """It gave way, or was refused, because the outbox of its account was full."""
    UNKNOWN = "unknown"
    """It may have gone out, and nobody can know: the answer was lost."""


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
"""An event in one of these is *handled*: settled, with whatever outcome."""
FINAL_OUTBOUND = frozenset(state for state, after in OUTBOUND.items() if not after)


@frozen
class IllegalTransition(Exception):
    """A mistake of ours: a row was to make a move that is not in its table."""

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
