"""The HTTP of the fake, by h11: requests in, answers out, and who hung up meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

import h11
import trio
from attrs import frozen

RECEIVE_BYTES = 65536


@frozen
class Request:
    """What a client asks for, whole."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@frozen
class Response:
    """What it gets."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Handler: TypeAlias = Callable[[Request], Awaitable[Response | None]]
"""`None` hangs up instead of an answer."""


class HungUp(Exception):
    """The client is gone."""


async def serve(stream: trio.abc.Stream, handle: Handler) -> None:
    """Answer one connection until either side has had enough."""
    connection = _Connection(stream)
    async with stream:
        try:
            while await connection.one(handle):
                pass
        except (HungUp, h11.RemoteProtocolError):
            pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass


class _Connection:
    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._h11 = h11.Connection(h11.SERVER)

    async def one(self, handle: Handler) -> bool:
        request = await self._request()
        if request is None:
            return False
        response = await self._while_there(handle, request)
        if response is None:
            return False
        head = [
            ("Content-Type", response.kind),
            ("Content-Length", str(len(response.body))),
            *response.headers,
        ]
        data = self._h11.send(h11.Response(status_code=response.status, headers=head))
        data = (data or b"") + (self._h11.send(h11.Data(response.body)) or b"")
        data += self._h11.send(h11.EndOfMessage()) or b""
        await self._stream.send_all(data)
        if self._h11.our_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        return True

    async def _request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    await self._stream.send_all(self._h11.send(go_on) or b"")
                data = await self._stream.receive_some(RECEIVE_BYTES)
                self._h11.receive_data(bytes(data))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                path, _, query = head.target.decode().partition("?")
                headers = {k.decode().lower(): v.decode() for k, v in head.headers}
                return Request(head.method.decode(), path, query, headers, bytes(body))
            else:
                return None

    async def _while_there(self, handle: Handler, request: Request) -> Response | None:
        """Handle it, unless the client hangs up: then nobody polls any more."""
        found: list[Response | None] = []
        async with trio.open_nursery() as nursery:

            async def watch() -> None:
                data = b""
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    data = bytes(await self._stream.receive_some(RECEIVE_BYTES))
                if data:
                    self._h11.receive_data(data)
                else:
                    nursery.cancel_scope.cancel()

            nursery.start_soon(watch)
            found.append(await handle(request))
            nursery.cancel_scope.cancel()
        if not found:
            raise HungUp
        return found[0]
