"""What a platform sees of a WebSocket, whichever library is behind it.

TransportError
├── SocketClosed    the conversation is over, by either side
├── DialFailed      nobody (or no WebSocket) answered, or not in time
└── DialRefused     somebody answered, and said no before the upgrade
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final, NoReturn, Protocol, TypeAlias

from attrs import field, frozen

MAX_MESSAGE_BYTES: Final = 4 * 2**20
"""A longer message in is answered with close code 1009."""

HANDSHAKE_SECONDS: Final = 10.0
"""Connecting and shaking hands, both together, on either side."""

CLOSE_SECONDS: Final = 3.0
"""By how much a peer that does not answer our goodbye may delay the end."""

STALL_SECONDS: Final = 10.0
"""A peer that takes no byte of ours for this long is gone, whatever it says."""

NORMAL: Final = 1000
GOING_AWAY: Final = 1001
ABNORMAL: Final = 1006
INTERNAL_ERROR: Final = 1011

Frame: TypeAlias = str | bytes
"""One whole message: text as `str`, a binary one as `bytes`."""


class TransportError(Exception):
    """The base of everything this package raises on purpose."""


@frozen
class SocketClosed(TransportError):
    """The conversation is over. A `send` that raises this has sent nothing."""

    code: int
    """A WebSocket close code; 1006 means that nobody said goodbye."""
    reason: str = ""

    @property
    def polite(self) -> bool:
        """Whether one side said goodbye on purpose, so that nothing went wrong."""
        return self.code in (NORMAL, GOING_AWAY)

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"the WebSocket is closed with code {self.code}{why}"


@frozen
class DialFailed(TransportError):
    """No WebSocket came out of dialling; trying again later may help."""

    url: str
    why: str

    def __str__(self) -> str:
        return f"cannot connect to {self.url}: {self.why}"


@frozen
class DialRefused(TransportError):
    """The peer answered the handshake with an HTTP status instead of the upgrade."""

    url: str
    status: int
    body: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        return f"{self.url} refused the WebSocket with HTTP status {self.status}"


class Sink(Protocol):
    """Takes messages in the moment they are read."""

    def take(self, frames: Sequence[Frame]) -> None:
        """Take what has come; never waits."""
        ...

    @property
    def full(self) -> bool:
        """Whether it takes nothing more now, so that the peer is made to wait."""
        ...

    async def room(self) -> None:
        """Wait until it is no longer full."""
        ...


class WebSocket(Protocol):
    """One open WebSocket. One task receives, any number of tasks send."""

    @property
    def remote(self) -> str:
        """The peer's address as `host:port`."""
        ...

    @property
    def path(self) -> str:
        """The path of the handshake, without the query."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The peer's handshake headers, names in lower case."""
        ...

    @property
    def closed(self) -> SocketClosed | None:
        """How it ended, None while it is open."""
        ...

    async def send(self, text: str) -> None:
        """Send *text* as one message.

        Returns once the whole frame is on its way to the socket, in the order
        of the calls; waits while the peer is slow to read. It takes a whole
        frame or nothing: when this raises, or is cancelled, no byte of *text*
        was sent.

        Raises:
            SocketClosed: it is closed, or the peer read nothing for too long.
        """
        ...

    def send_now(self, text: str) -> bool:
        """Send *text* in this very call. `False`: one has to wait; nothing was sent.

        Raises:
            SocketClosed: it is closed; nothing was sent.
        """
        ...

    async def ping(self) -> None:
        """Return once the peer's library has answered a ping frame.

        Waits for ever where no answer comes: give it a deadline.

        Raises:
            SocketClosed: it is closed.
        """
        ...

    async def receive(self) -> Frame:
        """Return the next message; what came before the end is still given.

        Raises:
            SocketClosed: no message will come any more.
        """
        ...

    async def feed(self, sink: Sink) -> NoReturn:
        """Hand every message to *sink*, many at a time where many have come.

        For those to whom each message must be cheap: no task is woken for it. *sink* is
        called in the context of this call, until it ends.

        Raises:
            SocketClosed: no message will come any more.
            Exception: what *sink* raised.
        """
        ...

    def __aiter__(self) -> AsyncIterator[Frame]:
        """Iterate over messages until 1000 or 1001; any other end raises."""
        ...

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye and end it, politely or not, within a few seconds.

        May be called at any time and more than once; never raises.
        """
        ...
