"""What a platform's session has of the ingress: paths, and what answers at each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn, TypeAlias

import trio
from attrs import evolve, frozen

from platforms.ingress.exchange import BODY_SECONDS
from platforms.ingress.values import BODY_BYTES, Request, Response, anybody
from platforms.transport import (
    MAX_MESSAGE_BYTES,
    Admit,
    Gate,
    Handler,
    Handshake,
)

Answering: TypeAlias = Callable[[Request], Awaitable[Response | None]]
"""Answers one request; `None` is 200 without a word. What it raises is answered with 500,
and costs nothing else."""

ANSWER_SECONDS: Final = 30.0
"""So long a platform may take to answer; then it is 503."""
IN_HAND: Final = 100
"""So many requests of one platform are answered at a time; more wait for their turn."""


@frozen(kw_only=True)
class Pages:
    """One path at which requests are answered."""

    answering: Answering
    admit: Admit
    max_bytes: int
    within: float


@frozen(kw_only=True)
class Sockets:
    """One path at which WebSockets are accepted."""

    handler: Handler
    admit: Admit
    max_message_bytes: int


class Entrance:
    """The paths of one platform. Made by `Ingress.entrance`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        """All of them begin so: `/ID`, without a slash at the end."""
        self._pages: dict[tuple[str, str], Pages] = {}
        self._sockets: dict[str, Sockets] = {}
        self._scopes: set[trio.CancelScope] = set()
        self._turns = trio.Semaphore(IN_HAND)
        self._changed = trio.Event()
        self._closed = False

    def page(self, path: str, answering: Answering, *, admit: Admit = anybody) -> None:
        """Answer GET at *path*; with a slash at its end, at everything below, too."""
        self._pages["GET", path] = Pages(
            answering=answering, admit=admit, max_bytes=0, within=BODY_SECONDS
        )

    def hook(
        self,
        path: str,
        answering: Answering,
        *,
        admit: Admit,
        max_bytes: int = BODY_BYTES,
        within: float = BODY_SECONDS,
    ) -> None:
        """Answer POST at *path*.

        Args:
            path: Behind the platform's own; empty for just that.
            answering: Called with a request whose body is read. Deliver first, then
                return: whoever is told 200 does not say it again.
            admit: Decides on the head alone, before a byte of the body is read:
                `ShowsSecret`, `Gate`, or `anybody`.
            max_bytes: A larger body is refused (413).
            within: Seconds that the body may take to come.
        """
        self._pages["POST", path] = Pages(
            answering=answering, admit=admit, max_bytes=max_bytes, within=within
        )

    def sockets(
        self,
        path: str,
        handler: Handler,
        *,
        admit: Admit | None = None,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
    ) -> None:
        """Accept WebSockets at *path*, and let *handler* live each of them.

        Args:
            path: Behind the platform's own.
            handler: Lives one socket. It may raise: that ends this one only.
            admit: Decides about each handshake; by default whoever comes from a web page
                is turned away, as any page can dial a host on the same machine.
            max_message_bytes: A longer one in is answered with close code 1009.
        """
        self._sockets[path] = Sockets(
            handler=handler, admit=admit or Gate(), max_message_bytes=max_message_bytes
        )

    async def serve_forever(self) -> NoReturn:
        """Wait for ever: for a session that does nothing but answer requests."""
        await trio.sleep_forever()

    # --- for the ingress --------------------------------------------------------------

    def pages_at(self, method: str, path: str) -> Pages | None:
        """Return what answers at *path* (without the prefix), or at the nearest above it."""
        found = self._pages.get((method, path))
        while found is None and (slash := path.rstrip("/").rfind("/")) >= 0:
            path = path[: slash + 1]
            found = self._pages.get((method, path))
        return found

    def methods_at(self, path: str) -> list[str]:
        """Return how one may ask at *path*."""
        return [each for each in ("GET", "POST") if self.pages_at(each, path)]

    def sockets_at(self, path: str) -> Sockets | None:
        """Return who accepts WebSockets at just that *path*."""
        return self._sockets.get(path)

    @property
    def closed(self) -> bool:
        """The session is over: nobody answers here."""
        return self._closed

    @contextmanager
    def in_hand(self) -> Iterator[trio.CancelScope]:
        """Enter it around what must end with the session: the scope is cancelled then."""
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            if self._closed:
                scope.cancel()
            try:
                yield scope
            finally:
                self._scopes.discard(scope)
                self._changed.set()
                self._changed = trio.Event()

    async def answer(self, pages: Pages, request: Request) -> Response:
        """Let the platform answer *request*.

        Raises:
            Exception: what its code raised.
        """
        with trio.move_on_after(ANSWER_SECONDS):
            async with self._turns:
                return await pages.answering(request) or Response()
        return UNAVAILABLE

    async def close(self) -> None:
        """End everything that is in hand; return when it has ended."""
        self._closed = True
        for scope in list(self._scopes):
            scope.cancel()
        while self._scopes:
            await self._changed.wait()


UNAVAILABLE: Final = evolve(
    Response.text(503, "nobody is here to answer; try again soon"),
    headers=(("Content-Type", "text/plain; charset=utf-8"), ("Retry-After", "2")),
)


def behind(request: Request, prefix: str) -> Request:
    """Return *request* with its path as it stands behind *prefix* and its slash."""
    return evolve(request, path=request.path[len(prefix) + 1 :])


def wants_a_socket(request: Handshake) -> bool:
    """Say whether somebody asks to speak WebSocket from now on."""
    return any("websocket" in each.lower() for each in request.every("upgrade"))
