"""HTTP to one server: requests that end within their time, and say whether they went out.

Rules of this file:

1. One deadline for everything a request does, from the turn in the pool to the last byte:
   a server that sends a byte now and then gains nothing.
2. What is read is bounded as it comes; what a server says of its length is not believed.
3. A request that is cancelled or fails takes its connection with it; the next one gets
   another. So what was left unread of one answer is never taken for the next.
4. No redirect is followed and no proxy used: both would carry a token elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from math import isfinite
from types import TracebackType
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

import httpcore2
import trio
from attrs import field, frozen

from platforms.transport.dialing import root_of, shown
from platforms.transport.http_backend import NetworkBackend
from platforms.transport.network import TCP, Network
from platforms.transport.websocket import MAX_MESSAGE_BYTES, TransportError

REQUEST_SECONDS: Final = 30.0
_HEADERS_BEGIN: Final = "http11.send_request_headers.started"


@frozen
class HttpFailed(TransportError):
    """No answer came out of a request."""

    url: str
    why: str
    went_out: bool
    """The server may have got it, and may have done what it asks for."""

    def __str__(self) -> str:
        return f"{self.url} gave no answer: {self.why}"


@frozen
class HttpAnswer:
    """What a server has answered, whole."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in the order of the wire; bytes are read as Latin-1."""
    body: bytes = field(default=b"", repr=False)

    def first(self, name: str) -> str | None:
        """Return the first value of the header *name* (in lower case)."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def retry_after(self) -> float | None:
        """`Retry-After` in seconds (RFC 9110, 10.2.3); `None` where it says nothing.

        A date is counted from that of the answer: whose clock is right does not matter.
        """
        said = (self.first("retry-after") or "").strip()
        try:
            seconds = float(said)
        except ValueError:
            return _seconds_between(self.first("date"), said)
        return seconds if isfinite(seconds) and seconds >= 0 else None


class HttpClient:
    """Requests to one server, while it is entered."""

    def __init__(
        self,
        url: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        connections: int = 4,
        hides: str = "",
        network: Network = TCP,
    ) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            url: `http://` or `https://`, where all targets are below.
            headers: Sent with every request.
            connections: How many requests run at once; more wait their turn.
            hides: A secret that stands in targets, and in nothing that is told of them.
            network: What is dialled through.

        Raises:
            ValueError: *url* is not the URL of a server.
        """
        self._parts = check_http_url(url)
        self._headers = [("User-Agent", "rookery"), *headers]
        self._connections = connections
        self._hides = hides
        self._network = network
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def __aenter__(self) -> Self:
        context = None
        if self._parts.scheme == "https":
            context = httpcore2.default_ssl_context()
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=self._connections,
            network_backend=NetworkBackend(self._network),
        )
        await trio.lowlevel.checkpoint()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._pool is not None
        with trio.CancelScope(shield=True):
            await self._pool.aclose()

    async def request(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        within: float = REQUEST_SECONDS,
        max_bytes: int = MAX_MESSAGE_BYTES,
    ) -> HttpAnswer:
        """Ask for *target*, a path and query below the URL, and return the whole answer.

        Raises:
            HttpFailed: there is none, or not in time, or it is too large.
        """
        began: list[str] = []

        async def trace(name: str, _: Mapping[str, object]) -> None:
            if name == _HEADERS_BEGIN:
                began.append(name)
            await trio.lowlevel.checkpoint_if_cancelled()

        where = self._shown(target)
        try:
            with trio.move_on_after(within):
                return await self._answer(
                    method,
                    self._url(target),
                    content=body,
                    headers=self._headers_of(method, body, headers),
                    extensions={"trace": trace},
                    max_bytes=max_bytes,
                )
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
            OSError,  # a certificate that is not trusted
            _TooLarge,
        ) as error:
            raise HttpFailed(where, root_of(error), bool(began)) from error
        why = f"none within {within:g} s"
        raise HttpFailed(where, why, bool(began))

    async def _answer(
        self,
        method: str,
        url: httpcore2.URL,
        *,
        content: bytes,
        headers: Sequence[tuple[str, str]],
        extensions: dict[str, object],
        max_bytes: int,
    ) -> HttpAnswer:
        assert self._pool is not None, "an HttpClient must be entered before its use"
        answered = bytearray()
        async with (
            self._pool.stream(
                method, url, headers=headers, content=content, extensions=extensions
            ) as response,
            aclosing(response.aiter_stream()) as chunks,
        ):
            async for chunk in chunks:
                answered += chunk
                if len(answered) > max_bytes:
                    raise _TooLarge(max_bytes)
        told = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in response.headers
        )
        return HttpAnswer(response.status, told, bytes(answered))

    def _shown(self, target: str) -> str:
        path = target.lstrip("/").partition("?")[0]
        if self._hides:
            path = path.replace(self._hides, "***")
        return f"{shown(self._parts).rstrip('/')}/{path}"

    def _url(self, target: str) -> httpcore2.URL:
        parts = self._parts
        return httpcore2.URL(
            scheme=parts.scheme.encode(),
            host=(parts.hostname or "").encode(),
            port=parts.port,
            target=f"{parts.path.rstrip('/')}/{target.lstrip('/')}".encode("ascii"),
        )

    def _headers_of(
        self, method: str, body: bytes, headers: Sequence[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        length = [("Content-Length", str(len(body)))] if body or method != "GET" else []
        return [
            ("Host", self._parts.netloc.rpartition("@")[2]),
            ("Accept-Encoding", "identity"),
            *length,
            *self._headers,
            *headers,
        ]


class _TooLarge(Exception):
    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"it is larger than {max_bytes:,} bytes")


def check_http_url(url: str) -> SplitResult:
    """Return the parts of *url*, or raise ValueError saying what must hold."""
    parts = urlsplit(url)
    try:
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # the port is out of range
        sound = False
    if not sound or not url.isascii() or parts.query or parts.fragment:
        msg = f"the URL of a server must be http://HOST[:PORT][/PATH] or https://... (got {shown(parts)!r})"
        raise ValueError(msg)
    return parts


def _seconds_between(date: str | None, later: str) -> float | None:
    try:
        begin, end = parsedate_to_datetime(date or ""), parsedate_to_datetime(later)
        return max(0.0, (end - begin).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
