"""Reading a local file for an author: only below folders that the operator has named.

A path comes from a bot's author, never from a platform. But an author may build it from
what somebody typed, so it is resolved first, links and `..` included, and then has to
lie below one of the folders.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import trio

from platforms.media.errors import MediaRefused


async def read_file(
    path: Path, folders: Iterable[Path], closed: Iterable[Path], max_bytes: int
) -> bytes:
    """Return what is in the file at *path*.

    Raises:
        MediaRefused: it is no file, lies in none of *folders* or in one that is *closed*,
            or is larger than *max_bytes*.
    """
    return await trio.to_thread.run_sync(
        partial(_read, path, tuple(folders), tuple(closed), max_bytes),
        abandon_on_cancel=True,
    )


def _read(
    path: Path, folders: tuple[Path, ...], closed: tuple[Path, ...], max_bytes: int
) -> bytes:
    name = path.name or str(path)
    if not path.is_absolute():
        raise MediaRefused(name, f"a path must be absolute (got {str(path)!r})")
    try:
        real = path.resolve(strict=True)
        if not _lies_in(real, folders) or _lies_in(real, closed):
            raise MediaRefused(name, _elsewhere(folders))
        # Not blocking: opening a pipe would wait for somebody to write into it.
        fd = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:  # noqa: PTH123 - of a descriptor, not of a path
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise MediaRefused(name, "it is no ordinary file")
            data = file.read(max_bytes + 1)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise MediaRefused(name, f"it cannot be read: {why}") from error
    if len(data) > max_bytes:
        raise MediaRefused(name, f"it is larger than {max_bytes} bytes")
    return data


def _lies_in(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder.resolve()) for folder in folders)


def _elsewhere(folders: tuple[Path, ...]) -> str:
    if not folders:
        return "no folder is open to bots (name one in [media] folders)"
    named = ", ".join(map(str, folders))
    return f"it does not lie in a folder that is open to bots ({named})"
