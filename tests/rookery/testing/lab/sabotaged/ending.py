"""TinyChats that do not end as they are told to, or lose something when they do."""

from __future__ import annotations

from typing import Any

import trio

from platforms.base import Frame, Link, Talk
from tests.rookery.testing.lab.sabotaged.whole import Tiny


class Stubborn(Tiny):
    """BROKEN_OFF: nothing that happens in a delivery is to end it, a cancellation neither."""

    async def take(self, link: Link, frame: Any) -> None:
        try:
            await super().take(link, frame)
        except BaseException:
            link.log.warning("tiny.not_delivered")


class Insisting(Tiny):
    """BROKEN_OFF: tries a delivery again, whatever has ended it."""

    async def take(self, link: Link, frame: Any) -> None:
        for _ in range(3):
            try:
                await super().take(link, frame)
            except BaseException:
                continue
            return


class Keeping(Tiny):
    """STOPPED: keeps for its next session what it has acknowledged, in memory."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._kept: list[Any] = []

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        while self._kept:
            await self.take(link, self._kept[0])
        await super().listen_to(link, ws)

    async def take(self, link: Link, frame: Any) -> None:
        if frame not in self._kept:
            self._kept.append(frame)
        await link.advance(frame["seq"])
        await trio.sleep(0.5)
        await link.deliver(self.inbound(link, frame))
        self._kept.remove(frame)


class Lingering(Tiny):
    """STOPPED: has a long goodbye, and lets nobody cut it short."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        try:
            await super().listen_to(link, ws)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(8)


class Forgetful(Tiny):
    """CANCELLED: acknowledges what is not journalled yet, and so loses it."""

    async def take(self, link: Link, frame: Any) -> None:
        await link.advance(frame["seq"])
        await trio.sleep(0.5)
        await link.deliver(self.inbound(link, frame))


class Locking(Tiny):
    """CANCELLED: keeps its lock when it is cancelled."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._free = trio.Semaphore(1)

    async def one(self, link: Link) -> None:
        await self._free.acquire()
        try:
            await super().one(link)
        except trio.Cancelled:
            raise
        except BaseException:
            self._free.release()
            raise
