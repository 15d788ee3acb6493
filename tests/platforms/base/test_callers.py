"""A peer that dials in the very moment its old socket ends loses nothing by that."""

from __future__ import annotations

from typing import cast

import pytest
import trio
import trio.testing

from platforms.base import Caller, SessionEnded
from platforms.base.callers import attend
from platforms.base.visitors import Visitor, Visitors
from platforms.transport import WebSocket


class Session:
    """Converses with a socket until that is told to end."""

    def __init__(self) -> None:
        self.ends: dict[object, trio.Event] = {}

    async def converse(self, caller: Caller) -> str:
        self.ends[caller.socket] = trio.Event()
        await self.ends[caller.socket].wait()
        return "the peer left"


def caller(name: str) -> Caller:
    return Caller(cast(WebSocket, name), "Universal")


# Which of the two is noticed first is left to chance by trio: try it often.
@pytest.mark.parametrize("_", range(60))
async def test_the_new_socket_is_kept_or_waits_for_the_next_session(_: int) -> None:
    visitors: Visitors[Visitor] = Visitors()
    session = Session()
    old, new = caller("old"), caller("new")
    kept = False

    async def live() -> None:
        try:
            await attend(visitors, session.converse)
        except* SessionEnded:
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live)
        visitors.put(old)
        await trio.testing.wait_all_tasks_blocked()

        session.ends["old"].set()
        visitors.put(new)
        await trio.testing.wait_all_tasks_blocked()

        kept = "new" in session.ends
        assert kept != visitors.waits(new)
        assert not new._over.is_set(), "it was dismissed"
        nursery.cancel_scope.cancel()
