"""TinyChats that misunderstand their server."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from actors.messages import Inbound
from platforms.base import (
    Frame,
    Link,
    NeedsOperator,
    Rejected,
    Retry,
    SessionEnded,
    Talk,
)
from tests.rookery.testing.lab.sabotaged.whole import Tiny


class Fresh(Tiny):
    """REDELIVERS: makes ids of its own, so nothing is known again."""

    def inbound(self, link: Link, m: Any) -> Inbound:
        return evolve(super().inbound(link, m), id=link.new_id())


class Ascending(Tiny):
    """REORDERS, GAP: takes a smaller number for one that it has seen."""

    async def take(self, link: Link, frame: Any) -> None:
        if frame["seq"] > int(link.cursor or 0):
            await super().take(link, frame)


class Jumping(Tiny):
    """REORDERS: takes the number before the last one for one that it has seen."""

    last = 0

    async def take(self, link: Link, frame: Any) -> None:
        if frame["seq"] != self.last - 1:
            await super().take(link, frame)
        self.last = frame["seq"]


class Contiguous(Tiny):
    """GAP: waits for the number that is missing."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        waiting: dict[int, Any] = {}
        following = int(link.cursor or 0) + 1
        async for frame in ws:
            if frame.get("op") == "msg":
                waiting[int(str(frame["seq"]))] = frame
            while following in waiting:
                await self.take(link, waiting.pop(following))
                following += 1


class Insistent(Tiny):
    """TOO_MANY: does not do as it is told."""

    def too_many(self, after: Any) -> Retry | Rejected:
        return Retry(0.1, "too many")


class Offended(Tiny):
    """TOO_MANY: takes *later* for *never*."""

    def too_many(self, after: Any) -> Retry | Rejected:
        return Rejected("too many")


class Knocking(Tiny):
    """BAD_TOKEN: takes it for a line that is bad today."""

    async def session(self, link: Link) -> None:
        try:
            await self.one(link)
        except NeedsOperator as error:
            raise SessionEnded(str(error)) from error


class Touchy(Tiny):
    """RUBBISH: wants a person to look at whatever it does not understand."""

    async def listen_to(self, link: Link, ws: Talk[Frame]) -> None:
        async for frame in ws:
            if "op" not in frame:
                raise NeedsOperator("what is this?")
            if frame["op"] == "msg":
                await self.take(link, frame)
