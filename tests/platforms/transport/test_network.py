"""Whatever dials or listens gets its streams from the network it was given."""

from __future__ import annotations

import ssl

import pytest
import trio
from attrs import define, field
from trio.testing import wait_all_tasks_blocked

from platforms.transport import (
    TCP,
    Gate,
    HttpClient,
    HttpFailed,
    dial,
    dial_lines,
    listen,
)
from tests.platforms.media.servers import response, says, serving
from tests.platforms.transport.peers import echo


@define
class Watched:
    """TCP, with everything written down; it trusts whoever is there."""

    asked: list[tuple[str, str, int]] = field(factory=list)

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        self.asked.append(("connect", host, port))
        return await TCP.connect(host, port)

    async def encrypt(
        self, stream: trio.abc.Stream, host: str, context: ssl.SSLContext | None
    ) -> trio.abc.Stream:
        self.asked.append(("encrypt", host, 0))
        return stream

    async def listen(
        self, host: str, port: int
    ) -> list[trio.abc.Listener[trio.abc.Stream]]:
        self.asked.append(("listen", host, port))
        return await TCP.listen(host, port)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_a_websocket_opens_nothing_but_through_its_network(scheme: str) -> None:
    network = Watched()
    async with listen("127.0.0.1", 0, Gate(), echo, network) as listener:
        host, port = listener.address
        async with dial(f"{scheme}://{host}:{port}/", network=network) as ws:
            await ws.send("hello")
            assert await ws.receive() == "hello"
    encrypted = [("encrypt", host, 0)] if scheme == "wss" else []
    assert network.asked == [("listen", host, 0), ("connect", host, port), *encrypted]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_http_opens_nothing_but_through_its_network(scheme: str) -> None:
    network = Watched()
    async with serving({"/x": says(response(b"yes"))}) as server:
        url = f"{scheme}://127.0.0.1:{server.port}"
        async with HttpClient(url, network=network) as http:
            assert (await http.request("GET", "/x")).body == b"yes"
    encrypted = [("encrypt", "127.0.0.1", 0)] if scheme == "https" else []
    assert network.asked == [("connect", "127.0.0.1", server.port), *encrypted]


@pytest.mark.parametrize("tls", [False, True])
async def test_lines_open_nothing_but_through_their_network(*, tls: bool) -> None:
    network = Watched()
    async with (
        serving({}) as server,
        dial_lines("127.0.0.1", server.port, tls=tls, network=network) as line,
    ):
        await line.send("hello")
    encrypted = [("encrypt", "127.0.0.1", 0)] if tls else []
    assert network.asked == [("connect", "127.0.0.1", server.port), *encrypted]


async def test_an_idle_connection_that_the_server_has_closed_is_not_used_again() -> (
    None
):
    """Or a request would be lost in it, and nobody could know whether it had gone out."""
    answers = 0

    async def once(stream: trio.SocketStream) -> None:
        nonlocal answers
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        answers += 1
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, once, [listener])
        port = listener.socket.getsockname()[1]
        async with HttpClient(f"http://127.0.0.1:{port}") as http:
            for number in range(1, 4):
                assert (await http.request("GET", "/")).status == 200
                assert answers == number
                await wait_all_tasks_blocked()  # its goodbye has come
        nursery.cancel_scope.cancel()


async def test_who_does_not_speak_tls_gives_no_answer() -> None:
    async def greet(stream: trio.SocketStream) -> None:
        await stream.send_all(b"220 a server of mail\r\n")

    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, greet, [listener])
        port = listener.socket.getsockname()[1]
        async with HttpClient(f"https://127.0.0.1:{port}") as http:
            with pytest.raises(HttpFailed) as failed:
                await http.request("GET", "/x")
        assert not failed.value.went_out
        nursery.cancel_scope.cancel()
