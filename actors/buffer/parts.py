"""A message that its platform cannot take in one piece becomes several rows. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from attrs import evolve

from actors.buffer.keys import part_key
from actors.messages import Delete, Ours, Outbound, Segment

Split: TypeAlias = Callable[[Outbound], Awaitable[Sequence[tuple[Segment, ...]]] | None]
"""Returns the pieces in which a message has to be said, in order; or `None`, without anything
to await: in one, as nearly all are. Cutting a long text takes a while, so it is awaited and
lets others have a turn in between."""


def whole(_: Outbound) -> None:
    """Say a message in one piece: what is done where no platform says otherwise."""


def rows_of(out: Outbound, bodies: Sequence[tuple[Segment, ...]]) -> list[Outbound]:
    """Return one row for each of *bodies*, under a key of its own."""
    return [
        evolve(out, key=part_key(out.key, part), body=body)
        for part, body in enumerate(bodies)
    ]


def deletions(out: Outbound) -> list[Outbound]:
    """Return one row for each part of the message of ours that *out* deletes.

    One row where that message was said in one piece, and for any other change.
    """
    match out.change:
        case Delete(Ours(key, parts)) if parts > 1:
            return [
                evolve(
                    out,
                    key=part_key(out.key, part),
                    change=Delete(Ours(part_key(key, part))),
                )
                for part in range(parts)
            ]
        case _:
            return [out]
