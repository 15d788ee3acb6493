"""`rookery new`: files to start from, never over others."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from rookery.cli import newbot, starters
from rookery.cli.codes import OK, USAGE
from rookery.config import FILE_NAME


def write_bot(name: str, folder: Path) -> int:
    """Write the bot *name* into *folder*; print what to do next; return the exit code."""
    if problem := newbot.bad_name(name):
        print(problem, file=sys.stderr)
        return USAGE
    file = newbot.file_name(name)
    if not _written({file: newbot.source(name)}, folder):
        return USAGE
    print(f"Wrote {file}.")
    print(newbot.what_next(name, file, configured=(folder / FILE_NAME).exists()))
    return OK


def write_platform(name: str, transport: starters.Transport, folder: Path) -> int:
    """Write the platform *name* and its proof into *folder*, as `write_bot` does a bot."""
    if problem := starters.bad_name(name):
        print(problem, file=sys.stderr)
        return USAGE
    texts = starters.texts_of(name, transport)
    if not _written(texts, folder):
        return USAGE
    print(f"Wrote {', '.join(sorted(texts))}.")
    needed = ("pytest", "hypothesis", "wsproto")
    there = all(map(_can_be_imported, needed))
    print(starters.what_next(name, transport, sys.executable, testable=there))
    return OK


def _can_be_imported(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # it stands in sys.modules, and is none
        return False


def _written(texts: Mapping[str, str], folder: Path) -> bool:
    """Write all of them or none; say why not."""
    there = [file for file in texts if (folder / file).exists()]
    for file in there:
        print(f"{file} exists already and is left as it is", file=sys.stderr)
    if there:
        return False
    made: list[Path] = []
    for file, text in texts.items():
        path = folder / file
        try:
            with path.open("x", encoding="utf-8") as new:
                made.append(path)
                new.write(text)
        except OSError as error:
            print(f"{path} cannot be written: {error.strerror}", file=sys.stderr)
            for half in made:
                half.unlink(missing_ok=True)
            return False
    return True
