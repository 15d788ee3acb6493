"""Telegram as a platform of the host."""

from __future__ import annotations

from actors.messages import Forward, Markdown
from platforms.base import ALL_SEGMENTS, Caps, Link, MediaForm, Platform, Unit
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
"""Connections: one for each chat that the sender serves at the same time, so that none
waits for the answer to another."""


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

    async def session(self, link: Link) -> None:
        """Live one conversation: find out who we are, then take what is new."""
        config = self.config
        async with link.http(
            config.base_url, hides=config.token, connections=SIDE_BY_SIDE
        ) as web:
            api = Api(web, config.token)
            session = Session(link, api)
            await session.introduce()
            with link.speaks_through(session):
                if config.mode == "webhook":
                    await be_pushed_to(link, api, session, config)
                else:
                    await poll(link, api, session, lambda: self.config.poll_seconds)
