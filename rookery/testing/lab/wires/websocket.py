"""A WebSocket over a stream, with frames of JSON."""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from rookery.testing.lab.wires.gone import Gone

_TEXT = 0x81
_MASKED = 0x80


class WebSocketEnd:
    """One WebSocket; `async for frame in it` reads what the platform says, decoded."""

    def __init__(self, stream: trio.abc.Stream, kind: ConnectionType) -> None:
        self._stream = stream
        self._kind = kind
        self._ws = WSConnection(kind)
        self._events: deque[Event] = deque()
        self._parts: list[str] = []
        self._turn = trio.Lock()  # of whoever sends: a frame goes out whole
        self.path = ""
        """What is asked for, its query included."""
        self.headers: dict[str, str] = {}
        """Of the handshake, names in lower case."""
        self.refused: int | None = None
        """The status with which the platform refused us."""

    async def accept(self) -> None:
        """Let the platform in. Raises Gone."""
        await self._send(self._ws.send(AcceptConnection()))

    async def refuse(self, status: int) -> None:
        """Answer with an HTTP status instead. Raises Gone."""
        no = RejectConnection(status_code=status, has_body=True)
        said = self._ws.send(no) + self._ws.send(RejectData(data=b""))
        await self._send(said)
        await self._stream.aclose()

    async def send(self, frame: object) -> None:
        """Send *frame* as JSON. Raises Gone."""
        await self.raw(json.dumps(frame, ensure_ascii=False).encode())

    async def raw(self, data: bytes) -> None:
        """Send *data* as one text frame, also where it is no text. Raises Gone."""
        masked = _MASKED if self._kind is ConnectionType.CLIENT else 0
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", _TEXT, masked | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", _TEXT, masked | 126, size)
        else:
            head = struct.pack("!BBQ", _TEXT, masked | 127, size)
        # A mask of zeros changes nothing.
        await self._send(head + (bytes(4) if masked else b"") + data)

    async def close(self, code: int = 1000) -> None:
        """Say goodbye, and close."""
        with suppress(LocalProtocolError, Gone):  # it has left before us, or is cut off
            await self._send(self._ws.send(CloseConnection(code)))
        await self._stream.aclose()

    async def receive(self) -> Any:
        """Return the next frame, decoded. Raises Gone."""
        while True:
            match await self._event():
                case TextMessage() as message:
                    if (text := self._whole(message)) is not None:
                        return json.loads(text)
                case BytesMessage():
                    pass
                case Ping() as ping:
                    await self._send(self._ws.send(ping.response()))
                case CloseConnection():
                    raise Gone
                case _:
                    pass

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except Gone:
            raise StopAsyncIteration from None

    def _whole(self, message: Message[str]) -> str | None:
        self._parts.append(message.data)
        if not message.message_finished:
            return None
        text = "".join(self._parts)
        self._parts.clear()
        return text

    # --- the handshake --------------------------------------------------------------------

    async def meet(self) -> None:
        event = await self._event()
        if not isinstance(event, Request):
            raise Gone
        self.path = event.target
        self.headers = {
            "host": event.host,
            **{k.decode().lower(): v.decode("latin-1") for k, v in event.extra_headers},
        }

    async def shake(
        self, host: str, path: str, headers: Sequence[tuple[str, str]]
    ) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers]
        asked = Request(host=host, target=path, extra_headers=raw)
        await self._send(self._ws.send(asked))
        match await self._event():
            case AcceptConnection():
                pass
            case RejectConnection(status_code=status):
                self.refused = status
                raise Gone
            case _:
                raise Gone

    # --- bytes ----------------------------------------------------------------------------

    async def _event(self) -> Event:
        while not self._events:
            try:
                data = bytes(await self._stream.receive_some())
                self._ws.receive_data(data or None)
                self._events.extend(self._ws.events())
            except (
                trio.BrokenResourceError,
                trio.ClosedResourceError,
                RemoteProtocolError,
            ) as error:
                raise Gone from error
            if not data and not self._events:
                raise Gone
        return self._events.popleft()

    async def _send(self, data: bytes) -> None:
        try:
            async with self._turn:
                await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Gone from error


async def met(stream: trio.abc.Stream) -> WebSocketEnd:
    """Read the handshake of a platform that dials; `accept` or `refuse` it then.

    Raises:
        Gone: it says something else, or nothing.
    """
    end = WebSocketEnd(stream, ConnectionType.SERVER)
    await end.meet()
    return end


async def dialled(
    stream: trio.abc.Stream,
    path: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    *,
    host: str = "rookery.test",
) -> WebSocketEnd:
    """Shake hands with a platform that listens.

    Raises:
        Gone: it refuses us; or something else happens.
    """
    end = WebSocketEnd(stream, ConnectionType.CLIENT)
    await end.shake(host, path, headers)
    return end
