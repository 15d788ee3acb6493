"""IRC as a platform of the host."""

from __future__ import annotations

from collections.abc import Mapping

from actors.messages import Emoji, Mention, Outbound, Rate, Reply, Text
from platforms.base import Caps, Link, Platform, Rejected, Retry, Sent, Unit
from platforms.irc.config import IrcConfig
from platforms.irc.session import NOT_CONNECTED_SECONDS, Session
from platforms.irc.speaking import Sign, reacting, redacting

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

    def __init__(self, config: IrcConfig) -> None:
        super().__init__(config)
        # Of the sessions alive: how `send` finds its connection.
        self._sessions: dict[Link, Session] = {}

    async def session(self, link: Link) -> None:
        """Live one connection: register, join, listen."""
        session = self._sessions[link] = Session(link, self.config)
        try:
            await session.live()
        finally:
            del self._sessions[link]

    async def send(self, link: Link, out: Outbound) -> Sent:
        return await self._session_of(link).send(out)

    async def delete(self, link: Link, out: Outbound, message: str) -> Sent:
        return await self._session_of(link).change(
            lambda known: redacting(out, known, message), out.key
        )

    async def react(
        self,
        link: Link,
        out: Outbound,
        message: str,
        emoji: str | Emoji,
        *,
        remove: bool,
    ) -> Sent:
        text = emoji.id if isinstance(emoji, Emoji) else emoji
        return await self._session_of(link).change(
            lambda known: reacting(out, known, message, Sign(text, remove)), out.key
        )

    async def call(
        self, link: Link, action: str, params: Mapping[str, object]
    ) -> object:
        """Say a command of IRC by its name, with `params=[...]` and `tags={...}`."""
        unknown = sorted(params.keys() - {"params", "tags"})
        if unknown:
            msg = f"a command of IRC has params and tags (got {', '.join(unknown)})"
            raise Rejected(msg)
        return await self._session_of(link).call(action, params)

    def _session_of(self, link: Link) -> Session:
        session = self._sessions.get(link)
        if session is None:
            raise Retry(NOT_CONNECTED_SECONDS, "the session is over")
        return session
