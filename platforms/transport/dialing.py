"""The other direction: we dial a peer that listens."""

import re
import ssl
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Final
from urllib.parse import SplitResult, urlsplit

import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from platforms.transport.admission import Handshake
from platforms.transport.network import TCP, Network
from platforms.transport.plumbing import (
    QUEUE_MESSAGES,
    RECEIVE_BYTES,
    Plumbing,
    Shake,
    TrioWebSocket,
)
from platforms.transport.websocket import (
    CLOSE_SECONDS,
    GOING_AWAY,
    HANDSHAKE_SECONDS,
    MAX_MESSAGE_BYTES,
    NORMAL,
    DialFailed,
    DialRefused,
    TransportError,
    WebSocket,
)

_PORTS: Final = {"ws": 80, "wss": 443}
_BODY_BYTES: Final = 500
# What trio puts before the system's words; whoever tells it has named the address.
_AGAIN: Final = re.compile(r"^Error connecting to \(.*?\): ")


class Dial:
    """One dialled WebSocket, open while it is entered."""

    def __init__(
        self,
        url: str,
        headers: Sequence[tuple[str, str]],
        within: float,
        ssl_context: ssl.SSLContext | None,
        network: Network,
    ) -> None:
        self._parts = check_url(url)
        self._headers = [(name.encode("latin-1"), v.encode()) for name, v in headers]
        self._within = within
        self._ssl_context = ssl_context
        self._network = network
        self._nursery: AbstractAsyncContextManager[trio.Nursery] | None = None
        self._websocket: TrioWebSocket | None = None

    async def __aenter__(self) -> WebSocket:
        """Connect and shake hands.

        Raises:
            DialFailed: nobody there, or no WebSocket, or not in time.
            DialRefused: an HTTP status instead of the upgrade.
        """
        self._nursery = trio.open_nursery()
        nursery = await self._nursery.__aenter__()
        try:
            with trio.move_on_after(self._within):
                plumbing = Plumbing[WebSocketConnection](
                    await self._connect(), we_dial=True
                )
                self._websocket = await self._shake_hands(nursery, plumbing)
                return self._websocket
            why = f"no WebSocket within {self._within:g} s"
            raise self._failed(why)
        finally:
            if self._websocket is None:
                await self._nursery.__aexit__(None, None, None)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._nursery is not None
        assert self._websocket is not None
        code = NORMAL if kind is None or issubclass(kind, Exception) else GOING_AWAY
        grace = trio.current_time() + CLOSE_SECONDS
        try:
            # A goodbye even while cancelled; `close` has its own deadline.
            with trio.CancelScope(shield=True, deadline=grace):
                await self._websocket.close(code)
        finally:
            # Without the caller's error, so that the nursery wraps it in no group.
            await self._nursery.__aexit__(None, None, None)

    async def _connect(self) -> trio.abc.Stream:
        host, port = self._parts.hostname or "", self._port()
        try:
            stream = await self._network.connect(host, port)
            if self._parts.scheme == "wss":
                stream = await self._network.encrypt(stream, host, self._ssl_context)
        except (OSError, trio.BrokenResourceError) as error:
            raise self._failed(root_of(error)) from error
        return stream

    async def _shake_hands(
        self, nursery: trio.Nursery, plumbing: Plumbing[WebSocketConnection]
    ) -> TrioWebSocket:
        connection = None
        try:
            connection = await plumbing.open(nursery, self._shake())
        finally:
            if connection is None:
                plumbing.stop()
        if connection is None:
            raise self._refused(plumbing)
        return TrioWebSocket(connection, plumbing, self._handshake(connection))

    def _shake(self) -> Shake[WebSocketConnection]:
        parts = self._parts
        default = self._port() == _PORTS[parts.scheme]
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return partial(
            wrap_client_stream,
            host=host if default else f"{host}:{self._port()}",
            resource=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            extra_headers=self._headers,
            message_queue_size=QUEUE_MESSAGES,
            max_message_size=MAX_MESSAGE_BYTES,
            receive_buffer_size=RECEIVE_BYTES,
        )

    def _handshake(self, connection: WebSocketConnection) -> Handshake:
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in connection.handshake_headers
        )
        remote = f"{self._parts.hostname}:{self._port()}"
        return Handshake(self._parts.path or "/", self._parts.query, headers, remote)

    def _port(self) -> int:
        return self._parts.port or _PORTS[self._parts.scheme]

    def _failed(self, why: str) -> DialFailed:
        return DialFailed(shown(self._parts), why)

    def _refused(self, plumbing: Plumbing[WebSocketConnection]) -> TransportError:
        if plumbing.refusal is not None:
            body = plumbing.refusal.body or b""
            return DialRefused(
                shown(self._parts), plumbing.refusal.status_code, body[:_BODY_BYTES]
            )
        return self._failed(plumbing.failure or "the line was cut in the handshake")


def dial(
    url: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    within: float = HANDSHAKE_SECONDS,
    ssl_context: ssl.SSLContext | None = None,
    network: Network = TCP,
) -> Dial:
    """Dial *url*; enter the result to get the WebSocket, leave it to close it.

    An exception of the block comes out as it is, in no group.

    Args:
        url: `ws://` or `wss://`, with path and query.
        headers: Sent with the handshake.
        within: Seconds for connecting and shaking hands, both together.
        ssl_context: For `wss://`; None trusts what the system trusts.
        network: What is dialled through.

    Raises:
        ValueError: *url* is not the URL of a WebSocket.
    """
    return Dial(url, headers, within, ssl_context, network)


def check_url(url: str) -> SplitResult:
    """Return the parts of *url*, or raise ValueError saying what must hold."""
    parts = urlsplit(url)
    try:
        sound = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:  # the port is out of range
        sound = False
    if not sound or not url.isascii():
        msg = f"a WebSocket URL must be ws://HOST[:PORT][/PATH] or wss://... (got {shown(parts)!r})"
        raise ValueError(msg)
    return parts


def shown(parts: SplitResult) -> str:
    """Return a URL for people: without query and user, which may hold secrets."""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def root_of(error: BaseException) -> str:
    """Return in words what an error comes from in the end."""
    while True:
        deeper = error.__cause__
        if isinstance(error, BaseExceptionGroup):
            deeper = error.exceptions[0]
        if deeper is None:
            said = getattr(error, "strerror", None) or str(error)
            return _AGAIN.sub("", said) or type(error).__name__
        error = deeper
