"""Where the control socket is, and how to reach it when its path is too long.

The kernel keeps the address of a Unix socket in 108 bytes (104 on macOS); a data
directory may well lie deeper. Linux lets us go through the open folder instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from rookery.control.protocol import SOCKET_NAME

# One byte is the end of the string; 104 is the smaller of the two systems.
MAX_ADDRESS_BYTES = 103
_FOLDERS = Path("/proc/self/fd")


@frozen
class PathTooLong(Exception):
    """There is no way to this folder that fits into a socket's address."""

    data: Path

    def __str__(self) -> str:
        room = MAX_ADDRESS_BYTES - len(SOCKET_NAME) - 1
        return (
            f"the data directory must have a path of at most {room} bytes here "
            f"(got {len(os.fsencode(self.data))}: {self.data})"
        )


@contextmanager
def socket_address(data: Path) -> Iterator[str]:
    """Yield an address of the control socket in *data*, good inside the block.

    Raises:
        PathTooLong: neither the path fits, nor is there another way.
        OSError: the folder is not there.
    """
    plain = data / SOCKET_NAME
    if len(os.fsencode(plain)) <= MAX_ADDRESS_BYTES:
        yield str(plain)
        return
    if not _FOLDERS.is_dir():
        raise PathTooLong(data)
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield str(_FOLDERS / str(folder) / SOCKET_NAME)
    finally:
        os.close(folder)
