"""Who gives way when an account's outbox is full. A value, and one rule. Pure.

For each newcomer exactly one row goes: the oldest of the first kind that gives way to it;
or the newcomer itself, where there is none, or where that would not make room enough. What
is on its way, or may be out already, never gives way.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from actors.messages import OutboundKind

GivesWay: TypeAlias = Mapping[OutboundKind, tuple[OutboundKind, ...]]
"""By the newcomer's kind: which kinds give way to it, the first ones first."""

GIVES_WAY: Final[GivesWay] = MappingProxyType(
    {
        # Somebody waits for a reply, and soon it is worth nothing: notices make room for
        # it, then the reply that has waited longest.
        OutboundKind.REPLY: (OutboundKind.NOTICE, OutboundKind.REPLY),
        # A notice never costs somebody an answer.
        OutboundKind.NOTICE: (OutboundKind.NOTICE,),
    }
)


def gave_way(kind: OutboundKind, bound: str) -> str:
    """Say why a row that waited was dropped."""
    return f"the outbox of its account is full ({bound}): the oldest {kind} gave way"


def refused(kind: OutboundKind, bound: str) -> str:
    """Say why a newcomer was dropped."""
    return f"the outbox of its account is full ({bound}), and what waits there does not give way to this {kind}"
