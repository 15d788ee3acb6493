"""Names the handler that blocks the loop, while it blocks it.

A thread asks the loop for a sign of life and goes back to sleep. If none comes within
the limit, it looks at the frames of the loop's thread: the kernel's own frame among them
knows the actor and the message, the innermost one the source line. An idle loop answers
at once, so idleness is never mistaken for a block, and handlers pay nothing.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Self

import trio
from attrs import frozen

from actors.kernel.incarnation import Incarnation
from actors.kernel.reasons import LOST_LINE

DEFAULT_LIMIT_SECONDS = 0.5


@frozen
class Blocked:
    """The loop has not turned for `seconds`; this is what it is busy with."""

    actor: str
    """`""` if it is no actor that blocks."""
    message: str
    line: str
    seconds: float


class Watchdog:
    """`with Watchdog(report): ...` inside trio. *report* is called in the watching thread."""

    def __init__(
        self,
        report: Callable[[Blocked], None],
        *,
        limit_seconds: float = DEFAULT_LIMIT_SECONDS,
    ) -> None:
        self._report = report
        self._limit = limit_seconds
        self._stop = threading.Event()
        self._alive = threading.Event()

    def __enter__(self) -> Self:
        token = trio.lowlevel.current_trio_token()
        loop_thread = threading.get_ident()
        self._thread = threading.Thread(
            target=self._watch,
            args=(token, loop_thread),
            name="rookery-watchdog",
            daemon=True,
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._alive.set()
        self._thread.join()

    def _watch(self, token: trio.lowlevel.TrioToken, loop_thread: int) -> None:
        while not self._stop.wait(self._limit):
            self._alive.clear()
            try:
                token.run_sync_soon(self._alive.set)
            except trio.RunFinishedError:
                return
            waited = 0.0
            while not self._alive.wait(self._limit):
                waited += self._limit
                if self._stop.is_set():
                    return
                frame = sys._current_frames().get(loop_thread)  # noqa: SLF001 - the documented way to see another thread
                if frame is not None and waited == self._limit:
                    with LOST_LINE:  # nor does one end the watch
                        self._report(describe(frame, waited))


def describe(frame: FrameType, seconds: float) -> Blocked:
    """Say who is at work in *frame*: a pure reading of the stack."""
    line = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
    outer: FrameType | None = frame
    while outer is not None:
        owner = outer.f_locals.get("self")
        if isinstance(owner, Incarnation):
            in_hand = owner.in_hand
            message = type(in_hand.body).__name__ if in_hand is not None else ""
            return Blocked(owner.cell.path, message, line, seconds)
        outer = outer.f_back
    return Blocked("", "", line, seconds)
