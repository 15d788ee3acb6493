"""Who may open a WebSocket to us: decided on the handshake, before the upgrade. Pure."""

import hmac
from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from attrs import field, frozen

_SCHEMES: Final = ("bearer", "token")
_BLANK: Final = " \t"  # not `str.strip`: in Latin-1 a byte of UTF-8 may look blank


@frozen
class Handshake:
    """What a peer says of itself before it is let in."""

    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in the order of the wire; bytes are read as Latin-1."""
    remote: str = ""

    def every(self, name: str) -> list[str]:
        """Return each value of the header *name* (in lower case)."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str | None:
        """Return the first value of the header *name* (in lower case)."""
        return next(iter(self.every(name)), None)


@frozen
class Refuse:
    """Answer with this HTTP status instead of the upgrade."""

    status: int
    reason: str
    after: float = 0.0
    """How many seconds the answer is held back, so that guessing a token is slow."""


Admit: TypeAlias = Callable[[Handshake], Refuse | None]
"""Decides about one handshake; None lets it in. Pure, and asked once for each."""


@frozen
class Gate:
    """The usual `Admit`: an origin must be listed, a token must be right.

    Any web page may dial loopback, and a browser then names the page as `Origin`.
    No bot implementation sends one.
    """

    token: str | None = field(default=None, repr=False)
    """What a peer must show; None lets in whoever can reach the port."""
    origins: frozenset[str] = frozenset()

    def __call__(self, handshake: Handshake) -> Refuse | None:
        foreign = [o for o in handshake.every("origin") if o not in self.origins]
        if foreign:
            return Refuse(403, f"origin {foreign[0]} is not allowed")
        if self.token is None:
            return None
        shown = tokens(handshake)
        if not shown:
            return Refuse(401, "an access token is needed")
        right = self.token.encode()
        # No short cut: each is compared, so that time tells nothing.
        if not any([hmac.compare_digest(token, right) for token in shown]):  # noqa: C419
            return Refuse(403, "the access token is wrong")
        return None


def tokens(handshake: Handshake) -> list[bytes]:
    """Return every access token a peer shows, in the header or in the query.

    Implementations differ: `Authorization: Bearer x`, `Authorization: Token x`, or
    `?access_token=x`, and some send both.
    """
    shown = []
    for value in handshake.every("authorization"):
        scheme, _, token = value.strip(_BLANK).partition(" ")
        if scheme.lower() in _SCHEMES:
            shown.append(token.strip(_BLANK).encode("latin-1"))
    query = parse_qsl(handshake.query, errors="surrogateescape")
    shown += [
        value.encode("utf-8", "surrogateescape")
        for name, value in query
        if name == "access_token"
    ]
    return [token for token in shown if token]
