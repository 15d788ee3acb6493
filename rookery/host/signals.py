"""Signals: the first one asks to leave, the second one leaves, SIGHUP reloads.

SIGHUP is also what a terminal says that is closed. Nobody is left to end a host that was
run in it, so it asks to leave then.

The handler runs between two bytecodes of the main thread, so a second Ctrl-C works even
while a bot blocks the loop and nobody would look at an event any more.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import trio

SECOND_SIGNAL = 1
_LEAVE = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """What came so far."""

    def __init__(
        self,
        reload: Callable[[], None],
        leaving: Callable[[], None] = lambda: None,
        leave_now: Callable[[int], object] = os._exit,
        terminal: int | None = None,
    ) -> None:
        """Make one, inside trio.

        Args:
            reload: called in the loop at a SIGHUP.
            leaving: called at once, in the handler, when it is asked to leave.
            leave_now: ends the process with an exit code.
            terminal: the file descriptor of the terminal it was started from.
        """
        self.asked_to_leave = trio.Event()
        self.asked_by = ""
        self._reload = reload
        self._leaving = leaving
        self._leave_now = leave_now
        self._terminal = terminal
        self._token = trio.lowlevel.current_trio_token()

    def received(self, number: int, _: FrameType | None) -> None:
        closed = self._terminal is not None and not os.isatty(self._terminal)
        if number == signal.SIGHUP and self.asked_by:
            return  # a closed terminal says it more than once; who leaves loads nothing
        if number == signal.SIGHUP and not closed:
            self._token.run_sync_soon(self._reload)
        elif self.asked_by:
            self._leave_now(SECOND_SIGNAL)
        else:
            self.asked_by = signal.Signals(number).name
            self._leaving()
            self._token.run_sync_soon(self.asked_to_leave.set)


def terminal_of_this_process() -> int | None:
    """Return a standard file that is a terminal.

    None: there is none, as in a service; or whoever began us wants no hangup to end us,
    as `nohup` does.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return None
    return next(filter(os.isatty, range(3)), None)


@contextmanager
def signals_to(signals: Signals) -> Iterator[None]:
    """Send the signals of this process to *signals* inside the block."""
    numbers = (*_LEAVE, signal.SIGHUP)
    before = {number: signal.signal(number, signals.received) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
