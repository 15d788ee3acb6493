"""A whole tree as JSON, made bit by bit: there may be 100,000 actors in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import msgspec
import trio

from actors.kernel import ActorSnapshot
from rookery.control.drawing import node_of

MADE_IN_A_ROW = 64
"""How many nodes are made between two checkpoints."""


async def whole_tree_of(
    actor: ActorSnapshot, made: Iterator[int] | None = None
) -> dict[str, object]:
    """As `tree_of`, but others run in between; what is below *actor* is encoded already.

    So no step takes long, and little memory is held.
    """
    made = made or count(1)
    children = []
    for child in actor.children:
        node = await whole_tree_of(child, made)
        children.append(msgspec.Raw(msgspec.json.encode(node)))
        if next(made) % MADE_IN_A_ROW == 0:
            await trio.lowlevel.checkpoint()
    return node_of(actor, children)
