"""Into which room we go: the one of an invitation, or the successor of one in which we are.

Whoever may close a room may name any other as its replacement. So we follow only into a
room that says itself that it replaces the old one. To read that we may have to join first;
if it does not say so, we leave again, unless we had been there before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from platforms.matrix import wire
from platforms.matrix.server import Refused, ask
from platforms.matrix.wire import Errand, Meaning

if TYPE_CHECKING:
    from platforms.base import Web


async def join(web: Web, errand: Errand) -> None:
    """Join the room of *errand*; nothing happens if we are there. Raises what `ask` does."""
    await ask(web, "POST", wire.join_target(errand), b"{}")


async def follow(
    web: Web, errand: Errand, is_current: Callable[[Errand], bool]
) -> bool:
    """Join the room of *errand* if it says that it is the replacement; return whether it does.

    Args:
        web: To the homeserver.
        errand: To a room that has moved.
        is_current: Says whether *errand* still stands: if somebody has invited us into the
            same room meanwhile, we stay there, whatever it replaces.

    Raises:
        Exception: whatever `ask` raises; the whole may be done again.
    """
    told = await _predecessor(web, errand.room)
    if told is None:
        await join(web, errand)
        told = await _predecessor(web, errand.room)
        if told != errand.replaces and is_current(errand):
            await ask(web, "POST", wire.leave_target(errand.room), b"{}")
    elif told == errand.replaces:
        await join(web, errand)
    return told == errand.replaces


async def _predecessor(web: Web, room: str) -> str | None:
    """Return which room *room* says that it replaces; `None`: we have never been there."""
    try:
        body = await ask(web, "GET", wire.state_target(room, "create"))
    except Refused as refused:
        if refused.refusal.meaning is not Meaning.NO:
            raise
        return None
    return wire.predecessor_in(body)
