"""Reading what another server has relayed: a field that makes no sense is read as empty.

An event comes from whoever wrote it, on a server that nobody here knows. What it holds
may be anything at all, and must cost no more than itself.
"""

from __future__ import annotations

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
"""`Any`, because whoever reads it takes it apart field by field."""

MAX_MILLISECONDS = 2**53 - 1
"""The largest integer of the specification (appendix, canonical JSON)."""


def as_object(value: object) -> JsonObject:
    """Return *value* if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """Return *value* if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def as_list(value: object) -> list[object]:
    """Return *value* if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_objects(value: object) -> list[JsonObject]:
    """Return the objects in the list *value*; anything else in it is passed over."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def as_texts(value: object) -> tuple[str, ...]:
    """Return the texts in the list *value*, each once."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys([item for item in value if isinstance(item, str)]))


def as_whole(value: object) -> int:
    """Return *value* if it is a number that may be a time in milliseconds, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if not 0 <= value <= MAX_MILLISECONDS:  # not a number fails here, too
        return 0
    return int(value)
