"""A stream of bytes in memory, with the room of a socket and the ways a line can fail."""

from __future__ import annotations

from operator import index

import trio

ROOM_BYTES = 64 * 1024
"""How many bytes may be on their way before a sender waits; about what a socket holds."""


class _Way:
    """One direction."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.ended = False
        self.unread = False
        """Nobody reads at the far end any more."""
        self.broken = False
        self.stalled = False
        self.changed = trio.lowlevel.ParkingLot()


class _OneAtATime:
    """Raises in a second task that does the same meanwhile, as trio wants of a stream."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._busy = False

    def __enter__(self) -> None:
        if self._busy:
            msg = f"another task is {self._doing} this end of the line"
            raise trio.BusyResourceError(msg)
        self._busy = True

    def __exit__(self, *_: object) -> None:
        self._busy = False


class Pipe(trio.abc.HalfCloseableStream):
    """One end of a line. What is no part of trio's streams (`cut`, `stall`) hits both ends."""

    def __init__(self, into: _Way, out: _Way) -> None:
        self._in = into
        self._out = out
        self.closed = False
        self.sent = 0
        """Bytes that were taken from us."""
        self._sending = _OneAtATime("sending on")
        self._reading = _OneAtATime("reading from")

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send *data*; wait while there is no room for it."""
        with self._sending:
            await trio.lowlevel.checkpoint()
            await self._send(memoryview(data))

    async def _send(self, rest: memoryview) -> None:
        way = self._out
        while True:
            self._check_open()
            if way.broken or way.unread:
                raise trio.BrokenResourceError
            if not rest:
                return
            room = ROOM_BYTES - len(way.bytes)
            if room <= 0:
                await way.changed.park()
                continue
            way.bytes += rest[:room]
            self.sent += min(room, len(rest))
            rest = rest[room:]
            way.changed.unpark_all()

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is some room."""
        with self._sending:
            await trio.lowlevel.checkpoint()
            way = self._out
            self._check_open()
            while len(way.bytes) >= ROOM_BYTES and not (way.broken or way.unread):
                await way.changed.park()
                self._check_open()

    def _check_open(self) -> None:
        if self.closed or self._out.ended:
            raise trio.ClosedResourceError

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has come; nothing when the far end has finished."""
        count = ROOM_BYTES if max_bytes is None else index(max_bytes)
        if count < 1:
            msg = f"max_bytes must be at least 1 (got {max_bytes})"
            raise ValueError(msg)
        with self._reading:
            await trio.lowlevel.checkpoint()
            return await self._receive(count)

    async def _receive(self, count: int) -> bytes:
        way = self._in
        while True:
            if self.closed:
                raise trio.ClosedResourceError
            if way.broken:
                raise trio.BrokenResourceError
            if not way.stalled and way.bytes:
                data = bytes(way.bytes[:count])
                del way.bytes[:count]
                way.changed.unpark_all()
                return data
            if not way.stalled and way.ended:
                return b""
            await way.changed.park()

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        with self._sending:
            await trio.lowlevel.checkpoint()
            if self.closed:
                raise trio.ClosedResourceError
            self._out.ended = True
            self._out.changed.unpark_all()

    async def aclose(self) -> None:
        """Close this end. What is under way still arrives."""
        if not self.closed:
            self.closed = True
            if self._in.stalled:
                self.cut()  # it was dead before; now we know it
            self._out.ended = True
            self._in.unread = True
            self._wake()
        await trio.lowlevel.checkpoint()

    def is_readable(self) -> bool:
        """Say whether a read would not wait."""
        way = self._in
        return way.broken or (not way.stalled and bool(way.bytes or way.ended))

    @property
    def arrived(self) -> int:
        """How many bytes the far end has read of what we sent."""
        return self.sent - len(self._out.bytes)

    @property
    def left(self) -> bool:
        """The far end is gone, and what it has said was read."""
        return self._in.broken or (self._in.ended and not self._in.bytes)

    def cut(self) -> None:
        """Cut the line: what was under way is lost, and both ends learn it when they try."""
        for way in (self._in, self._out):
            way.broken = True
            way.bytes.clear()
        self._wake()

    def stall(self) -> None:
        """Let nothing arrive any more at either end, without an error: as a dead network."""
        self._in.stalled = self._out.stalled = True

    def _wake(self) -> None:
        self._in.changed.unpark_all()
        self._out.changed.unpark_all()


def pipe() -> tuple[Pipe, Pipe]:
    """Return both ends of a new line."""
    one, other = _Way(), _Way()
    return Pipe(one, other), Pipe(other, one)
