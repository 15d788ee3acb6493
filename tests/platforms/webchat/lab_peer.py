"""The page as the other end of a lab: what `line.js` does, over streams in memory.

In each room sits one person with a browser of his own: a web chat has no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import trio

from platforms.base import Secret
from platforms.webchat import WebChat, WebChatConfig
from rookery.testing.lab import Case, Gone, Peer, Said
from rookery.testing.lab.wires import WebSocketEnd, dialled

REDIAL_SECONDS = 3.0


class Page:
    """What one browser keeps, whatever becomes of its connections."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.waiting: list[dict[str, object]] = []
        """Deeds that are not known to be kept, the oldest first; one is under way."""
        self.seen = 0
        self.epoch = ""
        self.socket: WebSocketEnd | None = None
        self.in_flight = False

    async def push(self) -> None:
        if self.socket is not None and self.waiting and not self.in_flight:
            self.in_flight = True
            await self.socket.send(self.waiting[0])


class PagePeer(Peer):
    """Dials, says who it is, and says again what was not kept."""

    kind = WebChat
    silence_seconds = 60.0
    cannot: ClassVar[Mapping[Case, str]] = {
        Case.TOO_MANY: "a page shows whatever it is told, and has no word for too much",
    }

    def __init__(self) -> None:
        super().__init__()
        self._pages: dict[int, Page] = {}
        self._browsers: trio.Nursery | None = None

    def config(self, token: str) -> WebChatConfig:
        return WebChatConfig(access_token=Secret(token))

    async def visit(self, stream: trio.abc.Stream) -> None:
        """Live the page of the first room; those of the others come and go with it."""
        try:
            async with trio.open_nursery() as nursery:
                self._browsers = nursery
                for room in set(self._pages) - {1}:
                    nursery.start_soon(self._comes_back, self._page(room))
                await self._live(self._page(1), stream)
        except* Gone:
            raise Gone from None
        finally:
            self._browsers = None

    async def _comes_back(self, page: Page) -> None:
        while True:
            await self._live(page, self.dial())
            await trio.sleep(REDIAL_SECONDS)

    async def _live(self, page: Page, stream: trio.abc.Stream) -> None:
        try:
            ws = await dialled(stream, "/lab/ws", host="127.0.0.1:8643")
            hello = {"op": "hello", "token": token_of(page.room), "since": page.seen}
            await ws.send({**hello, "epoch": page.epoch, "access": self.token})
            async for frame in ws:
                await self._hear(page, ws, frame)
        finally:
            page.socket, page.in_flight = None, False
            await trio.aclose_forcefully(stream)

    async def _hear(self, page: Page, ws: WebSocketEnd, frame: dict[str, Any]) -> None:
        match frame:
            case {"op": "welcome", "epoch": epoch}:
                page.epoch, page.socket = epoch, ws
                await page.push()
            case {"op": "event", "seq": seq, "what": what}:
                if what["by"] == "bot":
                    text = "".join(part["text"] for part in what["body"])
                    await self.hears(page.room, text, what["id"])
                await ws.send({"op": "ack", "seq": seq})
                # Not before: until then it would ask for it again, as one does that
                # was loaded anew.
                page.seen = seq
            case {"op": "kept", "id": id_}:
                page.waiting = [deed for deed in page.waiting if deed["id"] != id_]
                page.in_flight = False
                await page.push()
            case {"op": "later", "seconds": seconds}:
                await trio.sleep(seconds)
                page.in_flight = False
                await page.push()
            case {"op": "tick"}:
                await ws.send({"op": "tock"})
            case _:
                raise AssertionError(frame)

    async def says(self, said: Said) -> None:
        page = self._page(said.room)
        id_ = f"message-{said.number}"
        page.waiting.append({"op": "say", "id": id_, "body": [{"text": said.text}]})
        await page.push()

    async def shouts(self, raw: bytes) -> None:
        socket = self._page(1).socket
        if socket is not None:
            await socket.raw(raw)

    def _page(self, room: int) -> Page:
        if room not in self._pages:
            page = self._pages[room] = Page(room)
            if room != 1 and self._browsers is not None:
                self._browsers.start_soon(self._comes_back, page)
        return self._pages[room]


def token_of(room: int) -> str:
    """Return what the browser in *room* has drawn."""
    return f"{room}".rjust(43, "a")
