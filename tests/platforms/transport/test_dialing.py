"""Dialling, against our own listener and against servers that behave badly."""

import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import ConnectionClosed, WebSocketRequest, serve_websocket
from wsproto import ConnectionType
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    RejectConnection,
    RejectData,
    Request,
)

from platforms.transport import (
    MAX_MESSAGE_BYTES,
    DialFailed,
    DialRefused,
    Frame,
    Gate,
    SocketClosed,
    WebSocket,
    dial,
)
from tests.platforms.transport.peers import Peer, eventually, listening


@asynccontextmanager
async def server(
    converse: Callable[[Peer], Awaitable[None]],
) -> AsyncIterator[str]:
    """Run *converse* with each peer that connects; yield the URL."""

    async def serve(stream: trio.SocketStream) -> None:
        await converse(Peer(stream, ConnectionType.SERVER))

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        yield f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


async def accept(peer: Peer) -> Request:
    request = await peer.event()
    assert isinstance(request, Request)
    await peer.say(AcceptConnection())
    return request


async def test_messages_go_both_ways_in_order() -> None:
    async with listening() as listener:
        host, port = listener.address
        async with dial(f"ws://{host}:{port}") as websocket:
            for n in range(200):
                await websocket.send(f"{n} 你好")

            assert [await websocket.receive() for _ in range(200)] == [
                f"{n} 你好" for n in range(200)
            ]


async def test_the_handshake_carries_path_query_and_headers() -> None:
    seen: list[Request] = []

    async def converse(peer: Peer) -> None:
        seen.append(await accept(peer))
        await peer.hears()

    async with server(converse) as url:
        target = f"{url}/event/?access_token=a%20b"
        async with dial(target, headers=[("Authorization", "Bearer 口令")]) as socket:
            assert socket.path == "/event/"
            assert socket.remote == url.removeprefix("ws://")

    assert seen[0].target == "/event/?access_token=a%20b"
    assert (b"authorization", "Bearer 口令".encode()) in seen[0].extra_headers
    assert seen[0].host == url.removeprefix("ws://")


async def test_a_refusal_is_told_with_its_status() -> None:
    async with listening(gate=Gate("right")) as listener:
        host, port = listener.address
        with pytest.raises(DialRefused) as caught:
            async with dial(f"ws://me:pw@{host}:{port}/x?access_token=wrong"):
                raise AssertionError

    assert caught.value.status == 403
    assert b"wrong" in caught.value.body
    assert str(caught.value) == (
        f"ws://{host}:{port}/x refused the WebSocket with HTTP status 403"
    )


async def test_a_refusal_without_a_body_is_told_too() -> None:
    async def converse(peer: Peer) -> None:
        await peer.event()
        await peer.say(RejectConnection(status_code=404))

    async with server(converse) as url:
        with pytest.raises(DialRefused) as caught:
            async with dial(url):
                raise AssertionError

    assert caught.value.status == 404


async def test_a_body_in_pieces_is_waited_for() -> None:
    async def converse(peer: Peer) -> None:
        await peer.event()
        length = [(b"Content-Length", b"6")]
        await peer.say(RejectConnection(status_code=401, has_body=True, headers=length))
        await peer.say(RejectData(data=b"abc", body_finished=False))
        await trio.testing.wait_all_tasks_blocked(0.01)
        await peer.say(RejectData(data=b"def", body_finished=True))

    async with server(converse) as url:
        with pytest.raises(DialRefused) as caught:
            async with dial(url):
                raise AssertionError

    assert caught.value.body == b"abcdef"


async def test_nobody_there_is_a_failure_with_a_reason() -> None:
    async with server(accept) as url:  # type: ignore[arg-type]
        pass
    with pytest.raises(DialFailed, match="Connection refused"):
        async with dial(url):
            raise AssertionError


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
        b"\xff" * 100,
    ],
)
async def test_what_is_no_websocket_is_a_failure(answer: bytes) -> None:
    async def converse(peer: Peer) -> None:
        await peer.event()
        await peer.stream.send_all(answer)

    async with server(converse) as url:
        with pytest.raises(DialFailed):
            async with dial(url):
                raise AssertionError


async def test_a_silent_server_has_ten_seconds(autojump_clock: MockClock) -> None:
    async def converse(peer: Peer) -> None:
        await trio.sleep_forever()

    async with server(converse) as url:
        with pytest.raises(DialFailed, match="no WebSocket within 10 s"):
            async with dial(url):
                raise AssertionError

    assert trio.current_time() == pytest.approx(10.0)


@pytest.mark.parametrize(
    "url", ["http://x", "ws://", "x", "", "ws:///path", "ws://x/ü", "ws://x:99999"]
)
def test_a_wrong_url_is_refused_before_dialling(url: str) -> None:
    with pytest.raises(ValueError, match=r"ws://HOST|out of range"):
        dial(url)


async def test_an_error_of_the_block_comes_out_as_it_is() -> None:
    async with listening() as listener:
        host, port = listener.address
        with pytest.raises(ZeroDivisionError):
            async with dial(f"ws://{host}:{port}"):
                _ = 1 / 0


async def test_leaving_the_block_says_goodbye() -> None:
    heard: list[Frame | int | None] = []

    async def converse(peer: Peer) -> None:
        await accept(peer)
        while not isinstance(word := await peer.hears(), int):
            heard.append(word)
        heard.append(word)

    async with server(converse) as url:
        async with dial(url) as websocket:
            for n in range(3):
                await websocket.send(str(n))
        await eventually(lambda: len(heard) == 4)

    assert heard == ["0", "1", "2", 1000]


async def test_a_cancelled_block_says_goodbye_too() -> None:
    heard: list[Frame | int | None] = []

    async def converse(peer: Peer) -> None:
        await accept(peer)
        heard.append(await peer.hears())

    async with server(converse) as url:
        with trio.CancelScope() as scope:
            async with dial(url):
                scope.cancel()
                await trio.sleep_forever()
        await eventually(lambda: heard)

    assert heard == [1001]


async def test_the_servers_goodbye_ends_the_iteration() -> None:
    async def converse(peer: Peer) -> None:
        await accept(peer)
        await peer.text("last")
        await peer.say(CloseConnection(code=1001, reason="restart"))
        await peer.hears()

    async with server(converse) as url, dial(url) as websocket:
        assert [frame async for frame in websocket] == ["last"]
        with pytest.raises(SocketClosed) as caught:
            await websocket.send("too late")

    assert (caught.value.code, caught.value.reason) == (1001, "restart")


@pytest.mark.parametrize("code", [1008, 1011, 4001, None])
async def test_any_other_end_raises(code: int | None) -> None:
    async def converse(peer: Peer) -> None:
        await accept(peer)
        await peer.text("last")
        if code is not None:
            await peer.say(CloseConnection(code=code, reason="why"))
            await peer.hears()

    heard: list[Frame] = []
    async with server(converse) as url, dial(url) as websocket:
        with pytest.raises(SocketClosed) as caught:  # noqa: PT012
            async for frame in websocket:
                heard.append(frame)  # noqa: PERF401 - what came before counts

    assert heard == ["last"]
    assert caught.value.code == (code or 1006)


async def test_a_message_over_the_limit_is_refused_with_1009() -> None:
    heard: list[Frame | int | None] = []

    async def converse(peer: Peer) -> None:
        await accept(peer)
        await peer.say(BytesMessage(data=b"x" * (MAX_MESSAGE_BYTES + 1)))
        heard.append(await peer.hears())

    async with server(converse) as url, dial(url) as websocket:
        with pytest.raises(SocketClosed) as caught:
            await websocket.receive()
        await eventually(lambda: heard)

    assert caught.value.code == 1009
    assert heard == [1009]


async def test_a_mute_peer_delays_the_goodbye_by_three_seconds(
    autojump_clock: MockClock,
) -> None:
    async def converse(peer: Peer) -> None:
        await accept(peer)
        await trio.sleep_forever()

    async with server(converse) as url:
        async with dial(url) as websocket:
            started = trio.current_time()
            await websocket.close()
            await websocket.close()
            assert trio.current_time() - started == pytest.approx(3.0)
        assert trio.current_time() - started == pytest.approx(3.0)


async def test_closing_wakes_who_receives() -> None:
    async with listening() as listener, trio.open_nursery() as nursery:
        host, port = listener.address
        async with dial(f"ws://{host}:{port}") as websocket:
            ends: list[SocketClosed] = []

            async def receive() -> None:
                with pytest.raises(SocketClosed) as caught:
                    await websocket.receive()
                ends.append(caught.value)

            nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
            await websocket.close(4000, "ours")
            await eventually(lambda: ends)

    assert (ends[0].code, ends[0].reason) == (4000, "ours")


@pytest.mark.parametrize("trusted", [True, False])
async def test_tls_is_checked(*, trusted: bool) -> None:
    """`localhost.pem` is a key and a certificate for this test and nothing else."""
    pem = Path(__file__).with_name("localhost.pem")
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(pem)
    client_side = ssl.create_default_context(cafile=pem if trusted else None)

    async def handle(request: WebSocketRequest) -> None:
        socket = await request.accept()
        with suppress(ConnectionClosed):
            await socket.send_message(await socket.get_message())
            await socket.get_message()

    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            serve_websocket, handle, "127.0.0.1", 0, server_side
        )
        url = f"wss://localhost:{server.port}"
        if trusted:
            async with dial(url, ssl_context=client_side) as websocket:
                await websocket.send("你好" * 100_000)
                assert await websocket.receive() == "你好" * 100_000
        else:
            with pytest.raises(DialFailed, match="certificate verify failed"):
                await dial(url, ssl_context=client_side).__aenter__()
        nursery.cancel_scope.cancel()


async def torn(websocket: WebSocket, peer: Peer, seed: int) -> None:
    """Cancel sends at random points while *peer* reads in its own time."""
    random_ = random.Random(seed)
    sizes = [random_.choice([10, 1_000, 70_000, 400_000]) for _ in range(60)]
    sent: list[int] = []
    heard: list[str] = []

    async def send(n: int, scope: trio.CancelScope) -> None:
        with scope:
            await websocket.send(f"{n}:".ljust(sizes[n], "x"))
            sent.append(n)

    async def read() -> None:
        while (text := await peer.hears()) != "end":
            assert isinstance(text, str)
            heard.append(text)
            for _ in range(random_.randrange(50)):
                await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        async with trio.open_nursery() as senders:
            scopes = [trio.CancelScope() for _ in sizes]
            for n, scope in enumerate(scopes):
                senders.start_soon(send, n, scope)
                for _ in range(random_.randrange(5)):
                    await trio.lowlevel.checkpoint()
                random_.choice(scopes).cancel()
        await websocket.send("end")

    assert sorted(sent) == sorted(int(text.partition(":")[0]) for text in heard)
    assert all(len(text) == sizes[int(text.partition(":")[0])] for text in heard)
    assert 10 < len(heard) < 60


@pytest.mark.parametrize("seed", range(3))
async def test_a_cancelled_send_tears_no_frame_when_we_dialled(seed: int) -> None:
    peers: list[Peer] = []

    async def converse(peer: Peer) -> None:
        await accept(peer)
        peers.append(peer)
        await trio.sleep_forever()

    async with server(converse) as url, dial(url) as websocket:
        await eventually(lambda: peers)
        await torn(websocket, peers[0], seed)
        peers[0].hangs_up()


@pytest.mark.parametrize("seed", range(3))
async def test_a_cancelled_send_tears_no_frame_when_they_did(seed: int) -> None:
    sockets: list[WebSocket] = []

    async def handler(websocket: WebSocket) -> None:
        sockets.append(websocket)
        await trio.sleep_forever()

    async with listening(handler) as listener:
        peer = await Peer.in_by(listener)
        await eventually(lambda: sockets)
        await torn(sockets[0], peer, seed)


async def test_a_peer_that_never_reads_ends_its_own_senders_only(
    mock_clock: MockClock,
) -> None:
    """Its sends wait, then end, and so does its connection; the others go on."""
    ends: list[SocketClosed] = []

    async def handler(websocket: WebSocket) -> None:
        async for frame in websocket:
            if frame != "flood":
                await websocket.send(str(frame))
                continue
            async with trio.open_nursery() as nursery:
                for _ in range(100):
                    nursery.start_soon(flood, websocket)

    async def flood(websocket: WebSocket) -> None:
        with pytest.raises(SocketClosed) as caught:  # noqa: PT012
            for _ in range(100):
                await websocket.send("x" * 100_000)
        ends.append(caught.value)

    async with listening(handler) as listener:
        deaf = await Peer.in_by(listener)
        await deaf.text("flood")
        others = [await Peer.in_by(listener) for _ in range(3)]
        for other in others:
            await other.text("hello")
            assert await other.hears() == "hello"
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert not ends
        mock_clock.jump(10.1)

        await eventually(lambda: len(ends) == 100)
        await eventually(lambda: listener.open_sockets == 3)
        assert {end.code for end in ends} == {1006}
        assert "read nothing for 10 s" in ends[0].reason
