"""Chats of Telegram and ours, both ways.

A topic of a forum, and each talk with one person in a channel's direct messages, is a
thread: `thread:CHAT.TOPIC` and `thread:CHAT.dTOPIC`. A supergroup is a group like any
other; the general topic of a forum is the group itself.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from actors.messages import Chat, ChatKind
from platforms.telegram.wire.lenient import JsonObject, as_id, as_object, as_text

Target: TypeAlias = dict[str, object]
"""The parameters that say where something goes."""

_KINDS: Final = {
    "private": ChatKind.PRIVATE,
    "group": ChatKind.GROUP,
    "supergroup": ChatKind.GROUP,
    "channel": ChatKind.CHANNEL,
}
_THREAD: Final = re.compile(r"(-?\d{1,19})\.(d?)(\d{1,19})", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,18}", re.ASCII)


class Unsendable(Exception):
    """Telegram cannot express this. Nothing was sent."""


def chat_of(chat: JsonObject, message: JsonObject | None = None) -> Chat | None:
    """Return the room that a frame is about; `None` where it names none.

    Args:
        chat: The frame's `chat`.
        message: The message itself, where there is one: it knows its topic.
    """
    room = as_id(chat.get("id"))
    if not room:
        return None
    kind = _KINDS.get(as_text(chat.get("type")))
    if kind is None:  # left out, as in hand-made ones: numbers of groups are negative
        kind = ChatKind.GROUP if room.startswith("-") else ChatKind.PRIVATE
    if message is not None:
        topic = _topic_of(message)
        if topic:
            return Chat(ChatKind.THREAD, f"{room}.{topic}")
    return Chat(kind, room)


def _topic_of(message: JsonObject) -> str:
    # Replies in any group have a thread id; only with the flag is it a topic.
    if message.get("is_topic_message") is True:
        return as_id(message.get("message_thread_id"))
    if "direct_messages_topic" not in message:
        return ""
    direct = as_object(message["direct_messages_topic"])
    topic = as_id(direct.get("topic_id"))
    return f"d{topic}" if topic else ""


def target_of(chat: Chat) -> Target:
    """Return where a message for *chat* goes.

    Raises:
        Unsendable: it is no thread of Telegram's.
    """
    if chat.kind is not ChatKind.THREAD:
        return {"chat_id": _number(chat.id)}
    found = _THREAD.fullmatch(chat.id)
    if found is None:
        msg = (
            f"a thread must be thread:CHAT.TOPIC, such as thread:-100123.7 (got {chat})"
        )
        raise Unsendable(msg)
    name = "direct_messages_topic_id" if found[2] else "message_thread_id"
    return {"chat_id": _number(found[1]), name: _number(found[3])}


def room_of(chat: Chat) -> str:
    """Return the id of the chat that *chat* is, or is a thread of."""
    return chat.id.partition(".")[0] if chat.kind is ChatKind.THREAD else chat.id


def room_id(chat: Chat) -> int | str:
    """Return the same as Telegram wants it."""
    return _number(room_of(chat))


def _number(id_: str) -> int | str:
    """Return an id as Telegram wants it: a number, or the `@name` of a channel."""
    return int(id_) if _NUMBER.fullmatch(id_) else id_
