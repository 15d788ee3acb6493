"""Values as implementations really send them: ids as numbers or text, flags as words.

Nothing here raises: what cannot be understood becomes the empty value of its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

JsonObject: TypeAlias = Mapping[str, object]
"""A decoded JSON object; its values are judged where they are used."""

NOTHING: JsonObject = {}

# The specification allows all three spellings wherever it says 0 and 1.
TRUE_WORDS = frozenset({"1", "yes", "true", "on"})
FALSE_WORDS = frozenset({"0", "no", "false", "off", ""})

_MILLISECONDS_FROM = 1e11
"""A time beyond this (the year 5138 in seconds) was meant in milliseconds."""
_NO_TIME_FROM = _MILLISECONDS_FROM * 1000


def as_id(value: object) -> str:
    """Return an account, group or message id as text; empty where there is none.

    Ids are text everywhere in this project: JSON numbers of 64 bits do not survive
    every language, and some implementations send text to begin with.
    """
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ""


def as_id_or_none(value: object) -> str:
    """Return an id where 0 means *nobody*: no group, no operator, not logged in."""
    some = str(value) if type(value) is int else as_id(value)
    return "" if some == "0" else some


def as_text(value: object) -> str:
    """Return text; a number is written out, anything else is empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def as_int(value: object, default: int = 0) -> int:
    """Return a whole number, also from text and from `3.0`."""
    if type(value) is int:
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return default
    return default


def as_flag(value: object) -> bool | None:
    """Return a flag in any of its spellings; `None` where nothing is said."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, str):
        word = value.lower()
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
    return None


def as_object(value: object) -> JsonObject:
    """Return a JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else NOTHING


def as_list(value: object) -> list[object]:
    """Return a JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else []


def as_seconds(value: object) -> float | None:
    """Return an instant in seconds since 1970; `None` where nothing is said."""
    if type(value) is not int:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if not 0 < value < _NO_TIME_FROM:
        return None
    return value / 1000 if value >= _MILLISECONDS_FROM else float(value)
