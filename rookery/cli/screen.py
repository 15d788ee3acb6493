"""A terminal that is drawn over again and again, and left as it was.

It is the terminal's second screen, so what was there before comes back. Whoever leaves
by Ctrl-C, by a signal or by an error, or rests with Ctrl-Z, leaves it in order.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Self, TextIO

# Second screen, hidden cursor, and no wrapping: a terminal may find a character wider
# than Unicode does. Then all of it undone, in reverse.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[2K", "\x1b[J"


def can_redraw(out: TextIO) -> bool:
    """Tell whether *out* is a terminal that can be drawn over."""
    return out.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class Screen:
    """`with Screen(sys.stdout) as screen: screen.draw(lines); screen.wait(1.0)`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._handlers: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._woken, waker = socket.socketpair()
        self._waker = waker
        waker.setblocking(False)
        self._woken.setblocking(False)
        # A signal ends a wait: a resized window is drawn at once.
        self._old_waker = signal.set_wakeup_fd(
            waker.fileno(), warn_on_full_buffer=False
        )
        for number, handler in (
            (signal.SIGWINCH, _nothing),
            (signal.SIGTSTP, self._rest),
            (signal.SIGTERM, _leave),
            (signal.SIGHUP, _leave),
        ):
            self._handlers[number] = signal.signal(number, handler)
        self._write(_ENTER)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write(_LEAVE)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal` gave
        signal.set_wakeup_fd(self._old_waker)
        self._woken.close()
        self._waker.close()

    def draw(self, lines: Sequence[str]) -> None:
        """Draw *lines* in place of what is there, at least one; they fit, that is the caller's business."""
        # Cleared first: a line that fills its row leaves the cursor on its last cell.
        *above, last = lines
        rows = "".join(f"{_CLEAR_LINE}{line}\r\n" for line in above)
        self._write(f"{_HOME}{rows}{_CLEAR_BELOW}{last}")

    def wait(self, seconds: float) -> None:
        """Wait, but not on after a signal."""
        if select.select([self._woken], [], [], seconds)[0]:
            self._woken.recv(4096)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def _rest(self, _: int, __: FrameType | None) -> None:
        """Ctrl-Z: give the terminal back for as long as it takes."""
        self._write(_LEAVE)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._rest)
        self._write(_ENTER)


def _nothing(_: int, __: FrameType | None) -> None:
    """To be woken is all."""


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
