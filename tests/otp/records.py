"""Reading a corpus: JSON lines, plain or gzipped, from a file or standard input.

A record is `{"name": ..., "scenario": {"root": ..., "steps": [...]}, "trace": [...]}`
with one entry of the trace for the start, one for each step and one for the end.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from tests.otp.terms import Script

CORPUS = Path(__file__).with_name("corpus.jsonl.gz")
"""Random scenarios."""
CASES = Path(__file__).with_name("cases.jsonl")
"""A few made by hand: what chance had left out."""
STDIN = Path("-")

_GZIP = b"\x1f\x8b"
_NO_LINES = (OSError, EOFError, zlib.error)


class Unreadable(Exception):
    """A file that is no corpus; the text names it, and the line."""


def recorded(path: Path) -> Iterator[Script]:
    """Yield the records of the corpus at *path*; of standard input for `-`.

    Raises:
        Unreadable: there is no such file, or a line of it holds no record.
    """
    name = "standard input" if path == STDIN else str(path)
    try:
        if path == STDIN:
            yield from _records(name, sys.stdin.buffer)
        else:
            with path.open("rb") as file:
                yield from _records(name, file)
    except _NO_LINES as error:
        why = error.strerror if isinstance(error, OSError) else None
        msg = f"{name}: cannot be read: {why or error}"
        raise Unreadable(msg) from error


def _records(name: str, raw: BinaryIO) -> Iterator[Script]:
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]  # a binary file is a raw one, too
    is_zipped = buffered.peek(2)[:2] == _GZIP
    # A GzipFile is a binary file in all that is used here.
    lines = cast("BinaryIO", gzip.GzipFile(fileobj=buffered)) if is_zipped else buffered
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _record(f"{name}:{number}", line)


def _record(where: str, line: bytes) -> Script:
    try:
        record = json.loads(line)
    except ValueError as error:
        msg = f"{where}: must be a JSON object ({error})"
        raise Unreadable(msg) from error
    match record:
        case {
            "name": str(),
            "scenario": {"root": dict(), "steps": list(steps)},
            "trace": list(trace),
        } if len(trace) == len(steps) + 2:
            return cast("Script", record)
        case {"name": str(name), "scenario": {"steps": list(steps)}, "trace": trace}:
            many = len(trace) if isinstance(trace, list) else repr(trace)
            msg = (
                f"{where}: {name}: trace must have {len(steps) + 2} entries: for the "
                f"start, each of {len(steps)} steps and the end (got {many})"
            )
            raise Unreadable(msg)
        case _:
            got = ", ".join(record) if isinstance(record, dict) else repr(record)[:60]
            msg = (
                f"{where}: must hold name, scenario (root, steps) and trace (got {got})"
            )
            raise Unreadable(msg)
