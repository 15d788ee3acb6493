"""Where streams of bytes come from: TCP and TLS as a rule, memory in a test.

Everything here that dials or listens is given a `Network` and opens nothing by itself.
"""

from __future__ import annotations

import ssl
from typing import Final, Protocol, runtime_checkable

import trio

from platforms.transport.places import shown_place


class Network(Protocol):
    """The way to other machines."""

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        """Dial. The caller limits how long it may take. Raises OSError: nobody is there."""
        ...

    async def encrypt(
        self, stream: trio.abc.Stream, host: str, context: ssl.SSLContext | None
    ) -> trio.abc.Stream:
        """Shake hands as a client of TLS over *stream*, which is closed if that fails.

        Args:
            stream: What `connect` gave.
            host: For whom the certificate has to be.
            context: None trusts what the system trusts.

        Raises:
            OSError: it is not to be trusted.
            trio.BrokenResourceError: the peer does not speak TLS, or is gone.
        """
        ...

    async def listen(
        self, host: str, port: int
    ) -> list[trio.abc.Listener[trio.abc.Stream]]:
        """Bind and listen. Raises OSError: the address cannot be bound."""
        ...


class Tcp:
    """The network of this machine."""

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        """See `Network.connect`."""
        return await trio.open_tcp_stream(host, port)

    async def encrypt(
        self, stream: trio.abc.Stream, host: str, context: ssl.SSLContext | None
    ) -> trio.abc.Stream:
        """See `Network.encrypt`."""
        over = trio.SSLStream(
            stream,
            context or ssl.create_default_context(),
            server_hostname=host,
            https_compatible=True,
        )
        try:
            await over.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(over)
            raise
        return over

    async def listen(
        self, host: str, port: int
    ) -> list[trio.abc.Listener[trio.abc.Stream]]:
        """See `Network.listen`. The error's `filename` is the address."""
        try:
            return [*await trio.open_tcp_listeners(port, host=host)]
        except OSError as error:
            # The system's own words do not say which of many ports it was.
            place = shown_place(host, port)
            raise type(error)(error.errno, error.strerror, place) from error


TCP: Final[Network] = Tcp()


@runtime_checkable
class Peekable(Protocol):
    """A stream that can be asked whether a read would wait. One of TCP always can."""

    def is_readable(self) -> bool:
        """Say whether something has come, or the peer's end."""
        ...


def is_readable(stream: trio.abc.Stream) -> bool:
    """Say whether *stream*, idle as it is, holds something to read: its end, as a rule."""
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    if isinstance(stream, trio.SocketStream):
        return stream.socket.is_readable()
    return isinstance(stream, Peekable) and stream.is_readable()


def remote_of(stream: trio.abc.Stream) -> str:
    """Return who is at the other end, as `host:port`, or `unknown`."""
    if not isinstance(stream, trio.SocketStream):
        return "unknown"
    try:
        host, port, *_ = stream.socket.getpeername()
    except OSError:
        return "unknown"  # gone already; reading will say so
    return f"{host}:{port}"


def address_of(
    listener: trio.abc.Listener[trio.abc.Stream], asked: tuple[str, int]
) -> tuple[str, int]:
    """Return where *listener* is bound; one that is no socket has what was *asked* for."""
    if not isinstance(listener, trio.SocketListener):
        return asked
    host, port, *_ = listener.socket.getsockname()
    return host, port
