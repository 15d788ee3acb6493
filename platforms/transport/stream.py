"""A byte stream with one writer task, so that no cancelled send tears a frame.

A sender only appends to a list, which cannot be cancelled half-way; one task, the writer,
writes everything that waits at once. A message that nothing waits before is written in the
call that sends it: waking the writer for it would cost more. The WebSocket library gets this
stream in place of the socket, so its pongs and goodbyes go the same way, in order.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

import trio

from platforms.transport.direct import direct
from platforms.transport.inflow import Inflow
from platforms.transport.websocket import STALL_SECONDS

_ROOM_BYTES: Final = 256 * 1024
"""While more bytes than this wait to be written, senders wait, too."""

_CHUNK_BYTES: Final = 64 * 1024
"""How much is written at once: a peer that takes this much has not stalled, however large
the message is."""

_LINGER_PASSES: Final = 16

_FAREWELL_SECONDS: Final = 2.0


class WriterStream(trio.abc.Stream):
    """Wrap *stream*; `write` must run in a task of its own until it returns."""

    def __init__(self, stream: trio.abc.Stream, inflow: Inflow | None = None) -> None:
        """Wrap *stream*.

        Args:
            stream: The socket.
            inflow: Takes the messages it can read itself out of what is received.
        """
        self._stream = stream
        self._direct = direct(stream)
        self._inflow = inflow
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._writer = trio.lowlevel.ParkingLot()
        self._room = trio.lowlevel.ParkingLot()
        self._admitted = False  # somebody left the lot and has not put yet
        self._alone = False  # one message came between two reads, the last time
        self._at_once = 0  # written at once since the last read
        self._reading = False
        self._finishing = False
        self._written = trio.Event()  # the writer has written its last
        self._drained = trio.Event()  # the peer has written its last
        self._closed = trio.Event()
        self.on_end: Callable[[], None] = lambda: None
        """Called when nothing more can come from the peer, to wake those who wait for it."""
        self.failure = ""
        """Why the writer gave up, for people; empty while it has not."""

    @property
    def full(self) -> bool:
        return self._waiting_bytes >= _ROOM_BYTES

    @property
    def roomy(self) -> bool:
        """Whether there is room, and nobody who has waited for it."""
        return not (self.full or self._room or self._admitted)

    def put(self, data: bytes) -> None:
        """Append *data*, whole; the writer takes it from here.

        Raises:
            trio.ClosedResourceError: the end has begun.
            trio.BrokenResourceError: the writer gave up.
        """
        if self._finishing:
            raise trio.ClosedResourceError
        if self.failure:
            raise trio.BrokenResourceError(self.failure)
        if self._alone and not self._waiting_bytes:
            data = self._write_at_once(data)
            if not data:
                return
        if not self._waiting:
            self._writer.unpark_all()
        self._waiting.append(data)
        self._waiting_bytes += len(data)

    def _write_at_once(self, data: bytes) -> bytes:
        """Write what can be written now; return the rest, which is for the writer."""
        if self._direct is None or self._at_once:
            return data
        self._at_once = 1
        try:
            return data[self._direct.write(data) :]
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return data  # the writer will find the same, and knows what to do about it

    async def put_in_turn(self, data: bytes) -> None:
        """Append *data* once there is room, first come first served.

        A caller that is cancelled while it waits has appended nothing.
        """
        if not self.roomy:
            await self._turn()
        self.put(data)
        self._admit_next()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Take what the library sends; it waits only after *data* is safe."""
        if data:
            self.put(bytes(data))
        await self.wait_send_all_might_not_block()

    async def wait_send_all_might_not_block(self) -> None:
        if self.full:
            await self._turn()
            self._admit_next()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        self._reading = True
        data: bytes | bytearray = b""
        try:
            data = await self._receive(max_bytes)
        finally:
            self._reading = False
            if not data:
                self._drained.set()
                self.on_end()
        return data

    async def _receive(self, max_bytes: int | None) -> bytes | bytearray:
        """Read until there is something for the library; nothing: the peer's end."""
        inflow = self._inflow
        if inflow is None:
            return await self._read(max_bytes)
        while True:
            if inflow.full:
                await inflow.room()
            data = await self._read(max_bytes)
            rest = inflow.sift(bytes(data))
            if rest or not data:
                return rest

    async def _read(self, max_bytes: int | None) -> bytes | bytearray:
        if self._direct is None or max_bytes is None:
            data = await self._stream.receive_some(max_bytes)
        else:
            data = await self._direct.read(max_bytes)
        self._at_once = 0
        return data

    async def write(self) -> None:
        """Write what waits until the stream is closed or the peer is gone."""
        try:
            with trio.CancelScope() as patience:
                while await self._something_waits():
                    await self._flush(patience)
            if patience.cancelled_caught:
                self.failure = f"the peer read nothing for {STALL_SECONDS:g} s"
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self.failure = f"writing failed: {error.__cause__ or type(error).__name__}"
        finally:
            self._waiting.clear()
            self._written.set()
            self._room.unpark_all()
            if self.failure:
                # Wakes the reader; without it a dead peer is noticed by silence only.
                await trio.aclose_forcefully(self._stream)

    async def aclose(self) -> None:
        """Write what waits, let the peer finish, close; forcefully if cancelled."""
        first = not self._finishing
        self._finishing = True
        self._writer.unpark_all()
        try:
            with trio.move_on_after(_FAREWELL_SECONDS):
                await (self._farewell() if first else self._closed.wait())
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # gone before us, which is what we want
        finally:
            self._closed.set()
            self.on_end()
            await trio.aclose_forcefully(self._stream)

    async def _turn(self) -> None:
        if not self._written.is_set():
            await self._room.park()
        self._admitted = False

    def _admit_next(self) -> None:
        if self._room and not self.full and not self._admitted:
            self._admitted = True
            self._room.unpark()

    async def _something_waits(self) -> bool:
        while not self._waiting and not self._finishing:
            await self._writer.park()
        # While the reader still hands out what one read brought, answers to it are
        # about to come: a burst of questions gets its answers in one write. A
        # single message does not wait: its reader is back at the socket by then.
        passes = 0
        while not self._reading and not self._finishing and passes < _LINGER_PASSES:
            await trio.lowlevel.cancel_shielded_checkpoint()
            passes += 1
        return bool(self._waiting)

    async def _flush(self, patience: trio.CancelScope) -> None:
        self._alone = len(self._waiting) + self._at_once == 1
        data = memoryview(b"".join(self._waiting))
        self._waiting.clear()
        if self._direct is not None:
            taken = self._direct.write(data)
            data = data[taken:]
            self._waiting_bytes -= taken
            self._admit_next()
            if not data:
                return
        while data:
            patience.deadline = trio.current_time() + STALL_SECONDS
            chunk, data = data[:_CHUNK_BYTES], data[_CHUNK_BYTES:]
            await self._stream.send_all(chunk)
            self._waiting_bytes -= len(chunk)
            self._admit_next()
        patience.deadline = float("inf")

    async def _farewell(self) -> None:
        """Make sure that our last words arrive.

        Closing a socket that holds unread bytes resets the connection, and a reset
        overtakes what we said last; so the peer's rest is read and thrown away.
        """
        await self._written.wait()
        if self.failure:
            return
        if isinstance(self._stream, trio.abc.HalfCloseableStream):
            await self._stream.send_eof()
        if self._reading:
            await self._drained.wait()
        else:
            while await self._stream.receive_some(_CHUNK_BYTES):
                pass
