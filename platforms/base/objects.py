"""JSON objects on a wire: text to a frame, a frame to text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from actors.messages import Chat
from platforms.base.secret import Secret
from platforms.objects import NoObject, object_of

Frame: TypeAlias = dict[str, Any]
"""One decoded JSON object. `Any`, because its author takes it apart with `match`."""

__all__ = ["Frame", "NoObject", "object_of", "text_of"]


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
