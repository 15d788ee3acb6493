"""What a socket of OneBot v11 is for. Pure.

Source: botuniverse/onebot-11, `communication/ws.md` and `ws-reverse.md`.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit


class SocketRole(StrEnum):
    """The `X-Client-Role` of a socket, or the path it was dialled on."""

    API = "API"
    EVENT = "Event"
    UNIVERSAL = "Universal"

    @property
    def speaks(self) -> bool:
        """Actions can be called over it."""
        return self is not SocketRole.EVENT

    @property
    def hears(self) -> bool:
        """Events come over it."""
        return self is not SocketRole.API


def role_named(name: str | None) -> SocketRole | None:
    """Return the role of that header value; Universal without one, `None` for another."""
    if name is None or not name.strip():
        return SocketRole.UNIVERSAL
    for role in SocketRole:
        if role.value.lower() == name.strip().lower():
            return role
    return None


def is_account(text: str) -> bool:
    """Say whether *text* can be an account: digits, as in every implementation."""
    return text.isascii() and text.isdigit() and len(text) <= 20


def dialled(url: str) -> dict[SocketRole, str]:
    """Return which URLs to dial for *url*, by role.

    `ws://host/api` and `ws://host/event` both mean the two of them; anything else is
    one universal connection.
    """
    parts = urlsplit(url)
    base, _, last = parts.path.rstrip("/").rpartition("/")
    if last not in ("api", "event"):
        return {SocketRole.UNIVERSAL: url}
    return {
        SocketRole.API: urlunsplit(parts._replace(path=f"{base}/api")),
        SocketRole.EVENT: urlunsplit(parts._replace(path=f"{base}/event")),
    }
