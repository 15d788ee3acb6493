"""Values as they are read: what is missing or of another type is empty. Nothing raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

JsonObject: TypeAlias = Mapping[str, object]
"""A decoded JSON object; its values are judged where they are used."""

_NOTHING: Final[JsonObject] = {}
_MAX_ID: Final = 2**63 - 1


def as_id(value: object) -> str:
    """Return an id as text, which ids are everywhere in this project; empty for none."""
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) else ""


def as_number(value: object) -> int | None:
    """Return a whole number that fits into 64 bits, from 0; `None` for anything else."""
    return value if type(value) is int and 0 <= value <= _MAX_ID else None


def as_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def as_object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else _NOTHING


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def as_seconds(value: object) -> float | None:
    """Return an instant in seconds since 1970."""
    number = as_number(value)
    return float(number) if number else None


def writable(value: object) -> object:
    """Return *value* without what JSON can say and nobody can write down.

    Half of an emoji becomes a replacement character, a number beyond 64 bits nothing.
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {str(writable(key)): writable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [writable(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    if type(value) is int and not -_MAX_ID <= value <= _MAX_ID:
        return None
    return value
