"""HTTP/1.1 on one stream: requests in, answers out, and no wait without a deadline.

Rules of this file:

1. A head has a size and a time, from its first byte to its last; a body has both, too.
   A peer that sends a byte now and then gains nothing.
2. What was read of a handshake is kept, so that whoever speaks WebSocket can be given the
   stream as if nobody had read of it.
3. An answer that ends the connection waits a little for what the peer still sends: a
   reset would overtake it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import h11
import trio

from platforms.ingress.bodies import Body
from platforms.ingress.values import HEAD_BYTES, Request, Response, SendPiece, Unfit
from platforms.transport import STALL_SECONDS

HEAD_SECONDS: Final = 10.0
"""For the first request of a connection, from its opening on."""
KEEP_SECONDS: Final = 30.0
"""For the next one, from the end of the last answer on."""
BODY_SECONDS: Final = 30.0
LINGER_SECONDS: Final = 2.0
_CHUNK_BYTES: Final = 64 * 1024
_VERSIONS: Final = (b"1.0", b"1.1")
_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)
_ALWAYS: Final = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))


class PeerGone(Exception):
    """The peer has closed the connection: there is nobody to answer."""


class Exchange:
    """One connection's requests, one after the other."""

    def __init__(self, stream: trio.abc.Stream, remote: str) -> None:
        self._stream = stream
        self._remote = remote
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._read = b""  # of the head that is being read, and what came with it
        self._method = ""
        self._within = HEAD_SECONDS

    async def head(self) -> Request:
        """Return the next request, without its body.

        Raises:
            PeerGone: there is none.
            Unfit: what came is none.
        """
        with trio.move_on_after(self._within):
            event = await self._next(keep=True)
            if not isinstance(event, h11.Request):
                raise PeerGone
            if event.http_version not in _VERSIONS:
                raise Unfit(505, "HTTP/1.1 is spoken here")
            request = _request_of(event, self._remote)
            if _size_of(event) > HEAD_BYTES:  # h11 bounds only what is not complete
                raise Unfit(431, f"the head must not exceed {HEAD_BYTES:,} bytes")
            self._method = request.method
            return request
        if not self._read:
            raise PeerGone
        raise Unfit(408, "the head of the request did not come in time")

    async def body(self, max_bytes: int, within: float, one: Body) -> bytes:
        """Return the body of the request whose head was read; *one* grows with it.

        Raises:
            PeerGone: nobody sends the rest of it.
            Unfit: it is too large, or late, or there is no room for it.
        """
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        read = bytearray()
        with trio.move_on_after(within):
            while True:
                event = await self._next()
                if isinstance(event, h11.EndOfMessage):
                    return bytes(read)
                if not isinstance(event, h11.Data):
                    raise PeerGone
                read += event.data
                if len(read) > max_bytes:
                    raise too_large(max_bytes)
                one.grow(len(event.data))
        raise Unfit(408, "the body of the request did not come in time")

    async def answer(self, response: Response, *, last: bool = False) -> bool:
        """Say *response*; return whether another request may follow. Raises PeerGone.

        Args:
            response: What to say.
            last: End the connection with it.
        """
        http = self._http
        # What was not read of a request would be taken for the next one.
        last = last or http.their_state is not h11.DONE or response.says is not None
        said: list[h11.Event] = [_head_of(response, last=last)]
        if response.says is not None:
            await self._send(*said)
            said = []
            await self._say(response.says)
        elif response.body and self._method != "HEAD":
            said.append(h11.Data(data=response.body))
        await self._send(*said, h11.EndOfMessage())
        if last or http.our_state is not h11.DONE:
            return False
        http.start_next_cycle()
        self._method = ""
        self._read = http.trailing_data[0]
        self._within = KEEP_SECONDS
        return True

    @property
    def begun(self) -> bool:
        """An answer is under way: there cannot be another one."""
        return self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE)

    def untouched(self) -> trio.abc.Stream:
        """Return the stream as it was before the head that came last was read."""
        return Unread(self._stream, self._read)

    async def close(self) -> None:
        """End the connection, so that what was said last arrives; takes little time."""
        with trio.move_on_after(LINGER_SECONDS), suppress(*_GONE):
            if isinstance(self._stream, trio.abc.HalfCloseableStream):
                await self._stream.send_eof()
                while await self._stream.receive_some(_CHUNK_BYTES):
                    pass
        await trio.aclose_forcefully(self._stream)

    # --- in ---------------------------------------------------------------------------

    async def _next(self, *, keep: bool = False) -> object:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                data = await self._receive()
                if not data and keep:
                    raise PeerGone
                self._read = self._read + data if keep else b""
                self._http.receive_data(data)
        except h11.RemoteProtocolError as error:
            # What comes behind is the line itself, and may hold a token.
            why = str(error).partition(": bytearray(")[0]
            raise Unfit(error.error_status_hint, why) from None
        return event

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some(_CHUNK_BYTES))
        except _GONE:
            raise PeerGone from None

    # --- out --------------------------------------------------------------------------

    async def _say(self, says: Callable[[SendPiece], Awaitable[None]]) -> None:
        async def say(data: bytes) -> None:
            await self._send(h11.Data(data=data))

        gone = False
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_they_leave, nursery.cancel_scope)
                await says(say)
                nursery.cancel_scope.cancel()
        except* PeerGone:
            gone = True
        if gone:
            raise PeerGone

    async def _until_they_leave(self, saying: trio.CancelScope) -> None:
        with suppress(PeerGone):
            while await self._receive():
                pass  # whoever is told something cannot ask for more
        saying.cancel()

    async def _send(self, *events: h11.Event) -> None:
        data = b"".join(self._http.send(event) or b"" for event in events)
        view = memoryview(data)
        try:
            while view:
                chunk, view = view[:_CHUNK_BYTES], view[_CHUNK_BYTES:]
                with trio.fail_after(STALL_SECONDS):
                    await self._stream.send_all(chunk)
        except (*_GONE, trio.TooSlowError):
            raise PeerGone from None


class Unread(trio.abc.HalfCloseableStream):
    """A stream of which something was read already: that comes first, again."""

    def __init__(self, stream: trio.abc.Stream, read: bytes) -> None:
        self._stream = stream
        self._read = read

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        if not self._read:
            return await self._stream.receive_some(max_bytes)
        await trio.lowlevel.checkpoint()
        size = len(self._read) if max_bytes is None else max_bytes
        read, self._read = self._read[:size], self._read[size:]
        return read

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        if isinstance(self._stream, trio.abc.HalfCloseableStream):
            await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()


def too_large(max_bytes: int) -> Unfit:
    """Say that a body is."""
    return Unfit(413, f"the body must not exceed {max_bytes:,} bytes")


def _size_of(head: h11.Request) -> int:
    lines = [head.method + head.target, *(name + value for name, value in head.headers)]
    return sum(map(len, lines))


def _request_of(event: h11.Request, remote: str) -> Request:
    path, _, query = event.target.decode("latin-1").partition("?")
    return Request(
        method=event.method.decode("ascii"),
        path=path,
        query=query,
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in event.headers
        ),
        remote=remote,
    )


def _head_of(response: Response, *, last: bool) -> h11.Response:
    given = {name.lower() for name, _ in response.headers}
    headers = [each for each in _ALWAYS if each[0].lower() not in given]
    headers += response.headers
    if response.says is None:
        headers.append(("Content-Length", str(len(response.body))))
    if last:
        headers.append(("Connection", "close"))
    reason = HTTPStatus(response.status).phrase.encode()
    return h11.Response(status_code=response.status, headers=headers, reason=reason)
