"""One WebSocket over trio-websocket: its reader, our writer, and one way to end.

Everything this file knows about trio-websocket stays here:

* its reader task may raise (a ping while closing, bytes that are no HTTP); both tasks
  run in `Plumbing.run`, which never raises, and the user learns of the end by
  `SocketClosed`;
* the tasks are shielded, so that a goodbye still gets out during a cancellation;
  whoever starts them must end them with `stop`;
* its `aclose` waits for the peer for as long as it takes; `close` does not;
* what we send does not go through its lock: our frames are put beside its own;
* short text messages are taken out of what it reads, see `sieve`.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Generic, NoReturn, TypeAlias, TypeVar

import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection

from platforms.transport.admission import Handshake
from platforms.transport.frames import MASK_BYTES, text_frame
from platforms.transport.inflow import Inflow
from platforms.transport.sieve import Sieve
from platforms.transport.stream import WriterStream
from platforms.transport.websocket import (
    ABNORMAL,
    CLOSE_SECONDS,
    NORMAL,
    Frame,
    Sink,
    SocketClosed,
)

RECEIVE_BYTES: Final = 64 * 1024
QUEUE_MESSAGES: Final = 64
"""How many messages may wait for `receive`; with more nothing is read, so the peer waits."""

T = TypeVar("T")
E = TypeVar("E", bound=Exception)
Shake: TypeAlias = Callable[[trio.Nursery, WriterStream], Awaitable[T]]


class Plumbing(Generic[T]):
    """The two tasks under one socket, and how they ended."""

    def __init__(self, stream: trio.abc.Stream, *, we_dial: bool) -> None:
        self.inflow = Inflow(Sieve(masked=not we_dial))
        self.stream = WriterStream(stream, self.inflow)
        self.over = trio.Event()
        self.refusal: ConnectionRejected | None = None
        self.failure = ""
        """Why the reader gave up, for people; empty if it ended as it should."""
        self._scope = trio.CancelScope(shield=True)
        self._shaken = trio.Event()
        self._opened: T | None = None
        self._tasks: trio.Nursery | None = None

    async def open(self, nursery: trio.Nursery, shake: Shake[T]) -> T | None:
        """Start both tasks in *nursery* and *shake* hands.

        Returns what *shake* does, or None if the peer is gone or talks nonsense. The
        caller sets the deadline and must call `stop` in any case.
        """
        nursery.start_soon(self._run, shake)
        await self._shaken.wait()
        return self._opened

    def collect(self, connection: WebSocketConnection) -> None:
        """Let what *connection* reads itself join the other messages from now on."""
        if self._tasks is None:
            self.inflow.end()
        else:
            self._tasks.start_soon(self._collect, connection)

    async def _collect(self, connection: WebSocketConnection) -> None:
        try:
            while True:
                await self.inflow.room()
                self.inflow.put(await connection.get_message())
        except ConnectionClosed:
            pass
        finally:
            self.inflow.end()

    def stop(self) -> None:
        """End both tasks now. What was not written is lost."""
        self._scope.cancel()

    async def _run(self, shake: Shake[T]) -> None:
        with self._scope:
            async with trio.open_nursery() as self._tasks:
                self._tasks.start_soon(self.stream.write)
                try:
                    await self._read(shake)
                except* ConnectionRejected as refusals:
                    self.refusal = _first(refusals)
                except* Exception as errors:  # noqa: BLE001 - a library's, shown as the end
                    error = _root_of(_first(errors))
                    self.failure = f"{type(error).__name__}: {error}"
                await self.stream.aclose()
        self._tasks = None
        with trio.CancelScope(shield=True):
            await trio.aclose_forcefully(self.stream)
        self.over.set()
        self._shaken.set()

    async def _read(self, shake: Shake[T]) -> None:
        async with trio.open_nursery() as reading:
            with trio.CancelScope() as shaking:
                self.stream.on_end = shaking.cancel
                self._opened = await shake(reading, self.stream)
                self._shaken.set()
            self.stream.on_end = _nothing


class TrioWebSocket:
    """`WebSocket` over trio-websocket."""

    def __init__(
        self,
        connection: WebSocketConnection,
        plumbing: Plumbing[T],
        handshake: Handshake,
    ) -> None:
        self._connection = connection
        self._plumbing = plumbing
        self._stream = plumbing.stream
        self._inflow = plumbing.inflow
        self._masks = connection.is_client
        self._ours: SocketClosed | None = None
        self.remote = handshake.remote
        self.path = handshake.path
        self.headers = handshake.headers
        plumbing.collect(connection)

    @property
    def closed(self) -> SocketClosed | None:
        if self._ours is not None:
            return self._ours
        reason = self._connection.closed
        if reason is not None and reason.code != ABNORMAL:
            return SocketClosed(int(reason.code), reason.reason or "")
        if reason is None and not self._plumbing.over.is_set():
            return None
        return self._cut()

    async def send(self, text: str) -> None:
        self._refuse_if_closed()
        try:
            await self._stream.put_in_turn(self._frame(text))
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            raise self._end() from None

    def send_now(self, text: str) -> bool:
        self._refuse_if_closed()
        if not self._stream.roomy:
            return False
        try:
            self._stream.put(self._frame(text))
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            raise self._end() from None
        return True

    def _frame(self, text: str) -> bytes:
        return text_frame(text.encode(), os.urandom(MASK_BYTES) if self._masks else b"")

    async def ping(self) -> None:
        self._refuse_if_closed()
        try:
            await self._connection.ping()
        except ConnectionClosed:
            raise self._end() from None

    async def receive(self) -> Frame:
        try:
            return await self._inflow.receive()
        except trio.EndOfChannel:
            raise self._end() from None

    async def feed(self, sink: Sink) -> NoReturn:
        try:
            await self._inflow.feed(sink)
        except trio.EndOfChannel:
            raise self._end() from None

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self

    async def __anext__(self) -> Frame:
        try:
            return await self._inflow.receive()
        except trio.EndOfChannel:
            end = self._end()
            if end.polite:
                raise StopAsyncIteration from None
            raise end from None

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        if self.closed is None:
            self._ours = SocketClosed(code, reason)
        self._inflow.hang_up()
        over = self._plumbing.over
        try:
            with trio.move_on_after(CLOSE_SECONDS) as patience:
                if not over.is_set():
                    # A reader that failed will never see the peer's goodbye.
                    self._stream.on_end = patience.cancel
                    await self._connection.aclose(code, reason or None)
                await over.wait()
        finally:
            self._plumbing.stop()
            with trio.CancelScope(shield=True):
                await over.wait()

    def _refuse_if_closed(self) -> None:
        if self._ours is not None or self._connection.closed is not None:
            raise self._end()

    def _end(self) -> SocketClosed:
        return self.closed or self._cut()

    def _cut(self) -> SocketClosed:
        why = self._stream.failure or self._plumbing.failure
        return SocketClosed(ABNORMAL, why or "the line was cut")


def _first(group: BaseExceptionGroup[E]) -> E:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _root_of(error: BaseException) -> BaseException:
    """Return the first error: the library may fail again while it answers to that one."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _nothing() -> None:
    pass
