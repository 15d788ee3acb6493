"""Web chat: a page, and a protocol of our own in which nothing is lost or said twice.

What does not happen here: the port (`platforms.ingress`), the outbox, bots.

Read `platform` first, then `desk` (what a person does and what a bot says) and `tabs` (how
an open page hears of it). Then by what you look for:

- the protocol as values: `wire`
- what is remembered: `ring` (of one person), `rings` (of everybody), `keeping` (writes it
  down), `shelved` (how it looks on the shelf), `files` and `quota` (pictures, and how many)
- who may come in: `doorkeeper`; what a browser loads: `pages`, which serves the files in
  the folder `page`
"""

from platforms.webchat.config import WebChatConfig
from platforms.webchat.platform import WebChat

__all__ = ["WebChat", "WebChatConfig"]
