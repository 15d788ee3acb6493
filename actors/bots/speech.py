"""From what an author says to a message body. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TypeGuard, get_args

from actors.bots.errors import BotMistake, Nonsense
from actors.messages import ChatAddress, Forward, Raw, Segment, Text
from actors.tracker import Receipt

_SEGMENTS: tuple[type, ...] = get_args(Segment)


def as_body(parts: Sequence[object]) -> tuple[Segment, ...]:
    """Return *parts* as a body; a str is a `Text`.

    Raises:
        BotMistake: there is nothing to say, or a part is neither str nor segment.
    """
    if len(parts) == 1 and type(parts[0]) is str and parts[0]:
        return (Text(parts[0]),)  # what nearly every reply is
    body = tuple([_as_segment(part) for part in parts])
    for part in body:
        if not isinstance(part, Text) or part.text:
            return body
    msg = f"a message must say something (got {body!r})"
    raise BotMistake(msg)


def returned(handler: str, value: object) -> tuple[Segment, ...] | None:
    """Return what a handler's return value says; None: nothing more.

    A receipt says nothing more: `return await ctx.reply(...)` is fine.

    Raises:
        Nonsense: nobody can say *value*.
    """
    if value is None or isinstance(value, Receipt):
        return None
    parts = value if isinstance(value, list | tuple) else (value,)
    try:
        return as_body(parts)
    except BotMistake:
        raise Nonsense(handler, _short(value)) from None


def parsed(address: str | ChatAddress) -> ChatAddress:
    """Return *address* as a value.

    Raises:
        ValueError: it is no address.
    """
    return address if isinstance(address, ChatAddress) else ChatAddress.parse(address)


def in_short(body: Sequence[Segment]) -> str:
    """Return a body as one line for a log or an error."""
    text = "".join(part.text for part in body if isinstance(part, Text))
    return text or f"{len(body)} segments"


def _as_segment(part: object) -> Segment:
    if isinstance(part, str):
        return Text(part)
    if isinstance(part, Raw | Forward):
        # They hold dictionaries, which their author may go on to change, and the message
        # may wait for hours.
        return deepcopy(part)
    if _is_segment(part):
        return part
    msg = f"a part of a message must be a str or a segment such as Text or Image (got {_short(part)})"
    raise BotMistake(msg)


def _is_segment(part: object) -> TypeGuard[Segment]:
    return isinstance(part, _SEGMENTS)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({type(value).__name__})"
