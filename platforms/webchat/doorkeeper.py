"""Who may come in, judged by what a browser says of itself and by what people know. Pure.

Any web page can make a browser speak to a host on the same machine. And if its owner
points a name of his at 127.0.0.1, the browser takes that page for one of ours (DNS
rebinding). So the name by which we are reached must be an address, `localhost`, or listed
in `origins`, and a request that comes from a page must come from one of ours.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from attrs import frozen

from platforms.transport import Handshake, Refuse
from platforms.webchat.config import WebChatConfig
from platforms.webchat.wire import is_token

WRONG_SECONDS: Final = 1.0
"""How long somebody with a wrong token waits for the answer: guessing shall be slow."""


@frozen
class Doorkeeper:
    """An `Admit` for everything a browser asks of us."""

    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, config: WebChatConfig) -> Doorkeeper:
        return cls(frozenset(config.origins))

    def __call__(self, handshake: Handshake) -> Refuse | None:
        host = handshake.first("host") or ""
        if not self._is_ours(host):
            return Refuse(421, "this name is not listed in `origins`")
        own = {f"http://{host}", f"https://{host}"}
        for origin in handshake.every("origin"):
            if origin not in own and origin not in self.origins:
                return Refuse(403, "this origin is not listed in `origins`")
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if any(urlsplit(each).hostname == name for each in self.origins):
            return True
        try:
            return bool(ip_address(name))
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")


@frozen
class Bearers:
    """An `Admit` for requests whose head shows who it is, and that they may come in.

    The body of any other request is not read: an upload of a stranger takes no room.
    """

    door: Doorkeeper
    config: Callable[[], WebChatConfig]

    def __call__(self, handshake: Handshake) -> Refuse | None:
        refusal = self.door(handshake)
        if refusal is None and bearer_of(handshake, self.config()) is None:
            return Refuse(401, "a token is missing or wrong", WRONG_SECONDS)
        return refusal


def bearer_of(handshake: Handshake, config: WebChatConfig) -> str | None:
    """Return the person whose token stands in the head; `None` if they may not come in."""
    scheme, _, token = (handshake.first("authorization") or "").partition(" ")
    access = unquote(handshake.first("x-access") or "")
    if scheme.lower() != "bearer" or not is_token(token):
        return None
    return person_of(token) if may_enter(config, access) else None


def person_of(token: str) -> str:
    """Return the person that *token* stands for; the token cannot be had back from it."""
    digest = hashlib.sha256(b"rookery web chat\0" + token.encode()).digest()
    return b32encode(digest)[:26].decode().lower()


def is_person(text: str) -> bool:
    """Say whether *text* looks like a person's id."""
    return len(text) == 26 and all(
        char in "abcdefghijklmnopqrstuvwxyz234567" for char in text
    )


def may_enter(config: WebChatConfig, access: str) -> bool:
    """Say whether whoever knows *access* may come in. In constant time."""
    return config.access_token is None or config.access_token.matches(access)
