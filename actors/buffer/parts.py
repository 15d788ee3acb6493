"""A message that its platform cannot take in one piece, as the rows that say it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from attrs import evolve

from actors.buffer.keys import part_key
from actors.messages import Outbound, Segment

Split: TypeAlias = Callable[[Outbound], Awaitable[Sequence[tuple[Segment, ...]]]]
"""In which pieces a message has to be said, in order; one piece for most. To cut a long
text takes long: whoever does it lets others have their turn meanwhile."""


async def whole(out: Outbound) -> Sequence[tuple[Segment, ...]]:
    """Return a message in one piece: what is done where no platform says otherwise."""
    return (out.body,)


def rows_of(out: Outbound, bodies: Sequence[tuple[Segment, ...]]) -> list[Outbound]:
    """Return one row for each of *bodies*, under a key of its own."""
    return [
        evolve(out, key=part_key(out.key, part), body=body)
        for part, body in enumerate(bodies)
    ]
