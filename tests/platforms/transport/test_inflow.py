"""Two readers, one order, and nobody who takes more than there is room for."""

from collections.abc import Sequence
from contextvars import ContextVar

import pytest
import trio
from trio.testing import wait_all_tasks_blocked
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from platforms.transport import Frame, SocketClosed, WebSocket
from platforms.transport.frames import text_frame
from platforms.transport.inflow import MESSAGES, Inflow
from platforms.transport.sieve import Sieve
from tests.platforms.transport.peers import Peer, listening

HEAD = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
whose: ContextVar[str] = ContextVar("whose", default="nobody's")


def texts(*messages: str) -> bytes:
    return b"".join(text_frame(each.encode()) for each in messages)


def binary(payload: bytes) -> bytes:
    return bytes((0x82, len(payload))) + payload


@pytest.fixture
def inflow() -> Inflow:
    inflow = Inflow(Sieve(masked=False))
    inflow.sift(HEAD)
    return inflow


class Glass:
    """A sink that holds *size* frames until it is emptied."""

    def __init__(self, size: int = 1000) -> None:
        self.size = size
        self.frames: list[Frame] = []
        self.bursts: list[int] = []
        self.context = ""
        self._emptied = trio.Event()

    def take(self, frames: Sequence[Frame]) -> None:
        self.frames += frames
        self.bursts.append(len(frames))
        self.context = whose.get()

    @property
    def full(self) -> bool:
        return len(self.frames) >= self.size

    async def room(self) -> None:
        while self.full:
            await self._emptied.wait()

    def empties(self) -> list[Frame]:
        frames, self.frames = self.frames, []
        self._emptied.set()
        self._emptied = trio.Event()
        return frames


class Shard(Glass):
    def take(self, frames: Sequence[Frame]) -> None:
        raise ZeroDivisionError


async def test_the_library_keeps_its_place(inflow: Inflow) -> None:
    assert inflow.sift(texts("1") + binary(b"2") + texts("3")) == binary(b"2")

    assert await inflow.receive() == "1"
    with trio.move_on_after(0.01):
        pytest.fail(f"{await inflow.receive()!r} overtook")
    inflow.put(b"2")
    assert [await inflow.receive(), await inflow.receive()] == [b"2", "3"]


async def test_what_came_before_the_end_is_received(inflow: Inflow) -> None:
    inflow.sift(texts("1", "2"))
    inflow.end()

    assert [await inflow.receive(), await inflow.receive()] == ["1", "2"]
    with pytest.raises(trio.EndOfChannel):
        await inflow.receive()


async def test_a_message_that_never_finishes_ends_with_the_line(
    inflow: Inflow,
) -> None:
    inflow.sift(binary(b"2") + texts("3"))
    inflow.end()

    with pytest.raises(trio.EndOfChannel):
        await inflow.receive()


async def test_a_burst_goes_to_the_sink_at_once_in_its_own_context(
    inflow: Inflow, nursery: trio.Nursery
) -> None:
    glass = Glass()
    inflow.sift(texts("before"))
    whose.set("the sink's")
    nursery.start_soon(inflow.feed, glass)
    whose.set("the reader's")
    await wait_all_tasks_blocked()

    inflow.sift(texts("1", "2", "3"))

    assert glass.frames == ["before", "1", "2", "3"]
    assert glass.bursts == [1, 3]
    assert glass.context == "the sink's"


async def test_the_sink_gets_everything_in_order(
    inflow: Inflow, nursery: trio.Nursery
) -> None:
    glass = Glass()
    nursery.start_soon(inflow.feed, glass)
    await wait_all_tasks_blocked()

    inflow.sift(texts("1") + binary(b"2") + texts("3"))
    inflow.sift(texts("4"))
    await wait_all_tasks_blocked()
    assert glass.frames == ["1"]
    inflow.put(b"2")
    inflow.sift(texts("5"))
    await wait_all_tasks_blocked()

    assert glass.frames == ["1", b"2", "3", "4", "5"]


async def test_a_full_sink_stops_the_reader_until_there_is_room(
    inflow: Inflow, nursery: trio.Nursery
) -> None:
    glass, read_on = Glass(2), trio.Event()

    async def reader() -> None:
        await inflow.room()
        read_on.set()

    nursery.start_soon(inflow.feed, glass)
    await wait_all_tasks_blocked()
    inflow.sift(texts("1", "2"))
    nursery.start_soon(reader)
    await wait_all_tasks_blocked()
    assert inflow.full
    assert not read_on.is_set()

    glass.empties()
    with trio.fail_after(60):
        await read_on.wait()
    inflow.sift(texts("3"))

    assert glass.frames == ["3"]


async def test_many_that_wait_stop_the_reader_too(inflow: Inflow) -> None:
    inflow.sift(texts(*"x" * MESSAGES))
    assert inflow.full

    await inflow.receive()

    assert not inflow.full
    await inflow.room()


async def test_a_sink_that_raises_ends_its_feeding_and_not_the_reader(
    inflow: Inflow,
) -> None:
    async with trio.open_nursery() as nursery:

        async def feeds() -> None:
            with pytest.raises(ZeroDivisionError):
                await inflow.feed(Shard())

        nursery.start_soon(feeds)
        await wait_all_tasks_blocked()
        inflow.sift(texts("1"))
        inflow.sift(texts("2"))

    assert not inflow.full


async def test_who_stops_feeding_leaves_the_rest_to_be_received(
    inflow: Inflow,
) -> None:
    glass = Glass(1)
    with trio.move_on_after(0.01):
        inflow.sift(texts("1", "2"))
        await inflow.feed(glass)
    inflow.sift(texts("3"))

    assert glass.frames == ["1"]
    assert [await inflow.receive(), await inflow.receive()] == ["2", "3"]


async def test_after_hanging_up_nothing_is_kept_and_nobody_waits(
    inflow: Inflow, nursery: trio.Nursery
) -> None:
    inflow.sift(texts(*"x" * MESSAGES))
    nursery.start_soon(inflow.room)
    await wait_all_tasks_blocked()

    inflow.hang_up()
    inflow.sift(texts("late"))
    inflow.put(b"late")

    with pytest.raises(trio.EndOfChannel):
        await inflow.receive()
    assert not inflow.full


async def test_all_kinds_of_messages_over_a_real_socket_keep_their_order() -> None:
    """Short, binary, large and fragmented ones, to a sink and to a receiver."""
    said: list[Frame] = ["1", b"2", "3", "鸦" * 30_000, "4", "in two parts", "5"]
    glass, ended = Glass(), trio.Event()

    async def feeds(websocket: WebSocket) -> None:
        with pytest.raises(SocketClosed):
            await websocket.feed(glass)
        ended.set()

    async def receives(websocket: WebSocket) -> None:
        glass.take([frame async for frame in websocket])
        ended.set()

    for handler in (feeds, receives):
        glass, ended = Glass(), trio.Event()
        async with listening(handler) as listener:
            peer = await Peer.in_by(listener)
            for each in said:
                if each == "in two parts":
                    await peer.say(TextMessage(data="in two ", message_finished=False))
                    await peer.say(TextMessage(data="parts"))
                elif isinstance(each, bytes):
                    await peer.say(BytesMessage(data=each))
                else:
                    await peer.text(each)
            await peer.say(CloseConnection(code=1000))
            with trio.fail_after(60):
                await ended.wait()
        assert glass.frames == said
