"""Telegram: the Bot API over HTTP, with news by long polls or by a webhook.

Read `platform` first, then `session` (who we are, and what goes out), `polling` and
`webhook` (what comes in), and `api` (the requests, and the token in them). `wire` is the protocol as values; `config`, `calls` and
`floods` are small and pure. Not here: HTTP, when to begin again, keeping messages, rates.
"""

from platforms.telegram.config import TelegramConfig
from platforms.telegram.platform import Telegram

__all__ = ["Telegram", "TelegramConfig"]
