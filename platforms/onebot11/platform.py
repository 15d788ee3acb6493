"""OneBot v11 as a platform of the host: the two ways in which a session comes about."""

from __future__ import annotations

from actors.messages import Markdown
from platforms.base import ALL_SEGMENTS, Caps, Door, Link, MediaForm, Platform
from platforms.onebot11.config import OneBot11Config
from platforms.onebot11.dialling import dial_out
from platforms.onebot11.listener import accept, attend
from platforms.onebot11.session import Session

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

    @property
    def listens(self) -> bool:
        return self.config.mode == "reverse"

    async def listen(self, door: Door) -> None:
        await accept(self.config, door)

    async def session(self, link: Link) -> None:
        """Live one conversation, over sockets that we dial or that dialled us."""
        session = Session(link, dialled=not self.listens)
        with link.speaks_through(session.speaker):
            if self.listens:
                await attend(link, session)
            else:
                await dial_out(self.config, link, session)
