"""What an operator may make of a message: those moves of the state tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import frozen

from actors.messages.lives import InboundState, OutboundState

_O = OutboundState


class Repair(StrEnum):
    """What an operator asks for, in the words of the command line."""

    RETRY = "retry"
    """Say it once more: somebody has looked, and it is not out."""
    MARK_SENT = "mark-sent"
    """Somebody has looked, and it is out."""
    DISCARD = "discard"
    """Let it go, said or not."""


REPAIRS: Final[Mapping[Repair, Mapping[OutboundState, OutboundState]]] = {
    Repair.RETRY: {_O.UNKNOWN: _O.QUEUED},
    Repair.MARK_SENT: {_O.UNKNOWN: _O.SENT},
    Repair.DISCARD: {_O.UNKNOWN: _O.CANCELLED, _O.QUEUED: _O.CANCELLED},
}
"""What each repair makes of an outbound row, by the state that it finds."""

DEAD_INBOUND: Final = frozenset(
    {InboundState.FAILED, InboundState.QUARANTINED, InboundState.EXPIRED}
)
"""An event in one of these was not handled to its end. An operator's retry makes it `new`."""
DEAD_OUTBOUND: Final = frozenset({_O.EXPIRED, _O.DROPPED, _O.REJECTED})
"""A message in one of these was never said. They are final: to say it after all takes a new
row."""


@frozen
class NotRepairable(Exception):
    """The message is in a state from which this repair does not lead."""

    repair: Repair
    state: str

    def __str__(self) -> str:
        wanted = " or ".join(sorted(REPAIRS[self.repair]))
        return (
            f"{self.repair} needs a message that is {wanted} (this one is {self.state})"
        )


def repaired(state: OutboundState, repair: Repair) -> OutboundState:
    """Return what *repair* makes of a row in *state*.

    Raises:
        NotRepairable: nothing; the error names the state.
    """
    after = REPAIRS[repair].get(state)
    if after is None:
        raise NotRepairable(repair, state.value)
    return after
