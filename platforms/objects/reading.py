"""JSON as it comes in from a stranger: bounded, or refused. Pure.

Who asks a server for news gets many things in one answer, and gets the same answer again
until it was taken. So one that nobody can read must not cost the others: see `read_json`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

MAX_NESTING: Final = 64
KEPT_NESTING: Final = 2 * MAX_NESTING
"""So deep `read_json` reads; what holds it can tell by this that it is too deep."""

_HOLDERS: Final = frozenset([dict, list])
_MARKS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]+|[\]}]+', re.DOTALL)
"""Texts, whatever is in them; brackets that open; brackets that close."""
_decode = msgspec.json.Decoder().decode


class NoObject(ValueError):
    """What was read is no JSON object, or is nested too deeply."""


def object_of(text: str | bytes) -> dict[str, Any]:
    """Return the object that *text* holds.

    Raises:
        NoObject: it holds something else, or nothing.
    """
    try:
        value: object = _decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise NoObject(str(error)) from None
    if not isinstance(value, dict):
        msg = f"it must be a JSON object (got {type(value).__name__})"
        raise NoObject(msg)
    if deeper_than(value, MAX_NESTING):
        msg = f"it must not be nested deeper than {MAX_NESTING}"
        raise NoObject(msg)
    return value


def read_json(text: str | bytes) -> object:
    """Return what *text* holds; what is in it and cannot be read costs only itself.

    Programs write what is no JSON, or what is beyond all bounds, since one of their users
    has sent it. Half of an emoji, or a byte that is no text, becomes a replacement
    character. A number beyond what can be counted with, `NaN`, and what is nested deeper
    than `KEPT_NESTING` become `None`.

    Raises:
        ValueError: it is no JSON, even so.
    """
    try:
        return _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        pass
    text = text if isinstance(text, str) else text.decode("utf-8", "replace")
    try:
        return _read_again(text)
    except RecursionError:
        return _read_again(_shallow(text))


def deeper_than(value: object, limit: int) -> bool:
    """Say whether lists and objects are nested deeper than *limit*."""
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return False
    if limit == 0:
        return True
    for each in value:
        # Most values hold nothing: it costs half as much not to ask again.
        if type(each) in _HOLDERS and deeper_than(each, limit - 1):
            return True
    return False


def _read_again(text: str) -> object:
    """Read what strict JSON refuses, and a good deal slower."""
    read = json.JSONDecoder(
        strict=False, parse_int=_whole, parse_float=_finite, parse_constant=_nothing
    )
    return _writable(read.decode(text.removeprefix("\ufeff")))


def _whole(digits: str) -> int | None:
    try:
        return int(digits)
    except ValueError:  # so many are not read, as it takes so long
        return None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if abs(number) < float("inf") else None


def _nothing(_: str) -> None:
    """`NaN`, `Infinity`."""


def _writable(value: object) -> object:
    """Replace halves of surrogate pairs: they cannot be written anywhere."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_writable(item) for item in value]
    return value


def _shallow(text: str) -> str:
    """Return *text* with `null` in the place of what is nested too deeply."""
    kept: list[str] = []
    depth = begin = 0
    for mark in _MARKS.finditer(text):
        at, end = mark.span()
        many = end - at
        if text[at] in "[{":
            if depth <= KEPT_NESTING < depth + many:
                kept += (text[begin : at + KEPT_NESTING - depth], "null")
            depth += many
        elif text[at] in "]}":
            depth -= many
            if depth <= KEPT_NESTING < depth + many:
                begin = end - (KEPT_NESTING - depth)
    if depth <= KEPT_NESTING:
        kept.append(text[begin:])
    return "".join(kept)
