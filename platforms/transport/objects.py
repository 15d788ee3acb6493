"""JSON objects as they come in from a stranger: bounded, or refused. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec

MAX_NESTING: Final = 64


class NoObject(ValueError):
    """What was read is no JSON object, or is nested too deeply."""


def object_of(text: str | bytes) -> dict[str, Any]:
    """Return the object that *text* holds.

    Raises:
        NoObject: it holds something else, or nothing.
    """
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise NoObject(str(error)) from None
    if not isinstance(value, dict):
        msg = f"it must be a JSON object (got {type(value).__name__})"
        raise NoObject(msg)
    if _deeper_than(value, MAX_NESTING):
        msg = f"it must not be nested deeper than {MAX_NESTING}"
        raise NoObject(msg)
    return value


def _deeper_than(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = [each for each in inner if isinstance(each, dict | list)]
        if not level:
            return False
    return True
