"""Telegram as a platform of the host."""

from __future__ import annotations

from collections.abc import Mapping

from actors.messages import Emoji, Forward, Markdown, Outbound
from platforms.base import (
    ALL_SEGMENTS,
    Caps,
    Link,
    MediaForm,
    Platform,
    Retry,
    Sent,
    Unit,
)
from platforms.telegram.api import Api
from platforms.telegram.config import TelegramConfig
from platforms.telegram.polling import poll
from platforms.telegram.session import Session
from platforms.telegram.webhook import be_pushed_to

TEXT_LIMIT = 4096
"""core.telegram.org/bots/api#sendmessage, "after entities parsing"."""
CAPTION_LIMIT = 1024
"""#sendphoto"""
SIDE_BY_SIDE = 32
"""As many chats as the sender serves at the same time: none of them waits for another."""
NOT_CONNECTED_SECONDS = 1.0


class Telegram(Platform[TelegramConfig]):
    """Telegram, as a bot of @BotFather's."""

    name = "telegram"
    caps = Caps(
        segments=ALL_SEGMENTS - {Markdown, Forward},
        text_limit=TEXT_LIMIT,
        unit=Unit.UTF16,
        caption_limit=CAPTION_LIMIT,
        media=(MediaForm.URL, MediaForm.BYTES),
        # core.telegram.org/bots/faq, "My bot is hitting limits".
        rate=["30/s", "1/s per chat", "20/min per group"],
        edits=True,
        deletes=True,
        reacts=True,
        resumes=True,
    )

    def __init__(self, config: TelegramConfig) -> None:
        super().__init__(config)
        # Of the sessions alive: how `send` finds its own.
        self._sessions: dict[Link, Session] = {}

    async def session(self, link: Link) -> None:
        """Live one conversation: find out who we are, then have the news."""
        config = self.config
        async with link.http(
            config.base_url, hides=config.token, connections=SIDE_BY_SIDE
        ) as web:
            api = Api(web, config.token)
            session = Session(link, api)
            await session.introduce()
            self._sessions[link] = session
            try:
                if config.mode == "webhook":
                    await be_pushed_to(link, api, session, config)
                else:
                    await poll(link, api, session, lambda: self.config.poll_seconds)
            finally:
                del self._sessions[link]

    async def send(self, link: Link, out: Outbound) -> Sent:
        return await self._session_of(link).send(out)

    async def edit(self, link: Link, out: Outbound, message: str) -> Sent:
        return await self._session_of(link).edit(out, message)

    async def delete(self, link: Link, out: Outbound, message: str) -> Sent:
        return await self._session_of(link).delete(out, message)

    async def react(
        self,
        link: Link,
        out: Outbound,
        message: str,
        emoji: str | Emoji,
        *,
        remove: bool,
    ) -> Sent:
        session = self._session_of(link)
        return await session.react(out, message, emoji, remove=remove)

    async def call(
        self, link: Link, action: str, params: Mapping[str, object]
    ) -> object:
        return await self._session_of(link).call(action, params)

    def _session_of(self, link: Link) -> Session:
        session = self._sessions.get(link)
        if session is None:
            raise Retry(NOT_CONNECTED_SECONDS, "the session is over")
        return session
