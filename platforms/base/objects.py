"""JSON objects on a wire: text to a frame, a frame to text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from actors.messages import Chat
from platforms.base.secret import Secret

Frame: TypeAlias = dict[str, Any]
"""One decoded JSON object. `Any`, because its author takes it apart with `match`."""

MAX_NESTING: Final = 64


class NoObject(ValueError):
    """What was read is no JSON object, or is nested too deeply."""


def object_of(text: str | bytes) -> Frame:
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


def text_of(frame: Mapping[str, object]) -> str:
    """Return *frame* as JSON. A chat stands as its `KIND:CHAT`, which reads back.

    Raises:
        TypeError: it holds what JSON does not have, or a secret.
    """
    plain = {
        key: str(value) if isinstance(value, Chat) else value
        for key, value in frame.items()
    }
    return msgspec.json.encode(plain, enc_hook=_refuse).decode()


def _refuse(value: object) -> object:
    hint = "reveal() it" if isinstance(value, Secret) else "convert it"
    msg = f"a frame must hold what JSON has (got a {type(value).__name__}: {hint})"
    raise TypeError(msg)


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
