"""OneBot v11 as a platform of the host: the two ways in which a session comes about."""

from __future__ import annotations

from collections.abc import Mapping

from actors.messages import Emoji, Markdown, Outbound
from platforms.base import (
    ALL_SEGMENTS,
    Caps,
    Door,
    Link,
    MediaForm,
    Platform,
    Retry,
    Sent,
)
from platforms.onebot11.config import OneBot11Config
from platforms.onebot11.dialling import dial_out
from platforms.onebot11.listener import accept, attend
from platforms.onebot11.session import NOT_CONNECTED_SECONDS, Session

TEXT_LIMIT = 4000
"""The specification has none; QQ's own clients cut at about 4,500 characters."""


class OneBot11(Platform[OneBot11Config]):
    """QQ and others, through NapCat, LLOneBot, Lagrange, onebots, go-cqhttp."""

    name = "onebot11"
    caps = Caps(
        # An ordinary account cannot send markdown, whatever its peer knows of it.
        segments=ALL_SEGMENTS - {Markdown},
        text_limit=TEXT_LIMIT,
        media=(MediaForm.URL, MediaForm.BYTES),
        deletes=True,
        reacts=True,
    )

    def __init__(self, config: OneBot11Config) -> None:
        super().__init__(config)
        # Of the sessions alive: how `send` finds its sockets.
        self._sessions: dict[Link, Session] = {}

    @property
    def listens(self) -> bool:
        return self.config.mode == "reverse"

    async def listen(self, door: Door) -> None:
        await accept(self.config, door)

    async def session(self, link: Link) -> None:
        """Live one conversation, over sockets that we dial or that dialled us."""
        session = self._sessions[link] = Session(link, dialled=not self.listens)
        try:
            if self.listens:
                await attend(link, session)
            else:
                await dial_out(self.config, link, session)
        finally:
            del self._sessions[link]

    async def send(self, link: Link, out: Outbound) -> Sent:
        return await self._session_of(link).send(out)

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
