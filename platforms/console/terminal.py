"""Standard input and output without blocking the host.

Rules of this file:

1. `O_NONBLOCK` belongs to the open file, not to our descriptor: setting it on standard
   input would change the shell's terminal, and standard output with it. So a terminal
   and a pipe are opened anew, and what cannot be is left as it is.
2. A background job that reads its terminal is stopped by the kernel (SIGTTIN). So we
   look whose turn it is before we read.
3. A regular file, `/dev/null` and a socket cannot be waited for with epoll, or share
   their open file with standard output: these are read in a thread.
4. One write per reply: what is written in one piece is not torn by another line. A
   line that comes while the prompt is shown goes above it; see `last_line`. What was
   typed and not sent yet is no longer seen then, but still there.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Protocol

import trio

from platforms.base import last_line
from platforms.console.text import Lines

PROMPT = "> "
CHUNK_BYTES = 64 * 1024
BACKGROUND_POLL_SECONDS = 1.0


class Terminal(Protocol):
    """What the console talks through."""

    async def line(self) -> str | None:
        """Return the next line that is typed; `None` at the end of input."""
        ...

    async def say(self, text: str) -> None:
        """Write *text* and an end of line. Raises OSError when nobody can read it."""
        ...

    def close(self) -> None:
        """Read no more. What is said is still written."""
        ...


class StandardTerminal:
    """Standard input and output of this process."""

    def __init__(self, stdin: int = 0, stdout: int = 1) -> None:
        self._stdin = stdin
        self._stdout = stdout
        # One that is dumb shows an escape as what it is, and gets no prompt.
        self._interactive = (
            os.isatty(stdin) and os.isatty(stdout) and os.environ.get("TERM") != "dumb"
        )
        self._one_writer = trio.Lock()
        self._lines = Lines()
        self._read_already: deque[str] = deque()
        self._source: int | None = None
        self._opened = False
        self._ended = False

    async def line(self) -> str | None:
        """Return the next line; see `Terminal`. One task reads."""
        while not self._read_already:
            if self._ended:
                return None
            if not self._opened:
                self._source = _open_again(self._stdin)
                self._opened = True
            await self._prompt()
            try:
                data = await self._read()
            finally:
                last_line.prompt = ""
            self._ended = not data
            if self._ended and self._interactive:
                with suppress(OSError):
                    await self._write(last_line.cleared())
            self._read_already.extend(
                self._lines.feed(data) if data else self._lines.end()
            )
        return self._read_already.popleft()

    def close(self) -> None:
        source, self._source, self._opened = self._source, None, False
        if source is not None:
            os.close(source)

    async def say(self, text: str) -> None:
        line = f"{text}\n".encode("utf-8", "replace")
        await self._write(last_line.above(line) if self._interactive else line)

    async def _prompt(self) -> None:
        if self._interactive:
            last_line.prompt = PROMPT
            # Over itself, should a line of the log have shown it already. That the
            # terminal is gone is told by reading it.
            with suppress(OSError):
                await self._write(last_line.cleared())

    async def _write(self, data: bytes) -> None:
        # In a thread: a pipe that nobody empties blocks the one who writes.
        async with self._one_writer:
            await trio.to_thread.run_sync(
                partial(_write_all, self._stdout, data), abandon_on_cancel=True
            )

    async def _read(self) -> bytes:
        """Return some bytes; none at the end of input."""
        source = self._source
        if source is None:
            return await trio.to_thread.run_sync(
                partial(_read_some, self._stdin), abandon_on_cancel=True
            )
        while True:
            await trio.lowlevel.wait_readable(source)
            if not _our_turn(source):
                await trio.sleep(BACKGROUND_POLL_SECONDS)
                continue
            with suppress(BlockingIOError):
                return _read_some(source)


def _open_again(fd: int) -> int | None:
    """Return an own open file for *fd*, or `None` where only a thread can read it."""
    try:
        mode = os.fstat(fd).st_mode
        if os.isatty(fd):
            return os.open(os.ttyname(fd), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        if stat.S_ISFIFO(mode):
            return os.open(f"/dev/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        # Closed, or somebody else's (under sudo): the thread finds out which.
        return None
    return None


def _our_turn(fd: int) -> bool:
    """Say whether we may read: always, but for a terminal that shows another job."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return True


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, CHUNK_BYTES)
    except BlockingIOError:
        raise
    except OSError:
        # A terminal that was closed (EIO) and an input that never was (EBADF): the end.
        return b""


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
