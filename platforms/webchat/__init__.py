"""Web chat: a page, and a protocol of our own in which nothing is lost or said twice.

Read `platform` first, then `desk` (what a person does and what a bot says) and `tabs` (how
a page hears of it). `wire` is the protocol as values; `ring` is what is remembered of one
person, `rings` of everybody; `keeping` writes it down, and `shelved` is how that looks.
`doorkeeper` says who may come in, `files` keeps pictures, as far as `quota` lets, `pages`
hands out what a browser loads; `page` holds that. Not here: the port (`platforms.ingress`),
the outbox, bots.
"""

from platforms.webchat.config import WebChatConfig
from platforms.webchat.platform import WebChat

__all__ = ["WebChat", "WebChatConfig"]
