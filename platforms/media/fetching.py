"""Fetching one URL: bounded in size, time and redirects, and only from the open net.

Rules of this file:

1. A name is resolved by us, every address it has is judged, and the connection goes to
   an address that was judged: nobody asks the name server a second time. A redirect is
   a new URL and goes the same way. No proxy is used.
2. What is read is bounded as it comes, before and after unpacking. What a server says
   of its length or its type is not believed.
3. One deadline for everything: a server that sends a byte now and then gains nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import TypeAlias

import httpcore2
import trio
from attrs import field, frozen

from platforms.media.addresses import Network, why_not
from platforms.media.content import TooLarge, Undecodable, Unpacking
from platforms.media.errors import MediaRefused
from platforms.media.links import Link, link_of, redirected

MAX_REDIRECTS = 5
FETCH_SECONDS = 20.0
"""For one URL with all its redirects; it must leave room in the 60 s of a message."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) to addresses; raises OSError when the name is not known."""


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver gives, each once, in its order."""
    found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@frozen(kw_only=True)
class FetchRules:
    """What may be fetched, in how many seconds and over how many redirects."""

    allowed: tuple[Network, ...] = ()
    """Networks that may be spoken to though they are not public."""
    within: float = FETCH_SECONDS
    max_redirects: int = MAX_REDIRECTS


class _Judged(httpcore2.TrioBackend):
    """Connects to judged addresses only; TLS and the `Host` header keep the name."""

    def __init__(self, link: Link, rules: FetchRules, resolve: Resolve) -> None:
        self._link = link
        self._rules = rules
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._addresses(host, port)
        failed: Exception = OSError("it has no address")
        for address in addresses:
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                failed = error
        raise httpcore2.ConnectError(str(failed)) from failed

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            why = f"its name is not known: {error}"
            raise self._refused(why) from error
        for address in addresses:
            # One that is not allowed is enough: a name server that mixes such addresses
            # in is not trusted with the others.
            if why := why_not(address, self._rules.allowed):
                raise self._refused(why)
        return addresses

    def _refused(self, why: str) -> MediaRefused:
        return MediaRefused(self._link.shown, why)


@frozen
class Fetched:
    """What a URL gave."""

    data: bytes
    link: Link
    """Where it came from in the end."""


@frozen(eq=False)
class Fetcher:
    """Fetches URLs, each over a connection of its own."""

    rules: FetchRules = FetchRules()
    resolve: Resolve = resolved
    _tls: list[ssl.SSLContext] = field(factory=list, repr=False)
    """At most one, made when first needed: making it takes longer than many a fetch.
    Tests bring their own."""

    async def fetch(self, url: str, max_bytes: int) -> Fetched:
        """Return what *url* gives.

        Raises:
            MediaRefused: it must not be fetched, cannot be, is larger than *max_bytes*,
                or takes too long.
        """
        link = link_of(url)
        with trio.move_on_after(self.rules.within):
            return await self._follow(link, max_bytes)
        why = f"it took longer than {self.rules.within:g} s"
        raise MediaRefused(link.shown, why)

    async def _follow(self, link: Link, max_bytes: int) -> Fetched:
        for _ in range(self.rules.max_redirects + 1):
            found = await self._get(link, max_bytes)
            if isinstance(found, bytes):
                return Fetched(found, link)
            link = found
        why = f"it redirects more than {self.rules.max_redirects} times"
        raise MediaRefused(link.shown, why)

    async def _get(self, link: Link, max_bytes: int) -> bytes | Link:
        backend = _Judged(link, self.rules, self.resolve)
        url = httpcore2.URL(
            scheme=link.scheme.encode(),
            host=link.host.encode(),
            port=link.port,
            target=link.target.encode(),
        )
        try:
            async with (
                httpcore2.AsyncConnectionPool(
                    ssl_context=self._context(link),
                    max_connections=1,
                    network_backend=backend,
                ) as pool,
                pool.stream("GET", url, headers=_headers(link)) as response,
            ):
                return await _taken(link, response, max_bytes)
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
            OSError,  # a certificate that is not trusted
        ) as error:
            raise MediaRefused(link.shown, _in_words(error)) from error

    def _context(self, link: Link) -> ssl.SSLContext | None:
        if link.scheme == "http":
            return None
        if not self._tls:
            self._tls.append(httpcore2.default_ssl_context())
        return self._tls[0]


def _in_words(error: BaseException) -> str:
    """Say what failed; libraries hide the reason below exceptions without a word."""
    reason: BaseException | None = error
    while reason is not None and not str(reason):
        reason = reason.__cause__ or reason.__context__
    name = type(error).__name__
    return name if reason is None else f"{name}: {reason}"


def _headers(link: Link) -> list[tuple[str, str]]:
    return [
        ("Host", link.authority),
        ("User-Agent", "rookery"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
    ]


async def _taken(
    link: Link, response: httpcore2.Response, max_bytes: int
) -> bytes | Link:
    """Return the body, or where it is to be had."""
    headers = {
        name.lower(): value.decode("latin-1") for name, value in response.headers
    }
    if response.status in _REDIRECTS and b"location" in headers:
        return redirected(link, headers[b"location"])
    if response.status != 200:
        raise MediaRefused(link.shown, f"its server answered {response.status}")
    too_large = MediaRefused(link.shown, f"it is larger than {max_bytes} bytes")
    length = headers.get(b"content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise too_large
    body = bytearray()
    try:
        unpacking = Unpacking(headers.get(b"content-encoding", ""), max_bytes)
        async with aclosing(response.aiter_stream()) as chunks:
            async for chunk in chunks:
                body += unpacking.feed(chunk)
        unpacking.end()
    except TooLarge:
        raise too_large from None
    except Undecodable as error:
        raise MediaRefused(link.shown, str(error)) from error
    return bytes(body)
