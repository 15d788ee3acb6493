"""IRC as a platform of the host."""

from __future__ import annotations

import time
from collections.abc import Callable

from actors.messages import Mention, Rate, Reply, Text
from platforms.base import Caps, Link, Platform, Unit
from platforms.irc.config import IrcConfig
from platforms.irc.session import Session

TEXT_LIMIT = 350
"""Bytes: what is left of 512 on a large network, when nick, host and channel are long."""
MAX_LINES = 40
"""Of one message: at two seconds each nobody reads on."""


class Irc(Platform[IrcConfig]):
    """Any IRC network: Libera.Chat, OFTC, your own InspIRCd, ngIRCd or Ergo."""

    name = "irc"
    caps = Caps(
        segments={Text, Mention, Reply},
        text_limit=TEXT_LIMIT,
        unit=Unit.BYTES,
        one_line=True,
        max_parts=MAX_LINES,
        # RFC 1459, 8.10: a line costs two seconds, and ten may be owed.
        rate=Rate(4, 8.0),
        # Where the server has a word for it; elsewhere these are rejected.
        deletes=True,
        reacts=True,
    )
    redials_after = 15.0

    def __init__(self, config: IrcConfig, now: Callable[[], float] = time.time) -> None:
        super().__init__(config)
        self._now = now

    async def session(self, link: Link) -> None:
        """Live one connection: register, join, listen."""
        session = Session(link, self.config, self._now)
        with link.speaks_through(session.speaker):
            await session.live()
