"""The bad line: what goes in comes out, unless it is told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.fakes.proxy import Faults, Proxy, proxy_to


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Proxy, trio.SocketStream]]:
    """An echo server, a bad line before it, and somebody connected."""

    async def echo(stream: trio.SocketStream) -> None:
        try:
            async for data in stream:
                await stream.send_all(data)
        except trio.BrokenResourceError:
            pass  # the line is bad

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, echo, [listener])
        async with (
            proxy_to(port) as line,
            await trio.open_tcp_stream("127.0.0.1", line.port) as stream,
        ):
            yield line, stream
        nursery.cancel_scope.cancel()


async def read(stream: trio.SocketStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await stream.receive_some()
    return data


async def test_a_good_line_changes_nothing() -> None:
    async with echoing() as (line, stream):
        await stream.send_all(b"hello" * 1000)
        assert await read(stream, 5000) == b"hello" * 1000
        assert line.passed == 10_000


async def test_frames_are_torn_apart_and_arrive_whole() -> None:
    async with echoing() as (line, stream):
        line.now(Faults(piece=3, delay=0.001))
        await stream.send_all(b"0123456789")
        assert await read(stream, 10) == b"0123456789"


async def test_a_stalled_line_takes_everything_and_gives_nothing() -> None:
    async with echoing() as (line, stream):
        line.now(Faults(stalled=True))
        await stream.send_all(b"hello")
        with trio.move_on_after(0.1) as waited:
            await stream.receive_some()
        assert waited.cancelled_caught
        line.now(Faults())
        assert await read(stream, 5) == b"hello"


@pytest.mark.parametrize("how", ["reset", "cut"])
async def test_a_line_is_cut_in_the_middle(how: str) -> None:
    async with echoing() as (line, first):
        await first.send_all(b"hello")
        assert await read(first, 5) == b"hello"
        line.now(Faults(cut_after=7))
        async with await trio.open_tcp_stream("127.0.0.1", line.port) as second:
            if how == "cut":
                await second.send_all(b"hello")
                with pytest.raises(trio.BrokenResourceError):
                    await read(second, 5)
                assert line.passed == 10 + 7
            else:
                line.reset()
                with pytest.raises(trio.BrokenResourceError):
                    await first.receive_some()
        assert line.resets >= 2


async def test_who_only_listens_learns_that_the_other_side_was_reset() -> None:
    async def hears_one_byte(stream: trio.SocketStream) -> None:
        await stream.receive_some(1)
        stream.socket.close()  # the rest was not read: that resets, as a kill does

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, hears_one_byte, [listener])
        async with (
            proxy_to(port) as line,
            await trio.open_tcp_stream("127.0.0.1", line.port) as stream,
        ):
            await stream.send_all(b"hello")
            with trio.fail_after(60), pytest.raises(trio.BrokenResourceError):
                await stream.receive_some()
        nursery.cancel_scope.cancel()
