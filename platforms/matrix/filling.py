"""Asking for what was missed in a room while nobody listened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from platforms.base import SessionEnded
from platforms.matrix import wire
from platforms.matrix.server import Refused, ask_patiently

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
            body = await ask_patiently(web, "GET", gap.target)
            page = wire.read_page(body)
            for excerpt, why in page.refused:
                link.refuse(excerpt, why)
            gap = wire.with_page(gap, page, timeline)
    except wire.Unreadable as error:
        raise SessionEnded(str(error)) from error
    except Refused as refused:  # a room that we may not look into any more
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
