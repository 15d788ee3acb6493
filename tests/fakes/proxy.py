"""A line that can be bad: a TCP proxy on loopback that delays, tears, stalls and cuts.

What goes through is not looked at. `python -m tests.kills` puts it between a host and
its peer; a torn frame, half an answer and a peer that is silently gone all come from it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import trio
from attrs import define, field, frozen

CHUNK = 65_536
REDIAL_SECONDS = 0.02


@frozen
class Faults:
    """What is wrong with the line, until something else is said."""

    delay: float = 0.0
    """Seconds before each piece."""
    piece: int = CHUNK
    """Most bytes of a write: frames are torn apart."""
    stalled: bool = False
    """Everything is accepted and nothing passes."""
    cut_after: int | None = None
    """Reset a connection once so many bytes have passed either way."""


@define(eq=False)
class Proxy:
    """One listening port before one target."""

    target: int
    port: int = 0
    faults: Faults = Faults()
    passed: int = 0
    """Bytes, both ways, all connections."""
    resets: int = 0
    _streams: set[trio.SocketStream] = field(factory=set)
    _changed: trio.Event = field(factory=trio.Event)

    def now(self, faults: Faults) -> None:
        """From here on the line is like this; connections that stand notice, too."""
        self.faults = faults
        self._changed.set()
        self._changed = trio.Event()

    def reset(self) -> None:
        """Cut every connection in the middle of whatever it carries."""
        for stream in list(self._streams):
            self._cut(stream)

    async def serve(self, client: trio.SocketStream) -> None:
        host = await self._reach()
        both = {client, host}
        self._streams |= both
        budget = self.faults.cut_after
        count = [0]

        async def pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
            try:
                async for data in source:
                    await self._pass(data, sink, both, budget, count)
                await sink.send_eof()
            except trio.BrokenResourceError:
                # Reset by one side: the other one must not wait for it for ever.
                for stream in both:
                    self._cut(stream)
            except trio.ClosedResourceError:
                pass  # we have cut it

        async with client, host, trio.open_nursery() as nursery:
            nursery.start_soon(pump, client, host)
            nursery.start_soon(pump, host, client)
        self._streams -= both

    async def _reach(self) -> trio.SocketStream:
        """Wait for the target: who dials us learns nothing of its restarts."""
        while True:
            try:
                return await trio.open_tcp_stream("127.0.0.1", self.target)
            except OSError:
                await trio.sleep(REDIAL_SECONDS)

    async def _pass(
        self,
        data: bytes | bytearray,
        sink: trio.SocketStream,
        both: set[trio.SocketStream],
        budget: int | None,
        count: list[int],
    ) -> None:
        while data:
            while self.faults.stalled:
                await self._changed.wait()
            if self.faults.delay:
                await trio.sleep(self.faults.delay)
            piece, data = data[: self.faults.piece], data[self.faults.piece :]
            if budget is not None:
                piece = piece[: max(0, budget - count[0])]
            self.passed += len(piece)
            count[0] += len(piece)
            await sink.send_all(piece)
            if budget is not None and count[0] >= budget:
                for stream in both:
                    self._cut(stream)
                return

    def _cut(self, stream: trio.SocketStream) -> None:
        # Linger 0: closing sends RST, and what is on the way is lost.
        with suppress(OSError):
            stream.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        stream.socket.close()
        self.resets += 1


@asynccontextmanager
async def proxy_to(target: int) -> AsyncIterator[Proxy]:
    """Stand before the port *target* of this machine while the block lasts."""
    proxy = Proxy(target)
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    proxy.port = listener.socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, proxy.serve, [listener])
        yield proxy
        nursery.cancel_scope.cancel()
