"""Telegram: the Bot API over HTTP, with news by long polls or by a webhook.

What does not happen here: HTTP, when to begin again, keeping messages, rates.

Read `platform` first, then `session` (who we are, and what goes out), `polling` and
`webhook` (the two ways by which news come in), and `api` (the requests, and the token in
them). `wire` is the protocol as values; `config`, `calls` (what our requests are and what
answers mean) and `floods` (whom "too many requests" is about) are small and pure.
"""

from platforms.telegram.config import TelegramConfig
from platforms.telegram.platform import Telegram

__all__ = ["Telegram", "TelegramConfig"]
