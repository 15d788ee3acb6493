"""What hangs is told by the processor time it takes: on a busy machine all takes long."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Final

HANGS_SECONDS: Final = 10.0
"""Of the processor, for one input."""


class Hangs(BaseException):
    """It is still at work. No `except Exception` of a codec passes over it."""


@contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Raise Hangs where the block takes more *seconds* of the processor than that.

    For the main thread, and for what lets Python look around now and then: a regular
    expression does.
    """

    def over(*_: object) -> None:
        msg = f"it must end within {seconds:g} s of processor time"
        raise Hangs(msg)

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def within(seconds: float, does: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return *does* as what raises Hangs."""

    @wraps(does)
    def watched(data: bytes) -> None:
        with processor_time(seconds):
            does(data)

    return watched
