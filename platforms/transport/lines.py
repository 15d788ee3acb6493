"""Lines of text over TCP, behind the interface of a WebSocket: one line, one message.

A line ends with LF or CR LF; empty lines are skipped. Bytes that are no UTF-8 become
replacement characters, unless whoever dials brings a decoder: somebody's old client must not
end the connection. A line longer than agreed does end it.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, NoReturn

import trio
from attrs import frozen

from platforms.transport.dialing import root_of
from platforms.transport.network import TCP, Network
from platforms.transport.stream import WriterStream
from platforms.transport.websocket import (
    ABNORMAL,
    CLOSE_SECONDS,
    GOING_AWAY,
    HANDSHAKE_SECONDS,
    NORMAL,
    DialFailed,
    Frame,
    Sink,
    SocketClosed,
)

MAX_LINE_BYTES: Final = 16 * 1024
"""IRC needs 8,191 bytes of tags and 512 of the rest (IRCv3, message tags)."""
TOO_LONG: Final = 1009
_RECEIVE_BYTES: Final = 64 * 1024


class TooLong(ValueError):
    """A line is longer than agreed."""


@frozen
class LineClosed(SocketClosed):
    """The connection is over; see `SocketClosed`."""

    def __str__(self) -> str:
        return f"the connection is closed: {self.reason or 'as it was asked to be'}"


def as_utf8(line: bytes) -> str:
    """Return the text of a line; what is no UTF-8 becomes replacement characters."""
    return line.decode("utf-8", "replace")


class LineSplitter:
    """Bytes in, whole lines out. Pure."""

    def __init__(
        self,
        max_line_bytes: int = MAX_LINE_BYTES,
        decode: Callable[[bytes], str] = as_utf8,
    ) -> None:
        self._max = max_line_bytes
        self._decode = decode
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return every line that *data* has completed.

        Raises:
            TooLong: a line has more bytes than agreed, its end not counted.
        """
        *whole, self._rest = (self._rest + data).split(b"\n")
        found = []
        for line in whole:
            text = line.removesuffix(b"\r")
            self._check(text)
            if text:
                found.append(self._decode(text))
        self._check(self._rest.removesuffix(b"\r"))
        return found

    def _check(self, line: bytes) -> None:
        if len(line) > self._max:
            msg = f"a line must have {self._max:,} bytes at most"
            raise TooLong(msg)


def line_of(text: str) -> bytes:
    """Return *text* as one line on the wire.

    Raises:
        ValueError: it holds an end of line: what follows would be another command.
    """
    if "\n" in text or "\r" in text or "\0" in text:
        msg = f"a line must hold no end of line and no NUL (got {text[:80]!r})"
        raise ValueError(msg)
    return text.encode("utf-8", "replace") + b"\r\n"


class LineSocket:
    """A `WebSocket` whose messages are lines. Made by `dial_lines`."""

    def __init__(
        self, stream: trio.abc.Stream, remote: str, splitter: LineSplitter
    ) -> None:
        self._stream = WriterStream(stream)
        self._splitter = splitter
        self._read: list[str] = []
        self._ended = trio.Event()
        self._why = ""
        self.remote = remote
        self.path = ""
        self.headers: tuple[tuple[str, str], ...] = ()
        self.closed: SocketClosed | None = None

    async def run(self) -> None:
        """Write what is sent, until the end. One task does."""
        await self._stream.write()
        self._end(ABNORMAL, self._stream.failure or "the line was cut")

    async def send(self, text: str) -> None:
        """Send *text* as one line, whole or not at all; see `WebSocket.send`."""
        data = line_of(text)
        if self.closed is not None:
            raise self.closed
        try:
            await self._stream.put_in_turn(data)
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            raise self._end(ABNORMAL, self._stream.failure) from None

    def send_now(self, text: str) -> bool:
        """Send *text* as one line in this very call; see `WebSocket.send_now`."""
        data = line_of(text)
        if self.closed is not None:
            raise self.closed
        if not self._stream.roomy:
            return False
        try:
            self._stream.put(data)
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            raise self._end(ABNORMAL, self._stream.failure) from None
        return True

    async def ping(self) -> None:
        """Nothing here can be pinged: a line of the protocol has to do it."""
        await trio.lowlevel.checkpoint()

    async def receive(self) -> Frame:
        """Return the next line; see `WebSocket.receive`."""
        while not self._read:
            self._read = await self._more()
        return self._read.pop(0)

    async def feed(self, sink: Sink) -> NoReturn:
        """Hand over every line, many at a time where many have come."""
        while True:
            found = self._read or await self._more()
            self._read = []
            if found:
                sink.take(found)
            while sink.full:
                await sink.room()

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self

    async def __anext__(self) -> Frame:
        try:
            return await self.receive()
        except SocketClosed as closed:
            if closed.polite:
                raise StopAsyncIteration from None
            raise

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Write what waits and close, within a few seconds."""
        self._end(code, reason)
        await self._stream.aclose()

    async def _more(self) -> list[str]:
        if self.closed is not None:
            raise self.closed
        try:
            data = await self._stream.receive_some(_RECEIVE_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            why = self._stream.failure or str(error.__cause__ or "the line was cut")
            raise self._end(ABNORMAL, why) from None
        if not data:
            raise self._end(GOING_AWAY, "the peer closed the connection")
        try:
            return self._splitter.feed(bytes(data))
        except TooLong as error:
            raise self._end(TOO_LONG, str(error)) from None

    def _end(self, code: int, reason: str) -> SocketClosed:
        if self.closed is None:
            self.closed = LineClosed(code, reason)
        return self.closed


@asynccontextmanager
async def dial_lines(
    host: str,
    port: int,
    *,
    tls: bool | ssl.SSLContext = True,
    max_line_bytes: int = MAX_LINE_BYTES,
    decode: Callable[[bytes], str] = as_utf8,
    within: float = HANDSHAKE_SECONDS,
    network: Network = TCP,
) -> AsyncIterator[LineSocket]:
    """Connect, and close when the block is left.

    Args:
        host: A name or an address; the certificate must be for it.
        port: Where it listens.
        tls: True trusts what the system trusts; False does not encrypt.
        max_line_bytes: A longer line in is the end.
        decode: Makes text of a line that has come; it must take any bytes.
        within: Seconds for connecting and the handshake of TLS, both together.
        network: What is dialled through.

    Raises:
        DialFailed: nobody is there, or not in time, or not to be trusted.
    """
    remote = f"{host}:{port}"
    url = f"{'tls' if tls else 'tcp'}://{remote}"
    stream: trio.abc.Stream | None = None
    try:
        with trio.move_on_after(within):
            stream = await _connected(network, host, port, tls)
    except (OSError, trio.BrokenResourceError) as error:
        raise DialFailed(url, root_of(error)) from error
    if stream is None:
        why = f"no answer within {within:g} s"
        raise DialFailed(url, why)
    socket = LineSocket(stream, remote, LineSplitter(max_line_bytes, decode))
    async with trio.open_nursery() as nursery:
        # Shielded: what was said last still goes out when the session is cancelled.
        writing = trio.CancelScope(shield=True)
        nursery.start_soon(_write, socket, writing)
        try:
            yield socket
        finally:
            grace = trio.current_time() + CLOSE_SECONDS
            with trio.CancelScope(shield=True, deadline=grace):
                await socket.close()
            writing.cancel()


async def _write(socket: LineSocket, scope: trio.CancelScope) -> None:
    with scope:
        await socket.run()


async def _connected(
    network: Network, host: str, port: int, tls: bool | ssl.SSLContext
) -> trio.abc.Stream:
    stream = await network.connect(host, port)
    if tls is False:
        return stream
    return await network.encrypt(stream, host, None if tls is True else tls)
