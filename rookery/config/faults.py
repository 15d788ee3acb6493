"""What is wrong with a configuration: where, what must hold there, what was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

# TOML writes such keys without quotes; every other key is shown quoted.
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_GOT = 60


@frozen
class Fault:
    """One mistake in a file. Its text is one line and never holds a secret."""

    path: str
    """As one would write it in TOML: `platforms.qq.listen`."""
    message: str
    """`expected ..., got ...`"""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@frozen
class ConfigRefused(Exception):
    """The configuration cannot be used. All of its faults, in reading order."""

    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


@frozen
class Wrong(ValueError):
    """A value that may not stand where it stands.

    It knows nothing of where that is: `walk.faults_of` adds the path.
    """

    expected: str
    got: str
    key: str = ""
    """The key below the value that is meant, where it is not the value itself."""

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.got}"


def join(path: str, key: str) -> str:
    """Return the path of *key* below *path*."""
    written = key if _BARE.fullmatch(key) else f'"{_one_line(key)}"'
    return f"{path}.{written}" if path else written


def shown(value: object) -> str:
    """Return *value* as a person would say it: its kind, and itself if it is short."""
    match value:
        case bool():
            return f"the boolean {str(value).lower()}"
        case int():
            return f"the integer {value}"
        case float():
            return f"the number {value:g}"
        case str():
            return f'the text "{_one_line(value)}"' if value else "an empty text"
        case _:
            return kind_of(value)


def kind_of(value: object) -> str:
    """Return what sort of value it is, and nothing of the value: it may be a secret."""
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text" if value else "an empty text"
        case Mapping():
            return "a table" if value else "an empty table"
        case Sequence():
            return "a list" if value else "an empty list"
        case _:
            return f"a {type(value).__name__}"


def one_of(choices: Iterable[str]) -> str:
    """Return *choices* as a sentence has them: `a, b or c`."""
    *most, last = sorted(choices)
    return f"{', '.join(most)} or {last}" if most else last


def _one_line(text: str) -> str:
    flat = "".join(c if c.isprintable() else "?" for c in text)
    return flat if len(flat) <= _LONGEST_GOT else f"{flat[:_LONGEST_GOT]}..."
