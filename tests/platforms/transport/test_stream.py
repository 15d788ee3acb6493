"""The writer alone, over a socket made of lists."""

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from platforms.transport.stream import WriterStream

BIG = 300 * 1024  # above the bound: who comes next waits


class Wire(trio.abc.Stream):
    """Records each write; `blocks` makes the peer stop reading."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.blocks = False
        self.breaks = False
        self.closed = trio.Event()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self.breaks:
            raise trio.BrokenResourceError
        self.writes.append(bytes(data))
        while self.blocks:  # noqa: ASYNC110 - the clock jumps
            await trio.sleep(1)

    async def wait_send_all_might_not_block(self) -> None:
        raise AssertionError

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await self.closed.wait()
        return b""

    async def aclose(self) -> None:
        self.closed.set()

    @property
    def wire(self) -> bytes:
        return b"".join(self.writes)


class Bench:
    """A stream whose reader waits at the socket, as it mostly does."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.wire = Wire()
        self.stream = WriterStream(self.wire)
        nursery.start_soon(self.stream.write)
        nursery.start_soon(self.stream.receive_some)


@pytest.fixture
async def bench(nursery: trio.Nursery) -> Bench:
    bench = Bench(nursery)
    await wait_all_tasks_blocked()
    return bench


async def test_frames_that_wait_are_written_together(bench: Bench) -> None:
    for n in range(100):
        await bench.stream.put_in_turn(b"%d," % n)
    await wait_all_tasks_blocked()

    assert bench.wire.writes == [b"".join(b"%d," % n for n in range(100))]


async def test_a_single_frame_waits_for_nobody(bench: Bench) -> None:
    """It is written in the pass after it was put, and lingers for no second one."""
    bench.stream.put(b"x")
    await trio.lowlevel.checkpoint()
    await trio.lowlevel.checkpoint()

    assert bench.wire.writes == [b"x"]


async def test_answers_to_one_read_are_written_together(
    nursery: trio.Nursery,
) -> None:
    """While the reader hands out what it read, one message a pass, answers wait."""
    wire = Wire()
    stream = WriterStream(wire)
    nursery.start_soon(stream.write)
    await wait_all_tasks_blocked()

    for n in range(10):
        stream.put(b"%d" % n)
        await trio.lowlevel.checkpoint()
    nursery.start_soon(stream.receive_some)
    await wait_all_tasks_blocked()

    assert wire.writes == [b"0123456789"]


async def test_a_peer_that_reads_nothing_is_given_up(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench(nursery)
    bench.wire.blocks = True
    bench.stream.put(b"x" * BIG)

    with pytest.raises(trio.BrokenResourceError):
        await bench.stream.put_in_turn(b"y")

    assert trio.current_time() == 10.0
    assert bench.stream.failure == "the peer read nothing for 10 s"
    assert bench.wire.closed.is_set()


async def test_a_slow_peer_is_not_a_dead_one(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """One chunk in nine seconds is progress, however long the message is."""
    bench = Bench(nursery)

    class Slow(Wire):
        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            await trio.sleep(9 * len(data) / 65536)
            self.writes.append(bytes(data))

    slow = Slow()
    bench.stream._stream = slow
    bench.stream.put(b"x" * BIG)
    await bench.stream.put_in_turn(b"y")
    await trio.sleep(100)

    assert slow.wire == b"x" * BIG + b"y"
    assert bench.stream.failure == ""


async def test_time_without_work_is_no_stall(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench(nursery)
    bench.stream.put(b"a")
    await trio.sleep(3600)
    bench.stream.put(b"b")
    await trio.sleep(3600)

    assert bench.wire.wire == b"ab"
    assert bench.stream.failure == ""


async def test_a_broken_line_ends_those_who_wait(bench: Bench) -> None:
    bench.wire.breaks = True
    bench.stream.put(b"x" * BIG)

    with pytest.raises(trio.BrokenResourceError):
        await bench.stream.put_in_turn(b"y")
    with pytest.raises(trio.BrokenResourceError):
        bench.stream.put(b"z")


async def test_what_waits_is_written_before_the_end(bench: Bench) -> None:
    bench.stream.put(b"goodbye")
    bench.wire.closed.set()  # the peer leaves when it is asked to

    await bench.stream.aclose()

    assert bench.wire.wire == b"goodbye"
    with pytest.raises(trio.ClosedResourceError):
        bench.stream.put(b"too late")


async def test_a_mute_peer_delays_the_end_by_two_seconds(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    bench = Bench(nursery)
    bench.wire.blocks = True
    bench.stream.put(b"goodbye")

    async with trio.open_nursery() as closers:
        closers.start_soon(bench.stream.aclose)
        closers.start_soon(bench.stream.aclose)

    assert trio.current_time() == 2.0
    assert bench.wire.closed.is_set()
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("early", [[b"first"], [b"first", b"second"]])
async def test_who_comes_late_does_not_overtake(
    bench: Bench, early: list[bytes]
) -> None:
    """Not even in the moment when the first in the queue is let in, but has not run."""
    bench.wire.blocks = True
    bench.stream.put(b"x" * BIG)
    turns: list[bytes] = []

    async def sender(name: bytes) -> None:
        await bench.stream.put_in_turn(name)
        turns.append(name)

    async with trio.open_nursery() as nursery:
        for name in early:
            nursery.start_soon(sender, name)
            await wait_all_tasks_blocked()
        bench.stream._waiting_bytes = 0
        bench.stream._admit_next()
        await sender(b"late")

    assert turns == [*early, b"late"]


@given(
    sizes=st.lists(st.integers(1, BIG), min_size=1, max_size=12),
    cancels=st.lists(st.integers(0, 40), max_size=12),
    blocks=st.lists(st.booleans(), max_size=20),
)
def test_cancelled_senders_leave_all_or_nothing_and_order(
    sizes: list[int], cancels: list[int], blocks: list[bool]
) -> None:
    """Each sender is cancelled after some passes; what is out is whole and in turn."""
    returned: list[int] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            bench = Bench(nursery)

            async def sender(n: int, size: int, scope: trio.CancelScope) -> None:
                with scope:
                    await bench.stream.put_in_turn(bytes([n]) * size)
                    returned.append(n)

            async with trio.open_nursery() as senders:
                scopes = []
                for n, size in enumerate(sizes):
                    scopes.append(trio.CancelScope())
                    senders.start_soon(sender, n, size, scopes[-1])
                    await wait_all_tasks_blocked()
                for n, passes in enumerate(cancels[: len(scopes)]):
                    bench.wire.blocks = n < len(blocks) and blocks[n]
                    for _ in range(passes):
                        await trio.lowlevel.checkpoint()
                    scopes[n].cancel()
                bench.wire.blocks = False
            await wait_all_tasks_blocked()

            whole = b"".join(bytes([n]) * sizes[n] for n in returned)
            assert bench.wire.wire == whole
            assert returned == sorted(returned)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0.0))
