"""Web chat as a platform of the host: one account, a private chat with each who comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import trio

from actors.messages import Audio, File, Image, Reply, Text, Video
from platforms.base import Caps, Link, Platform
from platforms.webchat.config import WebChatConfig
from platforms.webchat.desk import Desk
from platforms.webchat.keeping import Keeper
from platforms.webchat.pages import Pages
from platforms.webchat.quota import MAX_FILE_BYTES
from platforms.webchat.ring import KEYS_SECONDS
from platforms.webchat.tabs import Tabs

ACCOUNT: Final = "page"


class WebChat(Platform[WebChatConfig]):
    """A page with a chat in it."""

    name = "webchat"
    caps = Caps(
        segments=frozenset({Text, Reply, Image, Audio, Video, File}),
        max_upload_bytes=MAX_FILE_BYTES,
        rate=["5/s per chat"],
        resumes=True,
        idempotent_for=KEYS_SECONDS,
        edits=True,
        deletes=True,
        reacts=True,
    )

    def __init__(
        self, config: WebChatConfig, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(config)
        self._now = now

    async def session(self, link: Link) -> None:
        """Load what is remembered, open our paths at the ingress, and serve them."""
        async with trio.open_nursery() as nursery:
            keeper = Keeper(
                link.shelf("rings"), link.shelf("files"), self._now, nursery
            )
            await keeper.load()
            desk = Desk(link, keeper)
            tabs = Tabs(desk, lambda: self.config)
            async with link.ingress() as door:
                Pages(desk, tabs, lambda: self.config).open(door)
                with link.speaks_through(desk):
                    link.up(account=ACCOUNT)
                    await door.serve_forever()
