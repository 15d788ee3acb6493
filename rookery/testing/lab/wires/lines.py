"""Lines of text over a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator

import trio

from rookery.testing.lab.wires.gone import Gone


class Lines:
    """One connection that speaks in lines; `async for line in lines` reads them."""

    def __init__(self, stream: trio.abc.Stream, *, end: bytes = b"\r\n") -> None:
        self._stream = stream
        self._end = end
        self._rest = b""
        self._turn = trio.Lock()  # of whoever sends: a line goes out whole

    async def send(self, line: str) -> None:
        """Send one line. Raises Gone."""
        await self.raw(line.encode())

    async def raw(self, line: bytes) -> None:
        """Send *line* as it is, and an end of line. Raises Gone."""
        try:
            async with self._turn:
                await self._stream.send_all(line + self._end)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Gone from error

    async def receive(self) -> str:
        """Return the next line. Raises Gone."""
        while b"\n" not in self._rest:
            try:
                data = await self._stream.receive_some()
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                raise Gone from error
            if not data:
                raise Gone
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return line.removesuffix(b"\r").decode()

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        try:
            return await self.receive()
        except Gone:
            raise StopAsyncIteration from None
