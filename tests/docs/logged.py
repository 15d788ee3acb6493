"""What the source logs: every event that stands in a call of a log method."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from tests.docs.pages import ROOT

PACKAGES = ("actors", "supervision", "platforms", "rookery")
_LEVELS = ("debug", "info", "warning", "error", "critical", "exception")


@frozen
class Logged:
    """One place where an event is logged."""

    event: str
    level: str
    """Empty where it is chosen at run time."""
    file: str
    line: int


def logged() -> Iterator[Logged]:
    """Yield every log line of the four packages."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield from _in(file)


def _in(file: Path) -> Iterator[Logged]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=owner, attr=level),
                args=[ast.Constant(value=str(event)), *_],
            ) if level in _LEVELS and "log" in ast.unparse(owner):
                yield _logged(event, level, file, node.lineno)
            case ast.Call(
                func=ast.Name(id="level"), args=[ast.Constant(value=str(event)), *_]
            ):
                yield _logged(event, "", file, node.lineno)
            case _:
                pass


def _logged(event: str, level: str, file: Path, line: int) -> Logged:
    level = "error" if level == "exception" else level
    return Logged(event, level, str(file.relative_to(ROOT)), line)
