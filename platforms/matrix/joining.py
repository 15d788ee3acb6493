"""Going where we are invited, and knowing which rooms are private talks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from platforms.base import SessionEnded
from platforms.matrix import wire
from platforms.matrix.server import Refused, ask_object, ask_patiently

if TYPE_CHECKING:
    from platforms.base import Link, Web


async def join(link: Link, web: Web, room: str, by: str) -> None:
    """Join *room*, as *by* has asked us to. What the server refuses costs nothing else."""
    target = f"/_matrix/client/v3/join/{quote(room, safe='')}"
    try:
        await ask_patiently(web, "POST", target, b"{}")
    except (Refused, SessionEnded) as error:
        # A server far away that is down must not stop us from hearing the others.
        link.log.warning("room.not_joined", room=room, by=by, why=str(error))
    else:
        link.log.info("room.joined", room=room, by=by)


async def note_direct(web: Web, us: str, user: str, room: str) -> None:
    """Write down for all our clients that *room* is a private talk with *user*."""
    target = direct_target(us)
    content = wire.merged_direct(await direct_content(web, us), user, room)
    if content is not None:
        await ask_patiently(web, "PUT", target, wire.write(content))


async def direct_content(web: Web, us: str) -> wire.JsonObject:
    """Return the content of our `m.direct`, empty where nobody has written any."""
    try:
        return await ask_object(web, direct_target(us))
    except Refused:
        return {}


def direct_target(us: str) -> str:
    """Return where `m.direct` of *us* is kept."""
    return f"/_matrix/client/v3/user/{quote(us, safe='')}/account_data/m.direct"
