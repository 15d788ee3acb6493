"""The configuration of one Telegram bot. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from attrs import field, frozen

from platforms.base import LIVE, Fault, Secret
from platforms.transport import check_http_url

Mode: TypeAlias = Literal["poll", "webhook"]

BASE_URL: Final = "https://api.telegram.org"
POLL_SECONDS: Final = 50.0
"""Telegram holds a request no longer than this, even if asked to."""
_TOKEN: Final = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,200}", re.ASCII)


@frozen
class TelegramConfig:
    """Which bot, and where its Bot API is."""

    token: Secret = field(repr=False)
    """What @BotFather has given, `NUMBER:LETTERS`."""
    base_url: str = BASE_URL
    """Where the Bot API is: another one for a server of your own."""
    mode: Mode = "poll"
    """`poll`: we ask for news. `webhook`: Telegram pushes them to the ingress."""
    public_url: str | None = None
    """Where Telegram reaches the ingress, `https://...`; for `webhook` only. It posts to
    /ID/ below, ID being the platform's id."""
    poll_seconds: float = field(default=POLL_SECONDS, metadata=LIVE)
    """How long Telegram may hold a request for news, from 1 to 50 s."""

    def invitation(self) -> str:
        return "Telegram: write to your bot there"

    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults())

    def _faults(self) -> Iterator[Fault]:
        if not _TOKEN.fullmatch(self.token.reveal()):
            what = "an empty one" if not self.token else "something else"
            yield Fault(
                "token", f"must be NUMBER:LETTERS, as @BotFather gives it (got {what})"
            )
        try:
            check_http_url(self.base_url)
        except ValueError as error:
            yield Fault("base_url", str(error))
        yield from self._url_faults()
        if not 1 <= self.poll_seconds <= POLL_SECONDS:
            yield Fault(
                "poll_seconds",
                f"must be from 1 to {POLL_SECONDS:g} seconds (got {self.poll_seconds:g})",
            )

    def _url_faults(self) -> Iterator[Fault]:
        if self.mode == "poll":
            if self.public_url is not None:
                yield Fault(
                    "public_url", 'must be nothing with mode = "poll" (got one)'
                )
            return
        if self.public_url is None:
            msg = 'must be https://HOST[/PATH] with mode = "webhook" (got nothing)'
            yield Fault("public_url", msg)
            return
        try:
            parts = check_http_url(self.public_url)
        except ValueError as error:
            yield Fault("public_url", str(error))
            return
        if parts.scheme != "https" and self.base_url == BASE_URL:
            msg = "must begin with https://: Telegram pushes to nothing else"
            yield Fault("public_url", msg)
