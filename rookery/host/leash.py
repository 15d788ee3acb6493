"""The end of a leave that does not end.

A handler that holds on against its own end, or code that blocks the loop, would keep the
process until somebody kills it. The time that leaving may take is known: when it is
over, this says what it was that held on, and ends the process. What is in the journal is
there, as after any end.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from rookery.host.leaving import DRAIN_SECONDS

LEAVE_SECONDS: Final = DRAIN_SECONDS + 8.0
"""Finishing what is in hand, the whole tree, one that will not die, and some to spare."""
CUT_OFF = 1

log = structlog.get_logger()


class Leash:
    """A thread of its own, because the loop may be what does not end."""

    def __init__(
        self,
        who: Callable[[], str],
        seconds: float = LEAVE_SECONDS,
        leave_now: Callable[[int], object] = os._exit,
    ) -> None:
        """Make one.

        Args:
            who: what holds on, asked in another thread.
            seconds: how long leaving may take.
            leave_now: ends the process with an exit code.
        """
        self._who = who
        self._seconds = seconds
        self._leave_now = leave_now
        self._leaving = threading.Event()
        self._over = threading.Event()

    def begin(self) -> None:
        """The time runs from now. May be called in a handler of a signal."""
        self._leaving.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Watch over the block; its end is the end of leaving."""
        threading.Thread(target=self._watch, name="leash", daemon=True).start()
        try:
            yield
        finally:
            self._over.set()
            self._leaving.set()

    def _watch(self) -> None:
        self._leaving.wait()
        if not self._over.wait(self._seconds):
            try:
                why = self._who()
            except Exception as error:  # noqa: BLE001 - it runs on while we look at it
                why = f"{type(error).__name__}: {error}"
            log.error("host.cut_off", seconds=self._seconds, why=why)
            self._leave_now(CUT_OFF)
