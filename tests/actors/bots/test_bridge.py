"""The bridge: real asyncio coroutines, from real trio tasks, on the real clock."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

import pytest
import trio
from structlog.contextvars import bound_contextvars, get_contextvars

from actors.bots import (
    AsyncioBridge,
    Bot,
    BridgeClosed,
    Context,
    asyncio_bridge,
    use,
)
from actors.bots import bridge as bridge_module
from tests.actors.bots.harness import running


async def add(a: int, *, b: int) -> int:
    """A library's coroutine: it would fail anywhere but in an asyncio loop."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, a + b)
    return await future


async def test_a_coroutine_runs_over_there_and_answers_here() -> None:
    async with asyncio_bridge() as bridge:
        assert await bridge.run(add, 3, b=4) == 7


async def test_many_run_side_by_side() -> None:
    results: list[int] = []
    async with asyncio_bridge() as bridge:
        barrier = await bridge.run(_barrier, 10)

        async def one(number: int) -> None:
            await bridge.run(barrier.wait)
            results.append(await bridge.run(add, number, b=0))

        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(one, number)
    assert sorted(results) == list(range(10))


async def _barrier(parties: int) -> asyncio.Barrier:
    return asyncio.Barrier(parties)


async def test_what_it_raises_is_raised_here() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError("not there")

    async def exits() -> None:
        raise SystemExit(3)

    async with asyncio_bridge() as bridge:
        with pytest.raises(LookupError, match="not there"):
            await bridge.run(fails)
        # A library that calls sys.exit() costs its own call only.
        with pytest.raises(RuntimeError, match=r"raised SystemExit\(3\)"):
            await bridge.run(exits)
        assert await bridge.run(add, 1, b=1) == 2


async def test_who_is_cancelled_here_is_cancelled_there() -> None:
    cancelled, begun = threading.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def hangs() -> None:
        token.run_sync_soon(begun.set)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with asyncio_bridge() as bridge:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bridge.run, hangs)
            await begun.wait()
            nursery.cancel_scope.cancel()
        assert await trio.to_thread.run_sync(cancelled.wait, 10)


async def test_a_coroutine_cancelled_over_there_is_an_error_not_a_cancellation() -> (
    None
):
    async def gives_up() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    async with asyncio_bridge() as bridge:
        with pytest.raises(BridgeClosed, match="cancelled in its own loop"):
            await bridge.run(gives_up)


async def test_closing_ends_what_runs_and_the_thread() -> None:
    async def hangs() -> None:
        await asyncio.sleep(3600)

    async with trio.open_nursery() as nursery, asyncio_bridge() as bridge:

        async def call() -> None:
            with pytest.raises(BridgeClosed):
                await bridge.run(hangs)

        nursery.start_soon(call)
        await bridge.run(add, 0, b=0)
    with pytest.raises(BridgeClosed, match="the bridge is closed"):
        await bridge.run(add, 0, b=0)
    bridge._thread.join(10)
    assert not bridge._thread.is_alive()


async def test_a_coroutine_that_will_not_end_does_not_hold_up_the_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge_module, "CLOSE_SECONDS", 0.05)
    free = threading.Event()
    begun = threading.Event()

    async def blocks() -> None:
        begun.set()
        while not free.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    async with trio.open_nursery() as nursery:
        async with asyncio_bridge() as bridge:
            nursery.start_soon(bridge.run, blocks)
            assert await trio.to_thread.run_sync(begun.wait, 10)
        nursery.cancel_scope.cancel()
    free.set()
    bridge._thread.join(10)
    assert not bridge._thread.is_alive()


async def test_an_asyncio_context_manager_is_held_in_one_task_over_there() -> None:
    tasks: list[asyncio.Task[object] | None] = []

    @contextlib.asynccontextmanager
    async def session() -> AsyncIterator[str]:
        tasks.append(asyncio.current_task())
        async with asyncio.timeout(60):  # minds which task leaves it
            yield "a session"
        tasks.append(asyncio.current_task())

    async with asyncio_bridge() as bridge, bridge.open(session) as value:
        assert value == "a session"
        assert await bridge.run(add, 1, b=2) == 3
        assert len(tasks) == 1
    assert tasks[0] is tasks[1]


async def test_a_context_manager_that_fails_to_open_says_so() -> None:
    @contextlib.asynccontextmanager
    async def session() -> AsyncIterator[str]:
        raise ConnectionRefusedError
        yield "never"

    async with asyncio_bridge() as bridge:
        with pytest.RaisesGroup(ConnectionRefusedError):
            async with bridge.open(session):
                pass


async def test_log_context_goes_over() -> None:
    async def look() -> dict[str, object]:
        return dict(get_contextvars())

    async with asyncio_bridge() as bridge:
        with bound_contextvars(trace="t1"):
            assert await bridge.run(look) == {"trace": "t1"}
        assert await bridge.run(look) == {}


async def test_a_bot_uses_it_by_name() -> None:
    bot = Bot("test")

    @bot.provide("bridge")
    async def provide() -> AsyncIterator[AsyncioBridge]:
        async with asyncio_bridge() as bridge:
            yield bridge

    @bot.command("add")
    async def adding(
        ctx: Context,
        a: int,
        b: int,
        bridge: AsyncioBridge = use("bridge"),
    ) -> None:
        await ctx.reply(str(await bridge.run(add, a, b=b)))

    async with running(bot) as room:
        assert await room.hears("/add 3 4") == ["7"]
