"""TinyChats that fail under strain: floods, and the end at every step."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import trio

from platforms.base import (
    Frame,
    Link,
    Talk,
)
from tests.rookery.testing.lab.sabotaged.whole import Tiny


class Hoarding(Tiny):
    """BURST: has a queue of its own that has no end."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        send, receive = trio.open_memory_channel[Any](math.inf)

        async def deliver() -> None:
            async for frame in receive:
                await self.take(link, frame)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(deliver)
            async for frame in ws:
                if frame.get("op") == "msg":
                    send.send_nowait(frame)


class Dropping(Tiny):
    """BURST: throws away what finds no room."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        send, receive = trio.open_memory_channel[Any](100)

        async def deliver() -> None:
            async for frame in receive:
                await self.take(link, frame)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(deliver)
            async for frame in ws:
                if frame.get("op") == "msg":
                    with suppress(trio.WouldBlock):
                        send.send_nowait(frame)


class Scattered(Tiny):
    """BURST: hands over five at a time, and the last one first."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        held: list[Any] = []
        async for frame in ws:
            if frame.get("op") == "msg":
                held.append(frame)
            if len(held) == 5 or (held and held[0]["seq"] == 1):
                for each in reversed(held):
                    await self.take(link, each)
                held.clear()


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
        except Exception:
            self._free.release()
            raise
