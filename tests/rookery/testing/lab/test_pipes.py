"""A line in memory is a stream as trio wants one, and fails like a socket."""

from __future__ import annotations

import pytest
import trio
from trio.testing import check_half_closeable_stream, wait_all_tasks_blocked

from rookery.testing.lab.pipes import ROOM_BYTES, Pipe, pipe


async def pair() -> tuple[Pipe, Pipe]:
    return pipe()


async def clogged() -> tuple[Pipe, Pipe]:
    one, other = pipe()
    await one.send_all(bytes(ROOM_BYTES))
    await other.send_all(bytes(ROOM_BYTES))
    return one, other


async def test_it_is_a_stream(autojump_clock: trio.testing.MockClock) -> None:
    with trio.fail_after(1000):
        await check_half_closeable_stream(pair, clogged)


async def test_who_sends_waits_for_who_reads() -> None:
    one, other = pipe()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one.send_all, bytes(3 * ROOM_BYTES))
        await wait_all_tasks_blocked()
        assert (one.sent, one.arrived) == (ROOM_BYTES, 0)
        read = 0
        while read < 3 * ROOM_BYTES:
            read += len(await other.receive_some(1000))
    assert one.arrived == 3 * ROOM_BYTES


async def test_a_cut_loses_what_is_under_way_and_both_learn_it() -> None:
    one, other = pipe()
    await one.send_all(b"lost")
    other.cut()
    for end in (one, other):
        with pytest.raises(trio.BrokenResourceError):
            await end.receive_some()
        with pytest.raises(trio.BrokenResourceError):
            await end.send_all(b"x")
    assert one.left
    assert other.is_readable()  # its end


async def test_a_stalled_line_looks_alive_until_one_side_gives_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    one, other = pipe()
    one.stall()
    await one.send_all(b"into the void")
    await other.send_eof()
    with trio.move_on_after(1000):
        await other.receive_some()
    with trio.move_on_after(1000):
        await one.receive_some()
    assert trio.current_time() == 2000
    assert not one.is_readable()
    await one.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await other.receive_some()


async def test_what_was_said_before_the_end_arrives() -> None:
    one, other = pipe()
    await one.send_all(b"bye")
    await one.aclose()
    assert not other.left
    assert await other.receive_some() == b"bye"
    assert await other.receive_some() == b""
    assert other.left
    with pytest.raises(trio.BrokenResourceError):
        await other.send_all(b"are you there?")
