"""A trio run that a synchronous test steps through, on a clock that it moves by hand.

Hypothesis' state machines are synchronous; `Portal.do` runs one step of them inside.
Between two steps the whole loop stands still, so that the same steps give the same run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from queue import SimpleQueue
from typing import TypeAlias

import trio
import trio.testing

Work: TypeAlias = Callable[[], object]


class Portal:
    """Lives in *world* until it is closed. Close it, or its thread stays."""

    def __init__(self, world: AbstractAsyncContextManager[object]) -> None:
        self.clock = trio.testing.MockClock()
        self._world = world
        self._works: SimpleQueue[Work | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._wait()

    def do(self, *works: Work) -> None:
        """Call each of *works* inside; after each, wait until nothing happens any more."""
        for work in works:
            self._works.put(work)
            self._wait()

    def close(self) -> None:
        self._works.put(None)
        self._wait()
        self._thread.join()

    def _wait(self) -> None:
        error = self._done.get(timeout=60)
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            trio.run(self._steps, clock=self.clock)
        except BaseException as error:
            self._done.put(error)
        else:
            self._done.put(None)

    async def _steps(self) -> None:
        async with self._world:
            await trio.testing.wait_all_tasks_blocked()
            self._done.put(None)
            while (work := self._works.get()) is not None:  # the loop stands still
                failed: BaseException | None = None
                try:
                    work()
                except BaseException as error:
                    failed = error
                await trio.testing.wait_all_tasks_blocked()
                self._done.put(failed)
