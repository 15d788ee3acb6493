"""The events of OneBot v11 as implementations send them. Pure.

Sources: github.com/botuniverse/onebot-11, event/message.md and event/meta.md.
"""

from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]
"""One event as it goes over the wire."""

Message: TypeAlias = str | list[dict[str, Any]]
"""CQ string or array of segments; which one is the sender's choice."""


def private_message(
    account: int, user: int, message: Message, *, message_id: int, at: float
) -> Event:
    """Return what *user* says to *account* alone."""
    sender = {"user_id": user, "nickname": f"user {user}", "sex": "unknown", "age": 0}
    return _message(account, user, message, message_id, at) | {
        "message_type": "private",
        "sub_type": "friend",
        "sender": sender,
    }


def group_message(
    account: int,
    user: int,
    group: int,
    message: Message,
    *,
    message_id: int,
    at: float,
    role: str = "member",
) -> Event:
    """Return what *user*, who is *role* there, says in *group*."""
    sender = {
        "user_id": user,
        "nickname": f"user {user}",
        "card": "",
        "sex": "unknown",
        "age": 0,
        "area": "",
        "level": "",
        "role": role,
        "title": "",
    }
    return _message(account, user, message, message_id, at) | {
        "message_type": "group",
        "sub_type": "normal",
        "group_id": group,
        "anonymous": None,
        "sender": sender,
    }


def lifecycle(account: int, *, at: float, sub_type: str = "connect") -> Event:
    """Return what an implementation says first on a new socket."""
    return _meta(account, "lifecycle", at) | {"sub_type": sub_type}


def heartbeat(
    account: int, *, interval_seconds: float, at: float, online: bool = True
) -> Event:
    """Return a sign of life; the wire counts its interval in milliseconds."""
    return _meta(account, "heartbeat", at) | {
        "status": {"online": online, "good": online},
        "interval": round(interval_seconds * 1000),
    }


def _message(
    account: int, user: int, message: Message, message_id: int, at: float
) -> Event:
    raw = message if isinstance(message, str) else _as_cq(message)
    return {
        "time": int(at),
        "self_id": account,
        "post_type": "message",
        "message_id": message_id,
        "user_id": user,
        "message": message,
        "raw_message": raw,
        "font": 0,
    }


def _meta(account: int, kind: str, at: float) -> Event:
    return {
        "time": int(at),
        "self_id": account,
        "post_type": "meta_event",
        "meta_event_type": kind,
    }


def _as_cq(message: list[dict[str, Any]]) -> str:
    return "".join(map(_segment_as_cq, message))


def _segment_as_cq(segment: dict[str, Any]) -> str:
    kind, data = segment["type"], segment["data"]
    if kind == "text":
        return _escaped(str(data["text"]))
    rest = [f"{k}={_escaped(str(v)).replace(',', '&#44;')}" for k, v in data.items()]
    return "[CQ:" + ",".join([kind, *rest]) + "]"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")
