"""The acceptor on real loopback sockets, with peers that behave badly."""

import contextlib
import errno
import socket
from collections.abc import Sequence

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock
from wsproto.events import BytesMessage, CloseConnection, Ping

from platforms.transport import (
    MAX_MESSAGE_BYTES,
    Frame,
    Gate,
    SocketClosed,
    WebSocket,
    listen,
)
from tests.platforms.transport.peers import (
    Peer,
    echo,
    eventually,
    http,
    listening,
    sleeper,
)

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


async def test_messages_go_both_ways_in_order() -> None:
    async with listening() as listener:
        peer = await Peer.in_by(listener)
        for n in range(200):
            await peer.text(f"{n} 你好")

        assert [await peer.hears() for _ in range(200)] == [
            f"{n} 你好" for n in range(200)
        ]


async def test_a_handler_sees_who_came_and_how() -> None:
    seen: list[WebSocket] = []

    async def handler(websocket: WebSocket) -> None:
        seen.append(websocket)

    async with listening(handler) as listener:
        peer = await Peer.in_by(
            listener, "/onebot/v11/ws?access_token=s", {"X-Self-ID": "10001"}
        )
        assert await peer.hears() == 1000

    assert seen[0].path == "/onebot/v11/ws"
    assert ("x-self-id", "10001") in seen[0].headers
    assert seen[0].remote.startswith("127.0.0.1:")
    end = seen[0].closed
    assert end is not None
    assert end.code == 1000


async def test_a_binary_frame_is_told_apart() -> None:
    async with listening() as listener:
        peer = await Peer.in_by(listener)
        await peer.say(BytesMessage(data=b"\x00\xff"))

        assert await peer.hears() == repr(b"\x00\xff")


async def test_a_fragmented_message_arrives_whole() -> None:
    async with listening() as listener:
        peer = await Peer.in_by(listener)
        from wsproto.events import TextMessage

        await peer.say(TextMessage(data="one ", message_finished=False))
        await peer.say(Ping(payload=b"in between"))
        await peer.say(TextMessage(data="two"))

        assert await peer.hears() == "one two"


async def test_a_message_may_be_as_long_as_the_limit() -> None:
    async with listening() as listener, trio.open_nursery() as nursery:
        peer = await Peer.in_by(listener)
        nursery.start_soon(peer.text, "x" * MAX_MESSAGE_BYTES)

        assert await peer.hears() == "x" * MAX_MESSAGE_BYTES


async def test_1009_reaches_a_peer_that_is_still_busy_sending() -> None:
    async with listening() as listener, trio.open_nursery() as nursery:
        peer = await Peer.in_by(listener)
        # A reset would end this with an error, and may overtake the goodbye.
        nursery.start_soon(peer.text, "x" * (3 * MAX_MESSAGE_BYTES))
        answer = await peer.event()

        assert isinstance(answer, CloseConnection)
        assert answer.code == 1009


async def _try_to_say(peer: Peer, text: str) -> None:
    with contextlib.suppress(trio.BrokenResourceError):
        await peer.text(text)


async def test_a_handler_learns_of_a_message_over_the_limit() -> None:
    ends: list[SocketClosed] = []

    async def handler(websocket: WebSocket) -> None:
        try:
            await websocket.receive()
        except SocketClosed as end:
            ends.append(end)

    async with listening(handler) as listener:
        peer = await Peer.in_by(listener)
        await _try_to_say(peer, "x" * (MAX_MESSAGE_BYTES + 1))
        await eventually(lambda: ends)

    assert ends[0].code == 1009


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {}, 401),
        ("/", {"Authorization": "Bearer wrong"}, 403),
        ("/?access_token=wrong", {}, 403),
        ("/?access_token=right", {"Origin": "http://evil.example"}, 403),
    ],
)
async def test_who_may_not_come_in_is_told_before_the_upgrade(
    path: str, headers: dict[str, str], status: int
) -> None:
    async with listening(gate=Gate("right")) as listener:
        refused, why = await (await Peer.dials(listener, path, headers)).status()
        welcome = await Peer.in_by(listener, "/?access_token=right")
        await welcome.text("hello")

        assert refused == status
        assert "right" not in why
        assert await welcome.hears() == "hello"


async def test_a_refused_peer_that_stays_does_not_keep_its_socket(
    mock_clock: MockClock,
) -> None:
    async with listening(gate=Gate("right")) as listener:
        peer = await Peer.dials(listener)
        assert (await peer.status())[0] == 401
        mock_clock.rate = 100

        await eventually(lambda: listener.open_sockets == 0)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        UPGRADE.replace(b"Version: 13", b"Version: 12") + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"hello\r\n\r\n",
        UPGRADE + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
    ids=["plain", "post", "old", "tls", "text", "long"],
)
async def test_what_is_no_websocket_is_answered_and_closed(garbage: bytes) -> None:
    async with listening() as listener:
        answer = await http(listener, garbage)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 426"))

        peer = await Peer.in_by(listener)
        await peer.text("still here")
        assert await peer.hears() == "still here"


@pytest.mark.parametrize(
    "bad", [b"Host: x\r\nHost: \xff\xfe\r\n", b"Upgrade: \xe9\r\n", b"A: \x7f\xff\r\n"]
)
async def test_odd_headers_cost_at_most_their_own_connection(bad: bytes) -> None:
    async with listening() as listener:
        stream = await trio.open_tcp_stream(*listener.address)
        await stream.send_all(UPGRADE + bad + b"\r\n")
        await stream.send_eof()
        await eventually(lambda: listener.open_sockets == 0)
        await stream.aclose()

        await Peer.in_by(listener)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost:", UPGRADE])
async def test_a_handshake_has_ten_seconds(mock_clock: MockClock, said: bytes) -> None:
    async with listening() as listener:
        stream = await trio.open_tcp_stream(*listener.address)
        await stream.send_all(said)
        await eventually(lambda: listener.open_sockets == 1)
        mock_clock.jump(9.9)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert listener.open_sockets == 1
        mock_clock.jump(0.2)

        await eventually(lambda: listener.open_sockets == 0)
        await stream.aclose()


async def test_a_peer_that_leaves_in_the_handshake_leaves_nothing() -> None:
    async with listening() as listener:
        for said in (b"", b"GET /", UPGRADE + b"\r\n"):
            stream = await trio.open_tcp_stream(*listener.address)
            await stream.send_all(said)
            await stream.aclose()
        await Peer.in_by(listener)

        await eventually(lambda: listener.open_sockets <= 1)


async def test_a_raising_handler_costs_its_own_socket_only() -> None:
    async def handler(websocket: WebSocket) -> None:
        async for frame in websocket:
            if frame == "raise":
                raise RuntimeError("boom")
            if frame == "group":
                raise ExceptionGroup("many", [ValueError("a"), KeyError("b")])
            await websocket.send(str(frame))

    async with listening(handler) as listener:
        steady = await Peer.in_by(listener)
        with capture_logs() as logs:
            for order in ("raise", "group"):
                peer = await Peer.in_by(listener)
                await peer.text(order)
                assert await peer.hears() == 1011
                assert await peer.hears() is None
                peer.hangs_up()
        await steady.text("still here")

        assert await steady.hears() == "still here"
        assert [log["event"] for log in logs] == ["websocket.handler_failed"] * 2


async def test_an_admit_that_raises_costs_that_handshake_only() -> None:
    def admit(handshake: object) -> None:
        raise RuntimeError("a bug of ours")

    async with listen("127.0.0.1", 0, admit, echo) as listener:
        with capture_logs() as logs:
            for _ in range(2):
                peer = await Peer.dials(listener)
                assert await peer.event() is None
                await eventually(lambda: listener.open_sockets == 0)

    assert [log["event"] for log in logs] == ["websocket.serving_failed"] * 2


async def test_two_hundred_connections_at_once() -> None:
    async with listening() as listener:
        heard: list[Frame | int | None] = []

        async def come(n: int) -> None:
            peer = await Peer.in_by(listener)
            await peer.text(f"{n}")
            heard.append(await peer.hears())
            peer.hangs_up()

        async with trio.open_nursery() as nursery:
            for n in range(200):
                nursery.start_soon(come, n)

        assert sorted(heard, key=str) == sorted(map(str, range(200)))
        await eventually(lambda: listener.open_sockets == 0)


async def test_leaving_says_1001_to_everybody() -> None:
    ends: list[Frame | int | None] = []

    async def stay(peer: Peer) -> None:
        ends.append(await peer.hears())
        peer.hangs_up()

    async with trio.open_nursery() as nursery:
        async with listening(sleeper, peers_stay=True) as listener:
            for _ in range(5):
                nursery.start_soon(stay, await Peer.in_by(listener))
            assert listener.open_sockets == 5

        assert listener.open_sockets == 0

    assert ends == [1001] * 5


async def test_peers_that_say_nothing_delay_leaving_by_three_seconds(
    autojump_clock: MockClock,
) -> None:
    async with listening(sleeper, peers_stay=True) as listener:
        peers = [await Peer.in_by(listener) for _ in range(5)]
        started = trio.current_time()

    assert trio.current_time() - started == pytest.approx(3.0)
    assert len(peers) == 5


async def test_an_error_of_the_owner_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with listening():
            _ = 1 / 0


async def test_a_taken_port_is_an_error_of_the_caller() -> None:
    async with listening() as listener:
        second = listen("127.0.0.1", listener.address[1], Gate(), echo)
        with pytest.raises(OSError, match=r".") as caught:
            await second.__aenter__()

    assert caught.value.errno == errno.EADDRINUSE


async def test_a_port_is_free_again_at_once() -> None:
    async with listening() as listener:
        host, port = listener.address
        peer = await Peer.in_by(listener)
        peer.hangs_up()

    async with listen(host, port, Gate(), echo) as again:
        peer = await Peer.in_by(again)
        peer.hangs_up()


async def test_running_out_of_files_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    """The next accept works again; nobody is told to go away meanwhile."""
    real = trio.SocketListener.accept
    errors = [OSError(errno.EMFILE, "too many open files")] * 3

    async def accept(listener: trio.SocketListener) -> trio.SocketStream:
        if errors:
            raise errors.pop()
        return await real(listener)

    monkeypatch.setattr(trio.SocketListener, "accept", accept)
    async with listening() as listener:
        peer = await Peer.in_by(listener)
        await peer.text("hello")

        assert await peer.hears() == "hello"


async def test_a_reset_line_ends_in_1006() -> None:
    ends: list[SocketClosed] = []

    async def handler(websocket: WebSocket) -> None:
        with pytest.raises(SocketClosed) as caught:
            async for _ in websocket:
                pass
        ends.append(caught.value)

    async with listening(handler) as listener:
        peer = await Peer.in_by(listener)
        peer.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.hangs_up()
        await eventually(lambda: ends)

    assert ends[0].code == 1006


async def test_frames_that_break_the_protocol_end_their_connection() -> None:
    ends: list[SocketClosed | None] = []

    async def handler(websocket: WebSocket) -> None:
        try:
            await echo(websocket)
        finally:
            ends.append(websocket.closed)

    broken: Sequence[bytes] = (
        b"\x81\x05hello",  # not masked
        b"\xf1\x80\0\0\0\0",  # reserved bits
        b"\x81\x81\0\0\0\0\xff",  # not UTF-8
        b"\x80\x80\0\0\0\0",  # nothing to continue
        b"\x88\x81\0\0\0\0\x01",  # half a close code
        b"\xff" * 100,
    )
    async with listening(handler) as listener:
        for bytes_ in broken:
            peer = await Peer.in_by(listener)
            await peer.stream.send_all(bytes_)
            assert await peer.hears() in (None, 1002, 1007)
        await Peer.in_by(listener)

    assert all(end is not None and not end.polite for end in ends[: len(broken)])


async def test_a_ping_while_we_close_hurts_nobody(mock_clock: MockClock) -> None:
    """trio-websocket#184: its reader raises LocalProtocolError then.

    The clock stands still: the end must not need one of our deadlines.
    """

    async def handler(websocket: WebSocket) -> None:
        await websocket.close(1000, "enough")

    async with listening(handler) as listener:
        peer = await Peer.in_by(listener)
        assert isinstance(await peer.event(), CloseConnection)
        await peer.stream.send_all(b"\x89\x80\0\0\0\0" + b"\x88\x80\0\0\0\0")
        assert await peer.event() is None
        peer.hangs_up()

        await eventually(lambda: listener.open_sockets == 0)
        await Peer.in_by(listener)


async def test_pings_are_answered_while_a_handler_is_busy() -> None:
    async with listening(sleeper) as listener:
        peer = await Peer.in_by(listener)
        for n in range(20):
            await peer.text("unread")
            await peer.say(Ping(payload=b"%d" % n))

        pongs = [await peer.event() for _ in range(20)]
        assert [pong.payload for pong in pongs] == [b"%d" % n for n in range(20)]  # type: ignore[union-attr]


async def test_a_peers_goodbye_is_answered_and_what_it_said_is_read() -> None:
    heard: list[Frame] = []

    async def handler(websocket: WebSocket) -> None:
        heard.extend([frame async for frame in websocket])

    async with listening(handler) as listener:
        peer = await Peer.in_by(listener)
        for n in range(10):
            await peer.text(str(n))
        await peer.say(CloseConnection(code=1000))

        assert await peer.hears() == 1000
        assert await peer.hears() is None
        peer.hangs_up()
        await eventually(lambda: listener.open_sockets == 0)

    assert heard == [str(n) for n in range(10)]
