"""The configuration of one Telegram bot. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

from platforms.base import LIVE, Fault, Secret
from platforms.transport import check_http_url

BASE_URL: Final = "https://api.telegram.org"
POLL_SECONDS: Final = 50.0
"""Telegram holds a request no longer, whatever it is asked for."""
_TOKEN: Final = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,200}", re.ASCII)


@frozen
class TelegramConfig:
    """Which bot, and where its Bot API is."""

    token: Secret = field(repr=False)
    """What @BotFather has given, `NUMBER:LETTERS`."""
    base_url: str = BASE_URL
    """Where the Bot API is: another one for a server of your own."""
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
        if not 1 <= self.poll_seconds <= POLL_SECONDS:
            yield Fault(
                "poll_seconds",
                f"must be from 1 to {POLL_SECONDS:g} seconds (got {self.poll_seconds:g})",
            )
