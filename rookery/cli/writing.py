"""`rookery new bot`: one file, never over another."""

from __future__ import annotations

import sys
from pathlib import Path

from rookery.cli.newbot import bad_name, file_name, source, what_next
from rookery.config import FILE_NAME

OK, USAGE = 0, 2


def write_bot(name: str, folder: Path) -> int:
    """Write the bot *name* into *folder*; print what to do next; return the exit code."""
    if problem := bad_name(name):
        print(problem, file=sys.stderr)
        return USAGE
    file = folder / file_name(name)
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(source(name))
    except FileExistsError:
        print(f"{file.name} exists already and is left as it is", file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"{file} cannot be written: {error.strerror}", file=sys.stderr)
        return USAGE
    print(f"Wrote {file.name}.")
    print(what_next(name, file.name, configured=(folder / FILE_NAME).exists()))
    return OK
