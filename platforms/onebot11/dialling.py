"""Forward WebSocket: we dial the peer, on one socket or on two."""

from __future__ import annotations

import trio

from platforms.base import Link, SessionEnded
from platforms.onebot11.config import OneBot11Config
from platforms.onebot11.roles import SocketRole, dialled
from platforms.onebot11.session import Session


async def dial_out(config: OneBot11Config, link: Link, session: Session) -> None:
    """Dial what the URL asks for and live it; one lost socket ends them all.

    Raises:
        SessionEnded: a socket is gone.
        NeedsOperator: the peer refuses our token.
        DialFailed: nobody is there, or not in time.
        DialRefused: no WebSocket is offered there.
    """
    assert config.url is not None

    async def live(role: SocketRole, url: str) -> None:
        async with link.dial(url, bearer=config.access_token) as socket:
            why = await session.converse(role, socket)
        raise SessionEnded(why)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(session.find_out_who_we_are)
        for role, url in dialled(config.url).items():
            nursery.start_soon(live, role, url)
