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
