"""A run of trio in a thread of its own, whose clock stands still between two calls.

So a plain function can drive a tree step by step, and nothing happens between two steps.
Hypothesis needs this, too: it calls plain functions only.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Generic, TypeVar

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from rookery.testing.scheduling import seeded

T = TypeVar("T")
V = TypeVar("V")


class NotVirtual(RuntimeError):
    """The clock of this run is a real one, so time cannot be advanced."""

    def __init__(self, clock: object) -> None:
        super().__init__(
            f"a tree under test needs a virtual clock (got {clock!r}): use the fixture "
            "autojump_clock, trio.run(..., clock=MockClock()), or kit.run"
        )


def virtual_clock() -> MockClock:
    """Return the clock of this run of trio.

    Raises:
        NotVirtual: it is a real one.
    """
    clock = trio.lowlevel.current_clock()
    if not isinstance(clock, MockClock):
        raise NotVirtual(clock)
    return clock


@contextmanager
def time_passing() -> Iterator[None]:
    """While the block waits for something, time jumps from timer to timer."""
    clock = virtual_clock()
    before, clock.autojump_threshold = clock.autojump_threshold, 0
    try:
        yield
    finally:
        clock.autojump_threshold = before


async def settle() -> None:
    """Wait until nothing happens by itself any more at this instant."""
    await wait_all_tasks_blocked()


async def advance(seconds: float) -> None:
    """Let so much virtual time pass, then settle."""
    with time_passing():
        await trio.sleep(seconds)
    await settle()


class InsideTrio(RuntimeError):
    """`run` was called inside of trio, where it would block; `open` is for that."""

    def __init__(self) -> None:
        super().__init__(
            "kit.run is for plain test functions, and this one is inside trio: "
            "use `async with kit.open(tree) as k`, or make the test a plain function"
        )


class Over(RuntimeError):
    """The tree was stopped: nothing can be done to it any more."""

    def __init__(self) -> None:
        super().__init__(
            "this tree was stopped when its block was left: take steps inside the "
            "`with` block of kit.run; looking at what happened works after it, too"
        )


class Portal(Generic[V]):
    """Holds a context manager open in a run of its own, between `open` and `close`."""

    def __init__(
        self, manager: Callable[[], AbstractAsyncContextManager[V]], seed: int
    ) -> None:
        self._manager = manager
        self._seed = seed
        self._ready = threading.Event()
        self._raised: BaseException | None = None
        self._value: V | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._leave = trio.Event()
        self._because: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="rookery-kit")

    def open(self) -> V:
        """Enter the manager and return what it gives.

        Raises:
            InsideTrio: there is a run of trio in this thread already.
        """
        if trio.lowlevel.in_trio_run():
            raise InsideTrio
        self._thread.start()
        self._ready.wait()
        if self._value is None:
            self._thread.join()
            assert self._raised is not None
            raise self._raised
        return self._value

    def call(self, do: Callable[..., Awaitable[T]], *args: object) -> T:
        """Do something in there and return what comes of it.

        Raises:
            Over: it was closed.
        """
        if not self._thread.is_alive():
            raise Over
        return trio.from_thread.run(do, *args, trio_token=self._token)

    def close(self, because: BaseException | None = None) -> None:
        """Leave the manager, which is told *because*; raise what else it raises."""
        self._because = because
        if self._thread.is_alive():
            trio.from_thread.run_sync(self._leave.set, trio_token=self._token)
        self._thread.join()
        if self._raised is not None and self._raised is not because:
            raise self._raised

    def _run(self) -> None:
        try:
            with seeded(self._seed):
                trio.run(self._live, clock=MockClock())
        except BaseException as error:  # noqa: BLE001 - raised in the other thread
            self._raised = error
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        # Starting and stopping take their time, and nobody is there to grant it.
        with time_passing():
            async with self._manager() as value:
                with standing_still():
                    await settle()
                    self._value = value
                    self._ready.set()
                    await self._leave.wait()
                if self._because is not None:
                    raise self._because


@contextmanager
def standing_still() -> Iterator[None]:
    """While the block waits for something, no time passes."""
    clock = virtual_clock()
    before, clock.autojump_threshold = clock.autojump_threshold, float("inf")
    try:
        yield
    finally:
        clock.autojump_threshold = before
