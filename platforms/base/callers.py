"""Sockets that dialled us: handed to their account, lived by its session, then dismissed.

`Door.receive` runs in the listener and `attend` in the session of one account; between
them is the account's seat, where a caller waits to be taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio

from platforms.base.ends import SessionEnded
from platforms.base.visitors import TAKEN_OVER, Visitor, Visitors
from platforms.transport import WebSocket

Converse: TypeAlias = "Callable[[Caller], Awaitable[str]]"
"""A session's own function that lives one socket, and returns why it is gone, in words."""


class Caller:
    """A socket that dialled us; it stays open until the session or a newer one ends it."""

    def __init__(self, socket: WebSocket, role: str = "") -> None:
        self.socket = socket
        self.role = role
        """What it is for, where an account has several sockets; else empty."""
        self._over = trio.Event()
        self._why = ""

    def dismiss(self, why: str = "") -> None:
        """Let the socket be closed; never waits."""
        if not self._over.is_set():
            self._why = why
            self._over.set()

    async def over(self) -> str:
        """Wait until the socket may be closed; return why, in a few words."""
        await self._over.wait()
        return self._why


async def attend(visitors: Visitors[Visitor], converse: Converse) -> None:
    """Take whoever calls, until the last one is gone; see `Link.attend`.

    Raises:
        SessionEnded: nobody is left.
    """
    present = _Present(converse)
    visitors.attended = True
    try:
        async with trio.open_nursery() as nursery:
            while True:
                caller = await visitors.next()
                assert isinstance(caller, Caller)
                if present.over:
                    # The last one left in this very moment, and this session ends: the
                    # next one takes it.
                    visitors.put_back(caller)
                    return
                present.join(caller)
                # One after the other: whoever came first also begins to be heard first.
                await nursery.start(present.keep, caller)
    finally:
        visitors.attended = False


class _Present:
    """Who is in the session now: at most one caller per role."""

    def __init__(self, converse: Converse) -> None:
        self._converse = converse
        self._callers: dict[str, Caller] = {}
        self.over = False
        """The last one has left; nobody may join any more."""

    def join(self, caller: Caller) -> None:
        """Count *caller* as here, before it is served: or the session could end without it."""
        older = self._callers.get(caller.role)
        self._callers[caller.role] = caller
        if older is not None:
            older.dismiss(TAKEN_OVER)

    async def keep(self, caller: Caller, *, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        try:
            why = await self._converse(caller)
        finally:
            caller.dismiss()
            # By identity: a successor of the same role stays.
            if self._callers.get(caller.role) is caller:
                del self._callers[caller.role]
        if not self._callers:
            self.over = True
            raise SessionEnded(why)
