"""Matrix as a platform of the host."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from actors.messages import (
    Audio,
    File,
    Image,
    Markdown,
    Mention,
    Raw,
    Reply,
    Text,
    Video,
)
from platforms.base import Caps, Link, MediaForm, Platform, Unit
from platforms.matrix.config import MatrixConfig
from platforms.matrix.session import Session
from platforms.matrix.speaking import RoomSpeaker

TEXT_LIMIT_BYTES: Final = 24_000
"""An event may have 64 KiB with everything around it. A text may stand in it twice (plain
and as HTML), and a character that has to be escaped takes two bytes instead of one."""
CALLS_AT_ONCE: Final = 8
"""Connections to the homeserver."""
IDEMPOTENT_SECONDS: Final = 12 * 3600.0
"""Synapse forgets a transaction id 24 h after its event (`_cleanup_old_transaction_ids`
in 1.163), Conduit and its descendants never. This is half of the shorter one, since
clocks drift; it is enough for what was on its way when a host died in the night."""


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

    def __init__(
        self, config: MatrixConfig, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(config)
        self._now = now
        self._stuck_at: str | None = None
        """The cursor with which the session before this one began."""

    async def session(self, link: Link) -> None:
        """Live one conversation: find out who we are, then hear what is new."""
        at = self.config
        async with link.http(
            at.homeserver, bearer=at.access_token, connections=CALLS_AT_ONCE
        ) as web:
            session = Session(link, web, lambda: self.config, self._now)
            await session.begin()
            with link.speaks_through(RoomSpeaker(session)):
                await self._listen(link, session)

    async def _listen(self, link: Link, session: Session) -> None:
        # An answer that could not be had once may be too large: the next time it is
        # asked for in small pieces.
        stuck = link.cursor is not None and link.cursor == self._stuck_at
        self._stuck_at = link.cursor
        await session.listen(fewer=stuck)
