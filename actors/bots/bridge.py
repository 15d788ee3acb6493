"""Libraries that only know asyncio: one loop in a thread of its own.

    @bot.provide("bridge")
    async def bridge() -> AsyncIterator[AsyncioBridge]:
        async with asyncio_bridge() as bridge:
            yield bridge

    @bot.command("price")
    async def price(ctx: Context, coin: str, bridge: AsyncioBridge = use("bridge")) -> None:
        await ctx.reply(str(await bridge.run(client.price, coin)))

A caller that is cancelled (a handler at its deadline) leaves at once; its coroutine
is cancelled in its own loop. Closing cancels what still runs and waits for it, a few
seconds long: a coroutine that will not end is left behind in its daemon thread, and
said so.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Generic, ParamSpec, TypeVar

import structlog
import trio

from actors.bots.errors import BridgeClosed

P = ParamSpec("P")
T = TypeVar("T")

CLOSE_SECONDS = 5.0

log = structlog.get_logger()


class _Call(Generic[T]):
    """One coroutine in the other loop, and who waits for it here."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._make = make
        self._token = trio.lowlevel.current_trio_token()
        self._done = trio.Event()
        self._task: asyncio.Task[T] | None = None
        self._result: list[T] = []
        self._error: BaseException | None = None

    # --- in the thread of the asyncio loop ---------------------------------------------

    def begin(self) -> None:
        # The caller's context variables came along: a log line here has their trace.
        self._task = asyncio.get_running_loop().create_task(self._guarded())
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _guarded(self) -> T:
        try:
            return await self._make()
        except (SystemExit, KeyboardInterrupt) as error:
            # asyncio would let these end the whole loop, and everybody's calls in it.
            msg = f"a coroutine behind the bridge raised {error!r}"
            raise RuntimeError(msg) from error

    def _ended(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self._error = BridgeClosed("the coroutine was cancelled in its own loop")
        elif (error := task.exception()) is not None:
            self._error = error
        else:
            self._result.append(task.result())
        with suppress(trio.RunFinishedError):  # nobody is left to hear it
            self._token.run_sync_soon(self._done.set)

    # --- in the thread of trio ---------------------------------------------------------

    async def wait(self) -> T:
        await self._done.wait()
        if self._error is not None:
            raise self._error
        return self._result[0]


class AsyncioBridge:
    """A running asyncio loop. Open it with `asyncio_bridge()`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._token = trio.lowlevel.current_trio_token()
        self._gone = trio.Event()
        self._thread = threading.Thread(
            target=self._live, name="rookery-asyncio", daemon=True
        )
        self._thread.start()

    async def run(
        self,
        function: Callable[P, Coroutine[Any, Any, T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `function(*args, **kwargs)` in the asyncio loop; return what it returns.

        The function itself is called over there, so it may make objects that belong
        to a loop. What the coroutine raises is raised here.

        Raises:
            BridgeClosed: the bridge is closed, or the coroutine was cancelled there.
        """
        call = _Call(lambda: function(*args, **kwargs))
        self._post(call.begin)
        try:
            return await call.wait()
        except trio.Cancelled:
            self._post_quietly(call.cancel)
            raise

    @asynccontextmanager
    async def open(
        self, factory: Callable[[], AbstractAsyncContextManager[T]]
    ) -> AsyncIterator[T]:
        """Hold an asyncio context manager open (a client session) in the asyncio loop.

        It is entered and left in one task over there, as such managers expect.
        """
        ready: trio.MemorySendChannel[T]
        ready, got = trio.open_memory_channel[T](1)
        token = trio.lowlevel.current_trio_token()
        leave = await self.run(_make_event)

        async def hold() -> None:
            async with factory() as value:
                token.run_sync_soon(ready.send_nowait, value)
                await leave.wait()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.run, hold)
            yield await got.receive()
            self._post(leave.set)

    async def aclose(self) -> None:
        """Cancel what still runs, wait for it, end the loop. Safe to call twice."""
        self._post_quietly(self._cancel_all)
        with trio.move_on_after(CLOSE_SECONDS, shield=True) as scope:
            await self._gone.wait()
        if scope.cancelled_caught:
            log.warning("bridge.left_behind", waited_seconds=CLOSE_SECONDS)

    # --- inside ------------------------------------------------------------------------

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(self._gone.set)

    def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        # Kept by the loop until it has run; one that is cancelled ends in the next pass.
        self._last = self._loop.create_task(self._stop_after(tasks))

    async def _stop_after(self, tasks: set[asyncio.Task[Any]]) -> None:
        if tasks:
            await asyncio.wait(tasks)
        self._loop.stop()

    def _post(self, function: Callable[..., object], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            msg = "the bridge is closed; open one with `async with asyncio_bridge()`"
            raise BridgeClosed(msg) from None

    def _post_quietly(self, function: Callable[..., object], *args: object) -> None:
        with suppress(BridgeClosed):
            self._post(function, *args)


async def _make_event() -> asyncio.Event:
    return asyncio.Event()


@asynccontextmanager
async def asyncio_bridge() -> AsyncIterator[AsyncioBridge]:
    """Open a bridge: a thread with an asyncio loop in it, for as long as the block lasts."""
    bridge = AsyncioBridge()
    try:
        yield bridge
    finally:
        await bridge.aclose()
