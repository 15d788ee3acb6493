"""Requests and answers as values, and who may ask. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from platforms.objects import object_of
from platforms.transport import MAX_MESSAGE_BYTES, Handshake, Refuse

HEAD_BYTES: Final = 16 * 1024
"""Request line and headers together."""
BODY_BYTES: Final = MAX_MESSAGE_BYTES

SendPiece: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Sends a piece of an answer; waits while the peer is slow, raises once it is gone."""


@frozen(kw_only=True)
class Request(Handshake):
    """What somebody asks for. *path* is what stands behind the platform's own."""

    method: str = "GET"
    body: bytes = field(default=b"", repr=False)

    def json(self) -> dict[str, Any]:
        """Return the JSON object that the body holds.

        Raises:
            NoObject: it holds something else. Nobody need catch it: the answer is 400.
        """
        return object_of(self.body)


@frozen(kw_only=True)
class Response:
    """What is answered: a status and a body, or a body that is said bit by bit."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0
    """Seconds that whoever asked waits for it, and nobody else."""
    says: Callable[[SendPiece], Awaitable[None]] | None = None
    """Takes the place of the body: awaited with a `SendPiece`, until it returns, the peer
    leaves or the platform's session ends. It may last for hours."""

    @classmethod
    def text(cls, status: int, text: str) -> Response:
        """Return an answer of one line, for people."""
        kind = ("Content-Type", "text/plain; charset=utf-8")
        return cls(status=status, body=f"{text}\n".encode(), headers=(kind,))


@frozen
class Unfit(Exception):
    """What came is no request that can be answered otherwise than by this."""

    status: int
    why: str

    def __str__(self) -> str:
        return self.why


def anybody(_: Handshake) -> None:
    """An `Admit` that lets everybody in."""


@frozen
class ShowsSecret:
    """An `Admit`: a header must hold a secret, as a webhook's does. In constant time."""

    header: str
    """Its name in lower case."""
    secret: str = field(repr=False)

    def __call__(self, handshake: Handshake) -> Refuse | None:
        right = self.secret.encode()
        shown = [each.encode("latin-1") for each in handshake.every(self.header)]
        # No short cut: each is compared, so that time tells nothing.
        if any([hmac.compare_digest(each, right) for each in shown]):  # noqa: C419
            return None
        return Refuse(403 if shown else 401, "the secret is not shown or not right")
