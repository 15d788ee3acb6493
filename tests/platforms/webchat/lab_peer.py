"""The page as the other end of a lab.

In each room sits one person with a browser of his own: a web chat has no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import trio

from platforms.base import Secret
from platforms.webchat import WebChat, WebChatConfig
from rookery.testing.lab import Case, Peer, Said
from tests.fakes.webchat import Page

REDIAL_SECONDS = 3.0


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
        finally:
            self._browsers = None

    async def _comes_back(self, page: Page) -> None:
        while True:
            await self._live(page, self.dial())
            await trio.sleep(REDIAL_SECONDS)

    async def _live(self, page: Page, stream: trio.abc.Stream) -> None:
        await page.live(stream, "/lab", self.token)

    async def says(self, said: Said) -> None:
        await self._page(said.room).says(f"message-{said.number}", said.text)

    async def shouts(self, raw: bytes) -> None:
        socket = self._page(1).socket
        if socket is not None:
            await socket.raw(raw)

    def _page(self, room: int) -> Page:
        if room not in self._pages:
            token = f"{room}".rjust(43, "a")
            page = self._pages[room] = Page(token, partial(self._show, room))
            if room != 1 and self._browsers is not None:
                self._browsers.start_soon(self._comes_back, page)
        return self._pages[room]

    async def _show(self, room: int, _: int, key: str, text: str) -> None:
        await self.hears(room, text, key)
