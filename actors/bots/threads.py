"""Handlers that are plain functions: they run in threads beside the loop, few at a time."""

from __future__ import annotations

from functools import partial
from inspect import isawaitable, iscoroutine

import structlog
import trio

from actors.bots.errors import Nonsense
from actors.bots.handlers import Handler

THREADS = 8
"""Plain functions of one bot that may run at the same time."""

log = structlog.get_logger()


class Threads:
    """The threads of one bot.

    A thread cannot be killed: one that is late is left behind, keeps its place among
    the others until it ends, and can no longer say anything.
    """

    def __init__(self) -> None:
        self._limiter = trio.CapacityLimiter(THREADS)

    async def run(self, handler: Handler, function: partial[object]) -> object:
        """Return what *function* returns, which is *handler* with its arguments.

        Raises:
            Nonsense: it returned something to await.
        """
        try:
            # In a list, because trio refuses a thread's coroutine in its own words.
            (value,) = await trio.to_thread.run_sync(
                lambda: [function()], abandon_on_cancel=True, limiter=self._limiter
            )
        except trio.Cancelled:
            log.warning("handler.thread_left_behind", handler=handler.name)
            raise
        if isawaitable(value):
            if iscoroutine(value):
                value.close()
            raise Nonsense(handler.name, "something to await; write it as `async def`")
        return value
