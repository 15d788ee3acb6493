"""A peer that dials in the very moment its old socket ends loses nothing by that."""

from __future__ import annotations

from typing import cast

import pytest
import trio
import trio.testing

from platforms.base import Link, SessionEnded
from platforms.base.visitors import Visitors
from platforms.onebot11.listener import Caller, attend
from platforms.onebot11.roles import SocketRole
from platforms.onebot11.session import Session
from platforms.transport import WebSocket


class FakeLink:
    def __init__(self) -> None:
        self.visitors: Visitors[Caller] = Visitors()

    def connecting(self, why: str = "") -> None:
        """Nobody looks."""


class FakeSession:
    """Converses with a socket until that is told to end."""

    def __init__(self) -> None:
        self.ends: dict[object, trio.Event] = {}

    async def converse(self, role: SocketRole, socket: object) -> str:
        self.ends[socket] = trio.Event()
        await self.ends[socket].wait()
        return "the peer left"


def caller(name: str) -> Caller:
    return Caller(cast(WebSocket, name), SocketRole.UNIVERSAL)


# Which of the two is noticed first is left to chance by trio: try it often.
@pytest.mark.parametrize("_", range(60))
async def test_the_new_socket_is_kept_or_waits_for_the_next_session(_: int) -> None:
    link, session = FakeLink(), FakeSession()
    old, new = caller("old"), caller("new")
    kept = False

    async def live() -> None:
        try:
            await attend(cast(Link, link), cast(Session, session))
        except* SessionEnded:
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live)
        link.visitors.put(old)
        await trio.testing.wait_all_tasks_blocked()

        session.ends["old"].set()
        link.visitors.put(new)
        await trio.testing.wait_all_tasks_blocked()

        kept = "new" in session.ends
        assert kept != link.visitors.waits(new)
        assert not new._over.is_set(), "it was dismissed"
        nursery.cancel_scope.cancel()
