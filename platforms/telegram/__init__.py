"""Telegram: the Bot API over HTTP, asked for news by long polls.

Read `platform` first, then `session` (what comes in, what goes out) and `api` (the
requests, and the token in them). `wire` is the protocol as values; `config`, `calls` and
`floods` are small and pure. Not here: HTTP, when to begin again, keeping messages, rates.
"""

from platforms.telegram.config import TelegramConfig
from platforms.telegram.platform import Telegram

__all__ = ["Telegram", "TelegramConfig"]
