"""httpcore's way to our `Network`: every request goes over streams that it opens."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import trio

from platforms.transport.network import Network, is_readable


class NetworkBackend(httpcore2.AsyncNetworkBackend):
    """Opens what httpcore asks for. Its time-outs are not used: `HttpClient` has one of its own."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Dial *host*."""
        with _told_as(httpcore2.ConnectError):
            stream = await self._network.connect(host, port)
        return _Stream(self._network, stream)

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await trio.sleep(seconds)


class _Stream(httpcore2.AsyncNetworkStream):
    def __init__(self, network: Network, stream: trio.abc.Stream) -> None:
        self._network = network
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _told_as(httpcore2.ReadError):
            return bytes(await self._stream.receive_some(max_bytes))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _told_as(httpcore2.WriteError):
            await self._stream.send_all(buffer)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        with _told_as(httpcore2.ConnectError):
            host = server_hostname or ""
            stream = await self._network.encrypt(self._stream, host, ssl_context)
        return _Stream(self._network, stream)

    def get_extra_info(self, info: str) -> Any:
        return is_readable(self._stream) if info == "is_readable" else None


@contextmanager
def _told_as(kind: type[Exception]) -> Iterator[None]:
    try:
        yield
    except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
        raise kind(str(error)) from error
