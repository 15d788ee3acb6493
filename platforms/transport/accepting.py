"""One connection, from its first byte to its last: hands are shaken, or it is refused.

What a peer or a handler does ends here, in a log line: `accept` raises nothing.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

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
"""Speaks over one accepted socket, which is closed when this returns or raises."""

_log = structlog.get_logger()
_shake = partial(
    wrap_server_stream,
    message_queue_size=QUEUE_MESSAGES,
    receive_buffer_size=RECEIVE_BYTES,
)


async def accept(
    stream: trio.abc.Stream,
    remote: str,
    admit: Admit,
    handler: Handler,
    *,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
) -> None:
    """Serve the WebSocket that somebody opens on *stream*; return when it is over.

    Args:
        stream: Where the handshake is to be read. It is closed in any case.
        remote: Who is at the other end, for the log.
        admit: Decides about the handshake before the upgrade.
        handler: Speaks over the socket. What it raises ends this socket only.
        max_message_bytes: A longer message in is answered with 1009; from 64 KiB.
    """
    try:
        await _Accepted(remote, admit, handler, max_message_bytes).converse(stream)
    except* Exception as errors:  # noqa: BLE001 - whoever accepts must live on
        _log.error("websocket.serving_failed", exc_info=_plain(errors))


class _Accepted:
    def __init__(
        self, remote: str, admit: Admit, handler: Handler, max_message_bytes: int
    ) -> None:
        self._remote = remote
        self._admit = admit
        self._handler = handler
        self._shake = partial(_shake, max_message_size=max_message_bytes)

    async def converse(self, stream: trio.abc.Stream) -> None:
        plumbing: Plumbing[WebSocketRequest] = Plumbing(stream, we_dial=False)
        async with trio.open_nursery() as nursery:
            try:
                websocket = await self._shake_hands(nursery, plumbing)
                if websocket is not None:
                    await self._handle(websocket)
            finally:
                plumbing.stop()

    async def _shake_hands(
        self, nursery: trio.Nursery, plumbing: Plumbing[WebSocketRequest]
    ) -> TrioWebSocket | None:
        remote = self._remote
        with trio.move_on_after(HANDSHAKE_SECONDS) as patience:
            request = await plumbing.open(nursery, self._shake)
            if request is None:
                why = plumbing.failure or "the peer left or did not speak WebSocket"
                _log.info("websocket.handshake_failed", remote=remote, why=why)
                return None
            handshake = read_handshake(request, remote)
            refusal = self._admit(handshake)
            if refusal is None:
                connection = await request.accept()
                return TrioWebSocket(connection, plumbing, handshake)
            await self._refuse(request, plumbing, refusal)
        if patience.cancelled_caught:
            _log.info("websocket.handshake_timed_out", remote=remote)
        return None

    async def _refuse(
        self,
        request: WebSocketRequest,
        plumbing: Plumbing[WebSocketRequest],
        refusal: Refuse,
    ) -> None:
        _log.warning(
            "websocket.refused",
            remote=self._remote,
            status=refusal.status,
            why=refusal.reason,
        )
        await trio.sleep(refusal.after)
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


def read_handshake(request: WebSocketRequest, remote: str) -> Handshake:
    """Return what trio-websocket knows of a peer in our own words."""
    path, _, query = request.path.partition("?")
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in request.headers
    )
    return Handshake(path, query, headers, remote)


def _plain(errors: BaseExceptionGroup[Exception]) -> BaseException:
    """Return what was raised; `except*` puts even a single error into a group."""
    return errors.exceptions[0] if len(errors.exceptions) == 1 else errors
