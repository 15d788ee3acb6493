"""Converters for what a caller hands to an action; each says what must hold.

Ids may be given as text or as numbers and go out as numbers, which is what the
specification asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from actors.messages import Segment
from platforms.onebot11.wire.lenient import as_flag
from platforms.onebot11.wire.segments import write_body

Id: TypeAlias = int | str


def id_out(value: object) -> Id:
    """Return an id as it goes out: a number, unless it is no number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value:
        digits = value.removeprefix("-")
        is_number = digits.isascii() and digits.isdecimal() and len(digits) < 20
        return int(value) if is_number else value
    raise ValueError(_must("an id", value))


def message_out(value: object) -> object:
    """Ours (a `Segment` or several), or theirs: text with CQ codes, arrays, an object."""
    if isinstance(value, str | dict):
        return value
    if isinstance(value, list | tuple):
        ours = [part for part in value if isinstance(part, Segment)]
        return write_body(ours) if len(ours) == len(value) else list(value)
    if isinstance(value, Segment):
        return write_body([value])
    raise ValueError(_must("a message", value))


def flag_out(value: object) -> bool:
    flag = as_flag(value)
    if flag is None:
        raise ValueError(_must("true or false", value))
    return flag


def number_out(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(_must("a number", value))
    try:
        return int(value)
    except (ValueError, OverflowError):
        raise ValueError(_must("a number", value)) from None


def text_out(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(_must("text", value))
    return str(value)


def object_out(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(_must("an object", value))
    return value


def maybe_object_out(value: object) -> Mapping[str, object] | None:
    return None if value is None else object_out(value)


def maybe_text_out(value: object) -> str | None:
    return None if value is None else text_out(value)


def maybe_id_out(value: object) -> Id | None:
    return None if value is None else id_out(value)


def request_kind(value: object) -> str:
    return _among(value, "add", "invite")


def message_type(value: object) -> str | None:
    return None if value is None else _among(value, "private", "group")


def _among(value: object, *words: str) -> str:
    if not isinstance(value, str) or value not in words:
        raise ValueError(_must(" or ".join(words), value))
    return value


def _must(what: str, got: object) -> str:
    return f"must be {what} (got {got!r:.80})"
