"""A stream of bytes in memory, with the room of a socket and the ways a line can fail."""

from __future__ import annotations

import trio

ROOM_BYTES = 64 * 1024
"""What is under way before a sender has to wait; as much as a socket holds, about."""


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


class Pipe(trio.abc.HalfCloseableStream):
    """One end. What it does beyond a stream is done to both ends."""

    def __init__(self, into: _Way, out: _Way) -> None:
        self._in = into
        self._out = out
        self.closed = False
        self.sent = 0
        """Bytes that were taken from us."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send *data*; wait while there is no room for it."""
        await trio.lowlevel.checkpoint()
        way, rest = self._out, memoryview(data)
        while True:
            if self.closed:
                raise trio.ClosedResourceError
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
        await trio.lowlevel.checkpoint()
        way = self._out
        while (
            not (self.closed or way.broken or way.unread)
            and len(way.bytes) >= ROOM_BYTES
        ):
            await way.changed.park()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what has come; nothing when the far end has finished."""
        await trio.lowlevel.checkpoint()
        way = self._in
        while True:
            if self.closed:
                raise trio.ClosedResourceError
            if way.broken:
                raise trio.BrokenResourceError
            if not way.stalled and way.bytes:
                count = max_bytes or ROOM_BYTES
                data = bytes(way.bytes[:count])
                del way.bytes[:count]
                way.changed.unpark_all()
                return data
            if not way.stalled and way.ended:
                return b""
            await way.changed.park()

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        await trio.lowlevel.checkpoint()
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
        """Let nothing arrive any more on either side, and nobody know."""
        self._in.stalled = self._out.stalled = True

    def _wake(self) -> None:
        self._in.changed.unpark_all()
        self._out.changed.unpark_all()


def pipe() -> tuple[Pipe, Pipe]:
    """Return both ends of a new line."""
    one, other = _Way(), _Way()
    return Pipe(one, other), Pipe(other, one)
