"""Matrix as a platform of the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.messages import (
    Audio,
    Emoji,
    File,
    Image,
    Markdown,
    Mention,
    Outbound,
    Raw,
    Reply,
    Text,
    Video,
)
from platforms.base import Caps, Link, MediaForm, Platform, Retry, Sent, Unit
from platforms.matrix.config import MatrixConfig
from platforms.matrix.session import Session
from platforms.matrix.speaking import LATER_SECONDS, Speaker

TEXT_LIMIT_BYTES: Final = 24_000
"""An event has 64 KiB with everything around it. A text may stand in it twice, and what
has to be escaped takes two bytes instead of one."""
CALLS_AT_ONCE: Final = 8
IDEMPOTENT_SECONDS: Final = 12 * 3600.0
"""Synapse forgets a transaction id 24 h after its event (`_cleanup_old_transaction_ids`
in 1.163), Conduit and its descendants never. Half of the shorter one: clocks drift, and
what was on its way when a host died is found again within the day."""


class Matrix(Platform[MatrixConfig]):
    """Matrix, on any homeserver. Rooms that are encrypted are not read."""

    name = "matrix"
    caps = Caps(
        segments={Text, Mention, Reply, Image, Audio, Video, File, Markdown, Raw},
        text_limit=TEXT_LIMIT_BYTES,
        unit=Unit.BYTES,
        media=(MediaForm.BYTES,),
        idempotent_for=IDEMPOTENT_SECONDS,
        edits=True,
        deletes=True,
        reacts=True,
        resumes=True,
    )

    def __init__(self, config: MatrixConfig) -> None:
        super().__init__(config)
        # Of the session alive: how `send` finds it.
        self._speakers: dict[Link, Speaker] = {}
        self._stuck_at: str | None = None

    async def session(self, link: Link) -> None:
        """Live one conversation: find out who we are, then hear what is new."""
        at = self.config
        async with link.http(
            at.homeserver, bearer=at.access_token, connections=CALLS_AT_ONCE
        ) as web:
            session = Session(link, web, lambda: self.config)
            await session.begin()
            self._speakers[link] = Speaker(session)
            try:
                await self._listen(link, session)
            finally:
                del self._speakers[link]

    async def _listen(self, link: Link, session: Session) -> None:
        # An answer that could not be had once may be too large: the next time it is
        # asked for in small pieces.
        stuck = link.cursor is not None and link.cursor == self._stuck_at
        self._stuck_at = link.cursor
        await session.listen(fewer=stuck)

    async def send(self, link: Link, out: Outbound) -> Sent:
        return await self._speaker(link).say(out, self._msgtype)

    async def edit(self, link: Link, out: Outbound, message: str) -> Sent:
        return await self._speaker(link).edit(out, message, self._msgtype)

    async def delete(self, link: Link, out: Outbound, message: str) -> Sent:
        return await self._speaker(link).delete(out, message)

    async def react(
        self,
        link: Link,
        out: Outbound,
        message: str,
        emoji: str | Emoji,
        *,
        remove: bool,
    ) -> Sent:
        key = emoji.id if isinstance(emoji, Emoji) else emoji
        return await self._speaker(link).react(out, message, key, remove=remove)

    async def call(
        self, link: Link, action: str, params: Mapping[str, object]
    ) -> object:
        return await self._speaker(link).call(action, params)

    @property
    def _msgtype(self) -> str:
        return f"m.{self.config.speak_as}"

    def _speaker(self, link: Link) -> Speaker:
        speaker = self._speakers.get(link)
        if speaker is None:
            raise Retry(LATER_SECONDS, "the session is over")
        return speaker
