"""Real servers on this machine: an honest one, and one that means harm."""

from __future__ import annotations

import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import trio
from attrs import define, field

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)

Answer = Callable[[trio.SocketStream, bytes], Awaitable[None]]


def response(
    body: bytes = b"", *headers: str, status: str = "200 OK", length: bool = True
) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def says(data: bytes) -> Answer:
    async def answer(stream: trio.SocketStream, request: bytes) -> None:
        await stream.send_all(data)

    return answer


def redirects(to: str, status: str = "302 Found") -> Answer:
    return says(response(b"", f"Location: {to}", status=status))


async def endless(stream: trio.SocketStream, request: bytes) -> None:
    """A body that never ends, and no word of how long it is."""
    await stream.send_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await stream.send_all(b"10000\r\n" + bytes(0x10000) + b"\r\n")


async def endless_header(stream: trio.SocketStream, request: bytes) -> None:
    await stream.send_all(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send_all(b"X-More: " + b"x" * 1000 + b"\r\n")


async def slow_loris(stream: trio.SocketStream, request: bytes) -> None:
    """A byte now and then: each one well within any deadline for a byte."""
    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await stream.send_all(b"x")
        await trio.sleep(0.02)


async def mute(stream: trio.SocketStream, request: bytes) -> None:
    await trio.sleep_forever()


async def cut_short(stream: trio.SocketStream, request: bytes) -> None:
    await stream.send_all(response(PNG)[:-50])


def bomb() -> Answer:
    return says(response(gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip"))


@define
class Server:
    """Answers by path; counts who came."""

    answers: dict[str, Answer]
    port: int = 0
    requests: list[bytes] = field(factory=list)
    connections: int = 0

    def url(self, path: str, host: str = "pics.test") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        try:
            request = b""
            while b"\r\n\r\n" not in request:
                data = await stream.receive_some()
                if not data:
                    return
                request += data
            self.requests.append(request)
            path = request.split(b" ")[1].decode()
            answer = self.answers.get(path, says(response(status="404 Not Found")))
            await answer(stream, request)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # whoever asked has heard enough
        finally:
            await trio.aclose_forcefully(stream)


@asynccontextmanager
async def serving(
    answers: dict[str, Answer], host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    async with trio.open_nursery() as nursery:
        server = Server(answers)
        (listener,) = await trio.open_tcp_listeners(0, host=host)
        server.port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, server.serve, [listener])
        try:
            yield server
        finally:
            nursery.cancel_scope.cancel()


@define
class Names:
    """A name server of our own; each question gets the next of its answers."""

    known: dict[str, list[Sequence[str]]] = field(factory=dict)
    asked: list[str] = field(factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        await trio.lowlevel.checkpoint()
        answers = self.known.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]
