"""A message that its platform cannot take in one piece, as the rows that say it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from attrs import evolve

from actors.buffer.keys import part_key
from actors.messages import Delete, Ours, Outbound, Segment

Split: TypeAlias = Callable[[Outbound], Awaitable[Sequence[tuple[Segment, ...]]] | None]
"""In which pieces a message has to be said, in order. `None`, at once: in one, as most are.
To cut a long text takes long: whoever does it lets others have their turn meanwhile."""


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

    Whatever else it does is one row.
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
