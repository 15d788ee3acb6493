"""Forward WebSocket: we dial the peer, on one socket or on two."""

from __future__ import annotations

import trio

from platforms.base import Link, NeedsOperator, SessionEnded
from platforms.onebot11.config import OneBot11Config
from platforms.onebot11.roles import SocketRole, dialled
from platforms.onebot11.session import Session
from platforms.transport import DialRefused, dial

_UNAUTHORISED = (401, 403)


async def dial_out(config: OneBot11Config, link: Link, session: Session) -> None:
    """Dial what the URL asks for and live it; one lost socket ends them all.

    Raises:
        SessionEnded: a socket is gone.
        NeedsOperator: the peer refuses our token.
        DialFailed: nobody is there, or not in time.
        DialRefused: no WebSocket is offered there.
    """
    assert config.url is not None
    headers = []
    if config.access_token is not None:
        headers.append(("Authorization", f"Bearer {config.access_token.reveal()}"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(session.find_out_who_we_are)
        for role, url in dialled(config.url).items():
            nursery.start_soon(_dial, link, session, role, url, headers)


async def _dial(
    link: Link,
    session: Session,
    role: SocketRole,
    url: str,
    headers: list[tuple[str, str]],
) -> None:
    await link.turn_to_dial()
    try:
        async with dial(url, headers=headers, network=link.network) as socket:
            why = await session.converse(role, socket)
    except DialRefused as refused:
        if refused.status in _UNAUTHORISED:
            advice = f"{refused}; check access_token"
            raise NeedsOperator(advice) from refused
        raise
    raise SessionEnded(why)
