"""Peers that speak WebSocket byte by byte, so that they can misbehave."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Self

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from platforms.transport import Frame, Gate, Listener, WebSocket, listen

REAL_SECONDS = 20.0
"""Only to fail instead of hanging; no test waits for it."""


async def eventually(holds: Callable[[], object]) -> None:
    """Wait in real time, also under a clock that stands still."""
    limit = time.monotonic() + REAL_SECONDS
    while not holds():
        assert time.monotonic() < limit, "it never came about"
        await trio.lowlevel.checkpoint()


async def echo(websocket: WebSocket) -> None:
    async for frame in websocket:
        await websocket.send(f"{frame!r}" if isinstance(frame, bytes) else frame)


async def sleeper(websocket: WebSocket) -> None:
    await trio.sleep_forever()


@asynccontextmanager
async def listening(
    handler: Callable[[WebSocket], Awaitable[None]] = echo,
    gate: Gate | None = None,
    *,
    peers_stay: bool = False,
) -> AsyncIterator[Listener]:
    """Listen; in the end peers hang up first, or each mute one would cost seconds."""
    async with listen("127.0.0.1", 0, gate or Gate(), handler) as listener:
        try:
            yield listener
        finally:
            if not peers_stay:
                Peer.all_hang_up()


class Peer:
    """One end of a WebSocket with no manners but those a test gives it."""

    everybody: ClassVar[list["Peer"]] = []

    def __init__(self, stream: trio.SocketStream, side: ConnectionType) -> None:
        self.everybody.append(self)
        self.stream = stream
        self.ws = WSConnection(side)
        self._events: list[Event] = []
        self._text = ""

    @classmethod
    async def dials(
        cls, listener: Listener, path: str = "/", headers: dict[str, str] | None = None
    ) -> Self:
        """Connect and ask for the upgrade; the answer is the next event."""
        host, port = listener.address
        peer = cls(await trio.open_tcp_stream(host, port), ConnectionType.CLIENT)
        extra = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        await peer.say(Request(host="x", target=path, extra_headers=extra))
        return peer

    @classmethod
    async def in_by(
        cls, listener: Listener, path: str = "/", headers: dict[str, str] | None = None
    ) -> Self:
        """Connect and be let in."""
        peer = await cls.dials(listener, path, headers)
        assert isinstance(await peer.event(), AcceptConnection)
        return peer

    async def say(self, event: Event) -> None:
        await self.stream.send_all(self.ws.send(event))

    async def text(self, text: str) -> None:
        await self.say(TextMessage(data=text))

    async def event(self) -> Event | None:
        """Return what comes next, None at the end of the line."""
        while not self._events:
            try:
                data = await self.stream.receive_some(65536)
            except trio.BrokenResourceError:
                data = b""
            if not data:
                return None
            self.ws.receive_data(data)
            self._events += list(self.ws.events())
        return self._events.pop(0)

    async def hears(self) -> Frame | int | None:
        """Return the next whole message, None at the end of the line, or the code of
        a goodbye, which is answered.
        """
        parts: list[Any] = []
        while True:
            match await self.event():
                case TextMessage() | BytesMessage() as part:
                    parts.append(part.data)
                    if part.message_finished:
                        return type(parts[0])().join(parts)  # type: ignore[no-any-return]
                case CloseConnection(code=code) as goodbye:
                    if self.ws.state is ConnectionState.REMOTE_CLOSING:
                        await self.say(goodbye.response())
                    return int(code)
                case None:
                    return None
                case Pong() | Ping():
                    pass
                case other:
                    raise AssertionError(other)

    async def status(self) -> tuple[int, str]:
        """Return the HTTP status and body of a refusal."""
        answer = await self.event()
        assert isinstance(answer, RejectConnection), answer
        body = b""
        while True:
            part = await self.event()
            assert isinstance(part, RejectData)
            body += part.data
            if part.body_finished:
                return answer.status_code, body.decode()

    def hangs_up(self) -> None:
        try:
            self.stream.socket.close()
        except RuntimeError:  # trio is over; its socket cannot be closed any more
            self.stream.socket._sock.close()  # type: ignore[attr-defined]

    @classmethod
    def all_hang_up(cls) -> None:
        while cls.everybody:
            cls.everybody.pop().hangs_up()


async def http(listener: Listener, request: bytes) -> bytes:
    """Say *request* and return everything that is answered until the end."""
    stream = await trio.open_tcp_stream(*listener.address)
    await stream.send_all(request)
    answer = b""
    try:
        while data := await stream.receive_some(65536):
            answer += data
    except trio.BrokenResourceError:
        pass
    await stream.aclose()
    return answer
