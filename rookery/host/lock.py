"""One host per data directory: whoever holds the lock on the file is the host."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES
from pathlib import Path

from attrs import frozen

LOCK_NAME = "lock"


@frozen
class DataTaken(Exception):
    """Another host runs on this data directory."""

    data: Path
    pid: int | None

    def __str__(self) -> str:
        who = "another host" if self.pid is None else f"the host with pid {self.pid}"
        return (
            f"{self.data} is in use by {who}; stop that one first, "
            "or give this one a data directory of its own (--data DIR)"
        )


@frozen
class DataUnusable(Exception):
    """The data directory cannot be created or written."""

    data: Path
    why: str

    def __str__(self) -> str:
        return f"the data directory {self.data} cannot be used: {self.why}"


class Lock:
    """The lock of this process on a data directory."""

    def __init__(self, data: Path) -> None:
        """Take it.

        Raises:
            DataTaken, DataUnusable: see `locked`.
        """
        self._data = data
        self._fd = _taken(data)

    def keep(self) -> None:
        """Take it anew where somebody has removed the folder, or the lock in it.

        Whoever starts then finds none, so this is asked before the journal is opened.

        Raises:
            DataTaken: somebody has started.
            DataUnusable: there is no folder that we may write to.
        """
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(self._fd), (self._data / LOCK_NAME).stat()):
                return
        taken = _taken(self._data)
        self.close()
        self._fd = taken

    def close(self) -> None:
        """Let go of it, as the kernel does when the process ends, however it ends."""
        os.close(self._fd)


@contextmanager
def locked(data: Path) -> Iterator[Lock]:
    """Hold *data* for this process; the folder is created (0700) if missing.

    Raises:
        DataTaken: another process holds it.
        DataUnusable: it is no folder that we may write to.
    """
    lock = Lock(data)
    try:
        yield lock
    finally:
        lock.close()


def _taken(data: Path) -> int:
    fd = _open(data)
    try:
        _take(fd, data)
    except BaseException:
        os.close(fd)
        raise
    with suppress(OSError):  # a full disk; the lock holds without the note
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _open(data: Path) -> int:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(data, os.W_OK | os.X_OK):
            # A lock from better days can be held, but nothing can be made beside it.
            raise PermissionError(EACCES, os.strerror(EACCES))
        return os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataUnusable(data, error.strerror or str(error)) from error


def _take(fd: int, data: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        written = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        pid = int(written) if written.isdecimal() else None
        raise DataTaken(data, pid) from None
    except OSError as error:
        raise DataUnusable(data, error.strerror or str(error)) from error
