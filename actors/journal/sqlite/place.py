"""Where the file lies: it is made, found again, and opened. Only the store comes here."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path


def prepare(path: Path) -> None:
    """Make the file if it is missing; raise `OSError` where we could not write."""
    if not path.exists():
        for left_over in ("-wal", "-shm"):  # of a file that was moved away
            path.with_name(path.name + left_over).unlink(missing_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for place in (path.parent, path):
        if not os.access(place, os.W_OK):
            # SQLite would open it for reading, and leave a log that nobody can write.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


def connected(path: Path) -> sqlite3.Connection:
    """Open the file; transactions are begun and ended by hand."""
    # Used by one thread at a time, not always by the one that opened it.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def identity(path: str) -> tuple[int, int] | None:
    """Tell this file from another one under the same name; `None` if there is none."""
    # Asked before each commit: a `Path` takes longer to say where it is than the answer.
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino
