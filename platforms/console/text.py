"""Bytes of a terminal in, lines out; replies in, printable text out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_LINE_BYTES = 64 * 1024
"""A longer line is delivered in pieces: input without an end must not eat the memory."""

# Everything that moves a cursor, rings or recolours; newline and tab may stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Lines:
    """Bytes in, whole lines out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield every line that *data* completed, without its end and blank ones."""
        *whole, rest = (self._rest + data).split(b"\n")
        while len(rest) >= MAX_LINE_BYTES:
            whole.append(rest[:MAX_LINE_BYTES])
            rest = rest[MAX_LINE_BYTES:]
        self._rest = rest
        yield from filter(None, map(_text, whole))

    def end(self) -> Iterator[str]:
        """Yield what stood on the last line, where it had no end."""
        rest, self._rest = self._rest, b""
        yield from filter(None, [_text(rest)])


def printable(text: str) -> str:
    """Return *text* without control characters: a chat must not drive a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()
