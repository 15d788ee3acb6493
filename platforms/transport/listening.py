"""The acceptor: peers dial us, a pure rule admits them, a handler lives each socket.

Nothing a peer or a handler does reaches the listener: each connection is served in a
task that ends in a log line, whatever happens.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Self, TypeAlias

import structlog
import trio
from trio_websocket import WebSocketRequest, wrap_server_stream

from platforms.transport.admission import Admit, Handshake, Refuse
from platforms.transport.plumbing import (
    QUEUE_MESSAGES,
    RECEIVE_BYTES,
    Plumbing,
    TrioWebSocket,
)
from platforms.transport.websocket import (
    CLOSE_SECONDS,
    GOING_AWAY,
    HANDSHAKE_SECONDS,
    INTERNAL_ERROR,
    MAX_MESSAGE_BYTES,
    NORMAL,
    SocketClosed,
    WebSocket,
)

Handler: TypeAlias = Callable[[WebSocket], Awaitable[None]]
"""Lives one accepted socket; the socket is closed when it returns or raises."""

_log = structlog.get_logger()
_shake = partial(
    wrap_server_stream,
    message_queue_size=QUEUE_MESSAGES,
    max_message_size=MAX_MESSAGE_BYTES,
    receive_buffer_size=RECEIVE_BYTES,
)


class Listener:
    """Listens while it is entered: `async with listen(...)` or `await ctx.enter(...)`.

    Leaving it says 1001 to everybody and takes at most a few seconds.
    """

    def __init__(self, host: str, port: int, admit: Admit, handler: Handler) -> None:
        self._host = host
        self._port = port
        self._admit = admit
        self._handler = handler
        self._nursery: AbstractAsyncContextManager[trio.Nursery] | None = None
        self._serving = trio.CancelScope()
        self._listeners: list[trio.SocketListener] = []
        self.open_sockets = 0
        """How many connections there are now, those that still shake hands included."""

    @property
    def address(self) -> tuple[str, int]:
        """The host and port it is bound to; port 0 was replaced by a real one."""
        host, port, *_ = self._listeners[0].socket.getsockname()
        return host, port

    async def __aenter__(self) -> Self:
        """Bind and listen.

        Raises:
            OSError: the address cannot be bound, for instance because it is taken.
        """
        self._listeners = await trio.open_tcp_listeners(self._port, host=self._host)
        self._nursery = trio.open_nursery()
        nursery = await self._nursery.__aenter__()
        nursery.start_soon(trio.serve_listeners, self._serve, self._listeners)
        self._serving = nursery.cancel_scope
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._nursery is not None
        self._serving.cancel()
        # Without the caller's error, so that the nursery does not wrap it in a group.
        await self._nursery.__aexit__(None, None, None)

    async def _serve(self, stream: trio.SocketStream) -> None:
        self.open_sockets += 1
        try:
            await self._converse(stream)
        except* Exception as errors:  # noqa: BLE001 - the listener must live on
            _log.error("websocket.serving_failed", exc_info=_plain(errors))
        finally:
            self.open_sockets -= 1

    async def _converse(self, stream: trio.SocketStream) -> None:
        plumbing: Plumbing[WebSocketRequest] = Plumbing(stream, we_dial=False)
        async with trio.open_nursery() as nursery:
            try:
                websocket = await self._shake_hands(nursery, plumbing, _remote(stream))
                if websocket is not None:
                    await self._handle(websocket)
            finally:
                plumbing.stop()

    async def _shake_hands(
        self, nursery: trio.Nursery, plumbing: Plumbing[WebSocketRequest], remote: str
    ) -> TrioWebSocket | None:
        with trio.move_on_after(HANDSHAKE_SECONDS) as patience:
            request = await plumbing.open(nursery, _shake)
            if request is None:
                why = plumbing.failure or "the peer left or did not speak WebSocket"
                _log.info("websocket.handshake_failed", remote=remote, why=why)
                return None
            handshake = read_handshake(request, remote)
            refusal = self._admit(handshake)
            if refusal is None:
                connection = await request.accept()
                return TrioWebSocket(connection, plumbing, handshake)
            await self._refuse(request, plumbing, refusal, remote)
        if patience.cancelled_caught:
            _log.info("websocket.handshake_timed_out", remote=remote)
        return None

    async def _refuse(
        self,
        request: WebSocketRequest,
        plumbing: Plumbing[WebSocketRequest],
        refusal: Refuse,
        remote: str,
    ) -> None:
        _log.warning(
            "websocket.refused",
            remote=remote,
            status=refusal.status,
            why=refusal.reason,
        )
        await request.reject(
            refusal.status,
            extra_headers=[
                (b"Content-Type", b"text/plain; charset=utf-8"),
                (b"Connection", b"close"),
            ],
            body=refusal.reason.encode() + b"\n",
        )
        await plumbing.stream.aclose()

    async def _handle(self, websocket: TrioWebSocket) -> None:
        code, reason = GOING_AWAY, "the host is leaving"
        try:
            await self._handler(websocket)
            code, reason = NORMAL, ""
        except* SocketClosed:
            pass  # it ended in the hands of the handler, which is no fault
        except* Exception as errors:  # noqa: BLE001 - costs this socket only
            code, reason = INTERNAL_ERROR, "the session failed"
            _log.exception(
                "websocket.handler_failed",
                remote=websocket.remote,
                exc_info=_plain(errors),
            )
        finally:
            # A goodbye even while cancelled; `close` has its own deadline.
            with trio.CancelScope(
                shield=True, deadline=trio.current_time() + CLOSE_SECONDS
            ):
                await websocket.close(code, reason)


def listen(host: str, port: int, admit: Admit, handler: Handler) -> Listener:
    """Return a listener on *host*:*port*; enter it to start, leave it to stop.

    Args:
        host: An address or name of this machine.
        port: 0 lets the system choose; see `Listener.address`.
        admit: Decides about each handshake before the upgrade.
        handler: Lives each admitted socket. It may raise: that ends its socket only.
    """
    return Listener(host, port, admit, handler)


def read_handshake(request: WebSocketRequest, remote: str) -> Handshake:
    """Return what trio-websocket knows of a peer in our own words."""
    path, _, query = request.path.partition("?")
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in request.headers
    )
    return Handshake(path, query, headers, remote)


def _remote(stream: trio.SocketStream) -> str:
    try:
        host, port, *_ = stream.socket.getpeername()
    except OSError:
        return "unknown"  # gone already; reading will say so
    return f"{host}:{port}"


def _plain(errors: BaseExceptionGroup[Exception]) -> BaseException:
    """Return what was raised; `except*` puts even a single error into a group."""
    return errors.exceptions[0] if len(errors.exceptions) == 1 else errors
