"""Whoever asks the ingress for something, byte by byte where a test wants it."""

from __future__ import annotations

import h11
import trio
from attrs import field, frozen
from trio.testing import memory_stream_pair

from platforms.ingress import Ingress


@frozen
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = field(default=b"")

    @property
    def text(self) -> str:
        return self.body.decode().strip()


class Client:
    """One connection to an ingress."""

    def __init__(self, stream: trio.abc.HalfCloseableStream) -> None:
        self.stream = stream
        self._http = h11.Connection(h11.CLIENT)

    async def says(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def asks(
        self,
        target: str,
        body: bytes | None = None,
        *,
        method: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request, whole, and return what is answered."""
        await self.begins(target, body, method=method, headers=headers)
        answer = await self.hears()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return answer

    async def begins(
        self,
        target: str,
        body: bytes | None = None,
        *,
        method: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        asked = [("Host", "127.0.0.1"), *(headers or {}).items()]
        if body is not None:
            asked.append(("Content-Length", str(len(body))))
        method = method or ("GET" if body is None else "POST")
        head = h11.Request(method=method, target=target, headers=asked)
        data = self._http.send(head) or b""
        if body:
            data += self._http.send(h11.Data(data=body)) or b""
        data += self._http.send(h11.EndOfMessage()) or b""
        await self.stream.send_all(data)

    async def begins_by_hand(self, head: bytes) -> None:
        """Send the beginning of a POST, and no more."""
        self._http.send(h11.Request(method="POST", target="/", headers=[("Host", "x")]))
        await self.stream.send_all(head)

    async def hears(self) -> Answer:
        """Return the next answer, to the end of its body or of the connection."""
        head = await self.hears_head()
        body = b""
        while isinstance(event := await self._next(), h11.Data):
            body += event.data
        return Answer(head.status, head.headers, body)

    async def hears_head(self) -> Answer:
        event = await self._next()
        assert isinstance(event, h11.Response), event
        headers = {name.decode(): value.decode() for name, value in event.headers}
        return Answer(event.status_code, headers)

    async def hears_more(self) -> bytes:
        """Return the next piece of a body; empty at its end."""
        event = await self._next()
        return bytes(event.data) if isinstance(event, h11.Data) else b""

    async def _next(self) -> object:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                with trio.fail_after(1000):
                    data = await self.stream.receive_some(65536)
                self._http.receive_data(bytes(data))
            elif not isinstance(event, h11.InformationalResponse):
                return event

    async def ended(self) -> bool:
        """Say whether the ingress has ended the connection, having said nothing more."""
        with trio.fail_after(1000):
            try:
                return not await self.stream.receive_some(65536)
            except trio.BrokenResourceError:
                return True


def connect(ingress: Ingress, nursery: trio.Nursery, remote: str = "test:0") -> Client:
    ours, theirs = memory_stream_pair()
    nursery.start_soon(ingress.serve, theirs, remote)
    return Client(ours)
