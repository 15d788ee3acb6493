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


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold *data* for this process; the folder is created (0700) if missing.

    The kernel lets go of the lock when the process ends, however it ends.

    Raises:
        DataTaken: another process holds it.
        DataUnusable: it is no folder that we may write to.
    """
    fd = _open(data)
    try:
        _take(fd, data)
        with suppress(OSError):  # a full disk; the lock holds without the note
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


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
