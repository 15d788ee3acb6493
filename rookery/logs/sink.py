"""Where lines go: a file descriptor, written to directly, never waited for."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

# What a pipe or terminal takes at once when it says that it is writable (PIPE_BUF).
_CHUNK_BYTES = 4096


class Sink:
    """Writes whole lines to *fd*; drops and counts them while nobody reads there.

    A pipe whose reader hangs, or a terminal stopped by Ctrl-S, would block every
    task of the host in `write`. So it is asked first whether there is room.
    """

    def __init__(
        self, fd: int, place: Callable[[bytes], bytes] = lambda line: line
    ) -> None:
        self._fd = fd
        self._place = place
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        self.dropped = 0

    def write(self, line: bytes) -> None:
        """Write *line*, or count it as dropped. Never raises, never blocks for long."""
        if self.dropped and self._room():
            lost, self.dropped = self.dropped, 0
            self._write(b"... %d log lines were dropped, nobody read them\n" % lost)
        if not self._write(self._place(line)):
            self.dropped += 1

    def _write(self, line: bytes) -> bool:
        for start in range(0, len(line), _CHUNK_BYTES):
            chunk = line[start : start + _CHUNK_BYTES]
            while chunk:
                if not self._room():
                    return False
                try:
                    chunk = chunk[os.write(self._fd, chunk) :]
                except (BlockingIOError, InterruptedError):
                    return False
                except OSError:
                    return False  # the reader is gone for good: the host is not
        return True

    def _room(self) -> bool:
        try:
            return any(event & select.POLLOUT for _, event in self._poll.poll(0))
        except OSError:
            return False

    # structlog calls the method that is named like the level.
    msg = debug = info = warning = error = critical = exception = write
