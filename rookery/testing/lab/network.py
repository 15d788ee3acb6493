"""The network of a lab: what the host dials leads to the peer, which also dials the host."""

from __future__ import annotations

import errno
import math
import ssl
from collections.abc import Awaitable, Callable

import trio
from attrs import define, field

from rookery.testing.lab.pipes import Pipe, pipe


@define(eq=False)
class Line:
    """One connection, and in which life of the session it was opened."""

    ours: Pipe
    """The end that the host has."""
    theirs: Pipe
    life: int | None
    """`None` where the peer has dialled: which life takes it shows later."""
    at: float = field(factory=trio.current_time)
    """When it was opened."""

    def __str__(self) -> str:
        return f"a connection that was opened at {self.at:.2f} s"


class NobodyListens(ConnectionRefusedError):
    """The platform has no port open at the moment."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNREFUSED, "nobody listens in this lab")


class _Listener(trio.abc.Listener[trio.abc.Stream]):
    def __init__(self, closed: Callable[[], object]) -> None:
        self._send, self._receive = trio.open_memory_channel[Pipe](math.inf)
        self._closed = closed

    def put(self, end: Pipe) -> None:
        self._send.send_nowait(end)

    async def accept(self) -> Pipe:
        return await self._receive.receive()

    async def aclose(self) -> None:
        self._closed()
        self._send.close()
        self._receive.close()
        await trio.lowlevel.checkpoint()


@define(eq=False)
class LabNetwork:
    """A `platforms.transport.Network` without a port."""

    answer: Callable[[Line], Awaitable[None]]
    """Serves the far end of a connection that the host has dialled."""
    tasks: trio.Nursery
    note: Callable[[str], None]
    away: bool = False
    """Dials find nobody, and nobody dials."""
    slam: bool = False
    """Dials are accepted, and cut at once."""
    silent: bool = False
    """Dials are accepted, by nobody: not a byte will come."""
    life: int = 0
    """Counts the lives of the session."""
    dials: list[float] = field(factory=list)
    """When the host has dialled."""
    lines: list[Line] = field(factory=list)
    """Every connection there was, the oldest first."""
    _listeners: dict[tuple[str, int], _Listener] = field(factory=dict)

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        """See `Network.connect`."""
        await trio.lowlevel.checkpoint()
        self.dials.append(trio.current_time())
        if self.away:
            self.note(f"{host}:{port} is dialled: nobody is there")
            raise ConnectionRefusedError(errno.ECONNREFUSED, "connection refused")
        self.note(f"{host}:{port} is dialled")
        line = self._line(self.life)
        if self.slam:
            self.note("... and the line is cut at once")
            line.theirs.cut()
        elif self.silent:
            self.note("... and nobody says anything")
            line.theirs.stall()
        else:
            self.tasks.start_soon(self.answer, line)
        return line.ours

    async def encrypt(
        self, stream: trio.abc.Stream, host: str, context: ssl.SSLContext | None
    ) -> trio.abc.Stream:
        """Return *stream* as it is: what is proved here is the platform, not TLS."""
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            await trio.aclose_forcefully(stream)
            raise
        return stream

    async def listen(
        self, host: str, port: int
    ) -> list[trio.abc.Listener[trio.abc.Stream]]:
        """See `Network.listen`."""
        await trio.lowlevel.checkpoint()
        at = (host, port)
        if at in self._listeners:
            raise OSError(errno.EADDRINUSE, "address already in use")
        listener = _Listener(lambda: self._listeners.pop(at, None))
        self._listeners[at] = listener
        self.note(f"{host}:{port} is open")
        return [listener]

    @property
    def listens(self) -> bool:
        """Whether the host has a port open."""
        return bool(self._listeners)

    def visit(self) -> Line:
        """Dial the host, and return the line to it.

        Raises:
            NobodyListens: it has no port open.
        """
        if not self._listeners:
            raise NobodyListens
        line = self._line(None)
        next(iter(self._listeners.values())).put(line.ours)
        return line

    def _line(self, life: int | None) -> Line:
        line = Line(*pipe(), life)
        self.lines.append(line)
        return line

    @property
    def open_lines(self) -> list[Line]:
        """The connections of which the host has not closed its end."""
        return [line for line in self.lines if not line.ours.closed]
