"""HTTP/1.1 over a stream, as a server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11
import trio
from attrs import field, frozen

from rookery.testing.lab.wires.gone import Gone


@frozen(eq=False)
class Request:
    """What a platform asks for. Answer it once."""

    method: str
    path: str
    """Without the query."""
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    _wire: _Wire = field(repr=False)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    async def answer(
        self,
        status: int,
        body: object = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Answer with *body*: bytes as they are, anything else as JSON. Raises Gone."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self._wire.answer(status, raw, headers)


def requests(stream: trio.abc.Stream) -> AsyncIterator[Request]:
    """Iterate over one request after the other, until the platform closes the connection.

    Each must be answered before the next one is read.
    """
    return _Wire(stream)


@frozen
class Response:
    """What the platform's port has answered."""

    status: int
    body: bytes = field(repr=False)


async def asked(
    stream: trio.abc.Stream,
    method: str,
    target: str,
    body: bytes = b"",
    headers: Sequence[tuple[str, str]] = (),
) -> Response:
    """Ask the platform for something, and return its answer. Raises Gone.

    The connection may be used again for the next one, and only then.
    """
    http = h11.Connection(h11.CLIENT)
    head = [("Host", "rookery.test"), ("Content-Length", str(len(body))), *headers]
    data = b""
    for event in (
        h11.Request(method=method, target=target, headers=head),
        h11.Data(data=body),
        h11.EndOfMessage(),
    ):
        data += http.send(event) or b""
    status, answered = 0, bytearray()
    try:
        await stream.send_all(data)
        while True:
            match http.next_event():
                case h11.NEED_DATA:
                    http.receive_data(bytes(await stream.receive_some()))
                case h11.Response(status_code=status):
                    pass
                case h11.Data(data=piece):
                    answered += piece
                case h11.EndOfMessage():
                    return Response(status, bytes(answered))
                case _:
                    pass
    except (
        trio.BrokenResourceError,
        trio.ClosedResourceError,
        h11.RemoteProtocolError,
    ) as error:
        raise Gone from error


class _Wire:
    # No generator: one that is left half-way would have to be closed by its user.

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._http = h11.Connection(h11.SERVER)
        self._began = False

    def __aiter__(self) -> AsyncIterator[Request]:
        return self

    async def __anext__(self) -> Request:
        if self._began and not self._again():
            raise StopAsyncIteration
        self._began = True
        request = await self._request()
        if request is None:
            raise StopAsyncIteration
        return request

    async def _request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            match await self._event():
                case h11.Request() as head:
                    pass
                case h11.Data(data=data):
                    body += data
                case h11.EndOfMessage():
                    assert head is not None
                    return self._made(head, bytes(body))
                case _:
                    return None

    def _made(self, head: h11.Request, body: bytes) -> Request:
        parts = urlsplit(head.target.decode())
        return Request(
            head.method.decode(),
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {k.decode().lower(): v.decode("latin-1") for k, v in head.headers},
            body,
            self,
        )

    def _again(self) -> bool:
        if self._http.our_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def answer(
        self, status: int, body: bytes, headers: Sequence[tuple[str, str]]
    ) -> None:
        told = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            *headers,
        ]
        data = b""
        for event in (
            h11.Response(status_code=status, headers=told),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            data += self._http.send(event) or b""
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Gone from error

    async def _event(self) -> object:
        while True:
            try:
                event = self._http.next_event()
                if event is not h11.NEED_DATA:
                    return event
                self._http.receive_data(bytes(await self._stream.receive_some()))
            except (
                trio.BrokenResourceError,
                trio.ClosedResourceError,
                h11.RemoteProtocolError,
            ):
                return None
