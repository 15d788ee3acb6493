"""The configuration of a web chat. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from attrs import field, frozen

from platforms.base import Fault, Secret
from platforms.webchat.wire import LONGEST_ACCESS

_DECIDE = (
    "must be a token, or open = true for everybody, because others can reach this chat "
    "(got neither)"
)


@frozen
class WebChatConfig:
    """Who may come in, and from where."""

    title: str = "Chat"
    """What stands above the chat."""
    access_token: Secret | None = field(default=None, repr=False)
    """What people must know to come in: the page asks for it, or finds it behind
    `#access=` in its address. Optional on loopback only."""
    open: bool = False
    """Whoever can reach it may come in."""
    origins: tuple[str, ...] = ()
    """Where people find the page, such as `https://chat.example.org`, where that is no
    address of this machine: the name of a proxy in front."""
    embed: tuple[str, ...] = ()
    """Origins of pages that may show the chat in a frame of theirs."""

    def invitation(self) -> str:
        return "open {ingress} in a browser"

    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults())

    def exposed_faults(self) -> tuple[Fault, ...]:
        """Say what must hold once others can reach it."""
        if self.access_token is None and not self.open:
            return (Fault("access_token", _DECIDE),)
        return ()

    def _faults(self) -> Iterator[Fault]:
        if self.access_token is not None and not self.access_token:
            msg = "must be a text, or left out for no token (got an empty one)"
            yield Fault("access_token", msg)
        token = "" if self.access_token is None else self.access_token.reveal()
        if len(token) > LONGEST_ACCESS:
            msg = f"must have {LONGEST_ACCESS} characters at most, or no page could show it (got {len(token)})"
            yield Fault("access_token", msg)
        if self.access_token is not None and self.open:
            yield Fault(
                "open", "must be false where there is an access_token (got true)"
            )
        for key, given in (("origins", self.origins), ("embed", self.embed)):
            for index, origin in enumerate(given):
                if not is_origin(origin):
                    msg = f"must be https://HOST[:PORT] or http://... without a path (got {origin!r})"
                    yield Fault(f"{key}[{index}]", msg)
        if self.origins or self.embed:
            yield from self.exposed_faults()


def is_origin(text: str) -> bool:
    """Say whether *text* is what a browser says as `Origin`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host or not text.isascii():
        return False
    shown = f"[{host}]" if ":" in host else host
    return text == f"{parts.scheme}://{shown}" + (
        f":{port}" if port is not None else ""
    )
