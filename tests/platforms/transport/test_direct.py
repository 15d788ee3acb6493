"""A socket read and written without a turn of the scheduler, over a real pair of sockets."""

import socket
import struct
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from platforms.transport.direct import direct
from platforms.transport.stream import WriterStream

pytestmark = pytest.mark.skipif("os.name != 'posix'")


class Pair:
    """Our stream, and the plain socket of its peer."""

    def __init__(self, peer: socket.socket, stream: trio.SocketStream) -> None:
        self.peer = peer
        self.stream = stream

    def reset(self) -> None:
        """Let the peer go without a goodbye."""
        self.peer.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.peer.close()

    def received(self) -> bytes:
        """Return what has come to the peer until now."""
        try:
            return self.peer.recv(1 << 24)
        except BlockingIOError:
            return b""


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    peer.setblocking(False)
    ours.setblocking(False)
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
    yield Pair(peer, stream)
    peer.close()
    await trio.aclose_forcefully(stream)


async def test_one_message_at_a_time_goes_out_without_a_turn(
    pair: Pair, nursery: trio.Nursery
) -> None:
    stream = WriterStream(pair.stream)
    nursery.start_soon(stream.write)
    stream.put(b"first")
    await trio.testing.wait_all_tasks_blocked()
    assert pair.received() == b"first"

    pair.peer.send(b"ask")
    assert await stream.receive_some(100) == b"ask"
    stream.put(b"answer")
    assert pair.received() == b"answer"  # nobody had a turn

    stream.put(b"two")
    stream.put(b"three")
    assert pair.received() == b""
    await trio.testing.wait_all_tasks_blocked()
    assert pair.received() == b"twothree"

    pair.peer.send(b"ask")
    assert await stream.receive_some(100) == b"ask"
    stream.put(b"together")
    assert pair.received() == b""  # as the last time, more may come
    await trio.testing.wait_all_tasks_blocked()
    assert pair.received() == b"together"
    nursery.cancel_scope.cancel()


async def test_what_the_system_does_not_take_at_once_is_written_by_the_writer(
    pair: Pair, nursery: trio.Nursery
) -> None:
    stream = WriterStream(pair.stream)
    nursery.start_soon(stream.write)
    stream.put(b"x")
    await trio.testing.wait_all_tasks_blocked()
    pair.peer.send(b"ask")
    await stream.receive_some(100)
    big = bytes(range(256)) * (1 << 16)  # 16 MiB

    stream.put(big)
    stream.put(b"after it")

    got = b""
    with trio.fail_after(60):
        while len(got) < len(big) + 9:
            got += pair.received()
            await trio.lowlevel.checkpoint()
    assert got == b"x" + big + b"after it"
    nursery.cancel_scope.cancel()


async def test_a_lost_peer_is_told_by_the_writer(
    pair: Pair, nursery: trio.Nursery
) -> None:
    stream = WriterStream(pair.stream)
    nursery.start_soon(stream.write)
    stream.put(b"x")
    await trio.testing.wait_all_tasks_blocked()
    pair.peer.send(b"ask")
    await stream.receive_some(100)
    pair.reset()

    with trio.fail_after(60):
        while not stream.failure:  # the first may be taken by the system
            stream.put(b"in vain")
            await trio.lowlevel.checkpoint()
    assert "writing failed" in stream.failure
    with pytest.raises(trio.BrokenResourceError):
        stream.put(b"more")


async def test_the_number_of_a_closed_socket_is_not_used(pair: Pair) -> None:
    ours = direct(pair.stream)
    assert ours is not None
    await trio.aclose_forcefully(pair.stream)
    with pytest.raises(trio.ClosedResourceError):
        ours.write(b"for somebody else")
    with pytest.raises(trio.ClosedResourceError):
        await ours.read(100)


async def test_who_reads_hears_that_it_is_closed(
    pair: Pair, nursery: trio.Nursery
) -> None:
    ours = direct(pair.stream)
    assert ours is not None

    async def close() -> None:
        await trio.testing.wait_all_tasks_blocked()
        await trio.aclose_forcefully(pair.stream)

    nursery.start_soon(close)
    with pytest.raises(trio.ClosedResourceError):
        await ours.read(100)


async def test_a_reset_is_a_broken_stream(pair: Pair) -> None:
    ours = direct(pair.stream)
    assert ours is not None
    pair.reset()
    with pytest.raises(trio.BrokenResourceError, match="reset"):
        await ours.read(100)


def test_what_is_no_plain_socket_is_left_to_trio() -> None:
    one, _ = trio.testing.memory_stream_pair()
    assert direct(one) is None
