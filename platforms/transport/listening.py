"""The acceptor: peers dial us, a pure rule admits them, a handler speaks with each.

Nothing a peer or a handler does reaches the listener: each connection is served in a
task that ends in a log line, whatever happens.
"""

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

import trio

from platforms.transport.accepting import Handler, accept
from platforms.transport.admission import Admit
from platforms.transport.network import TCP, Network, address_of, remote_of


class Listener:
    """Listens while it is entered: `async with listen(...)` or `await ctx.enter(...)`.

    Leaving it says 1001 to everybody and takes at most a few seconds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        admit: Admit,
        handler: Handler,
        network: Network,
    ) -> None:
        self._host = host
        self._port = port
        self._admit = admit
        self._handler = handler
        self._network = network
        self._nursery: AbstractAsyncContextManager[trio.Nursery] | None = None
        self._serving = trio.CancelScope()
        self._listeners: list[trio.abc.Listener[trio.abc.Stream]] = []
        self.open_sockets = 0
        """How many connections there are now, those that still shake hands included."""

    @property
    def address(self) -> tuple[str, int]:
        """The host and port it is bound to; port 0 was replaced by a real one."""
        return address_of(self._listeners[0], (self._host, self._port))

    async def __aenter__(self) -> Self:
        """Bind and listen.

        Raises:
            OSError: the address cannot be bound, for instance because it is taken.
        """
        self._listeners = await self._network.listen(self._host, self._port)
        self._nursery = trio.open_nursery()
        nursery = await self._nursery.__aenter__()
        nursery.start_soon(trio.serve_listeners, self._serve, self._listeners)
        self._serving = nursery.cancel_scope
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._nursery is not None
        self._serving.cancel()
        # Without the caller's error, so that the nursery does not wrap it in a group.
        await self._nursery.__aexit__(None, None, None)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        self.open_sockets += 1
        try:
            await accept(stream, remote_of(stream), self._admit, self._handler)
        finally:
            self.open_sockets -= 1


def listen(
    host: str, port: int, admit: Admit, handler: Handler, network: Network = TCP
) -> Listener:
    """Return a listener on *host*:*port*; enter it to start, leave it to stop.

    Args:
        host: An address or name of this machine.
        port: 0 lets the system choose; see `Listener.address`.
        admit: Decides about each handshake before the upgrade.
        handler: Speaks over each admitted socket. What it raises ends that socket only.
        network: Where it listens.
    """
    return Listener(host, port, admit, handler, network)
