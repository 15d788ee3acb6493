"""What changed between two states of one member of a chat.

Source: core.telegram.org/bots/api#chatmember. A `restricted` one may or may not be in
the chat, and is muted where he may send nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from platforms.telegram.wire.lenient import JsonObject, as_number, as_text

_GONE: Final = frozenset({"left", "kicked", ""})
_ADMINS: Final = frozenset({"administrator", "creator"})


@frozen
class Change:
    """`joined`, `left`, `promoted`, `muted`, or nothing that has a name."""

    name: str = ""
    facts: Mapping[str, object] = field(factory=dict)


def change_of(before: JsonObject, after: JsonObject, at: float) -> Change:
    """Return what became of a member at *at*, in seconds since 1970."""
    was, is_now = _status(before), _status(after)
    if _is_in(before) != _is_in(after):
        return Change("joined" if _is_in(after) else "left")
    if (was in _ADMINS) != (is_now in _ADMINS):
        return Change("promoted", {"admin": is_now in _ADMINS})
    if _is_muted(before) != _is_muted(after):
        muted = _is_muted(after)
        seconds = _seconds_muted(after, at) if muted else 0
        facts = {"muted": muted, "muted_seconds": seconds, "everybody": False}
        return Change("muted", facts)
    return Change()


def _status(member: JsonObject) -> str:
    return as_text(member.get("status"))


def _is_in(member: JsonObject) -> bool:
    status = _status(member)
    if status == "restricted":
        return member.get("is_member") is True
    return status not in _GONE


def _is_muted(member: JsonObject) -> bool:
    return (
        _status(member) == "restricted" and member.get("can_send_messages") is not True
    )


def _seconds_muted(member: JsonObject, at: float) -> int:
    """-1 until it is lifted, which Telegram says as until 0."""
    until = as_number(member.get("until_date")) or 0
    return max(0, until - int(at)) if until else -1
