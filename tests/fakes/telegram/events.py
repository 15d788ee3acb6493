"""What people do in chats, as Telegram tells it. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

Payload: TypeAlias = dict[str, Any]


def user(id_: int, name: str = "", *, is_bot: bool = False) -> Payload:
    return {"id": id_, "is_bot": is_bot, "first_name": name or f"user {id_}"}


def chat(id_: int, title: str = "") -> Payload:
    """A private talk for a positive id, a supergroup for a negative one."""
    if id_ > 0:
        return {"id": id_, "type": "private", "first_name": f"user {id_}"}
    return {"id": id_, "type": "supergroup", "title": title or f"group {id_}"}


def message(
    number: int, where: Payload, who: Payload, at: float, **content: object
) -> Payload:
    """A message; *content* is what it holds: `text=`, `photo=`, `new_chat_title=`."""
    return {
        "message_id": number,
        "from": who,
        "chat": where,
        "date": int(at),
        **content,
    }


def commands_in(text: str) -> list[Payload]:
    """The `bot_command` entity of a text that begins with one."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    if not word.startswith("/") or len(word) < 2:
        return []
    return [{"type": "bot_command", "offset": 0, "length": len(word)}]
