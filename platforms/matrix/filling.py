"""Asking for what was missed in a room while nobody listened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from platforms.matrix import wire
from platforms.matrix.server import Refused, ask_of_room

if TYPE_CHECKING:
    from platforms.base import Link, Web


async def whole(
    link: Link, web: Web, timeline: wire.Timeline, since: str
) -> wire.Timeline:
    """Return *timeline* with what was missing before it, since the cursor *since*.

    Raises:
        SessionEnded: the server is in trouble. The next session asks for the gap again,
            because the cursor has not moved past it.
        NeedsOperator: the homeserver refuses our token.
    """
    gap = wire.gap_in(timeline, since)
    if gap is None:
        return timeline
    try:
        while gap.target:
            page = await ask_of_room(web, gap.target, wire.read_page)
            for excerpt, why in page.refused:
                link.refuse(excerpt, why)
            gap = wire.with_page(gap, page, timeline)
    except Refused as refused:  # we may not look into it any more, or nobody can
        link.log.warning("gap.lost", room=gap.room, why=str(refused))
    if gap.cut:
        link.log.warning("gap.cut", room=gap.room, events=len(gap.found))
    elif gap.found:
        link.log.info("gap.filled", room=gap.room, events=len(gap.found))
    return replace(
        timeline,
        events=(*gap.filled(), *timeline.events),
        state=(*gap.state, *timeline.state),
    )
