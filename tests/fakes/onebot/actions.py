"""The actions of OneBot v11 and what an implementation answers. Pure.

Sources: github.com/botuniverse/onebot-11, api/public.md and communication/ws.md.
"""

import re
from typing import Any, Final, TypeAlias

from attrs import field, frozen

Json: TypeAlias = Any


@frozen
class Action:
    """What the bot side asked for."""

    name: str
    params: dict[str, Json]
    echo: Json = None
    """Comes back as it is; any JSON value, and perhaps missing."""
    has_echo: bool = False
    line: int = 0
    """On which of our sockets it came, counted from 1 over the fake's life."""


@frozen
class Reply:
    """What we answer; `after` seconds late."""

    data: Json = None
    status: str = "ok"
    retcode: int = 0
    wording: str = ""
    after: float = 0.0

    def to(self, action: Action) -> dict[str, Json]:
        """Return the frame that answers *action*."""
        frame = {"status": self.status, "retcode": self.retcode, "data": self.data}
        if self.wording:
            frame |= {"msg": self.wording, "wording": self.wording}
        return frame | {"echo": action.echo} if action.has_echo else frame


UNKNOWN_ACTION: Final = Reply(None, "failed", 1404, "unsupported action")
SENDS: Final = ("send_msg", "send_private_msg", "send_group_msg")


@frozen
class Account:
    """What a fake knows of itself when it is asked."""

    id: int
    nickname: str = "rook"
    online: bool = True
    said: dict[int, dict[str, Json]] = field(factory=dict)
    """Every message the bot side sent, by the id it was given."""


def usual_reply(account: Account, action: Action, message_id: int) -> Reply:
    """Answer as a well-behaved implementation does; sends get *message_id*."""
    match action.name.removesuffix("_rate_limited").removesuffix("_async"):
        case name if name != action.name:
            return Reply(None, "async", 1)
        case "send_msg" | "send_private_msg" | "send_group_msg":
            if "message" not in action.params:
                return Reply(None, "failed", 1400, "message is missing")
            account.said[message_id] = action.params
            return Reply({"message_id": message_id})
        case "get_msg":
            said = account.said.get(action.params.get("message_id", 0))
            if said is None:
                return Reply(None, "failed", 100, "no such message")
            return Reply({"message_id": action.params["message_id"], **said})
        case "get_login_info":
            return Reply({"user_id": account.id, "nickname": account.nickname})
        case "get_status":
            return Reply({"online": account.online, "good": account.online})
        case "get_version_info":
            return Reply(
                {
                    "app_name": "rookery-fake",
                    "app_version": "1",
                    "protocol_version": "v11",
                }
            )
        case "get_friend_list" | "get_group_list" | "get_group_member_list":
            return Reply([])
        case (
            "delete_msg"
            | "set_msg_emoji_like"
            | "set_friend_add_request"
            | "set_group_add_request"
            | ".handle_quick_operation"
        ):
            return Reply()
        case _:
            return UNKNOWN_ACTION


def text_of(action: Action) -> str:
    """Return what a send says, mentions as `@10001`, other segments as `[kind]`."""
    message = action.params["message"]
    if isinstance(message, dict):
        message = [message]
    if isinstance(message, str):
        plain = re.sub(r"\[CQ:at,qq=([^,\]]+)[^\]]*\]", r"@\1", message)
        plain = re.sub(r"\[CQ:([^,\]]+)[^\]]*\]", r"[\1]", plain)
        plain = plain.replace("&#91;", "[").replace("&#93;", "]")
        return plain.replace("&#44;", ",").replace("&amp;", "&")
    return "".join(map(_segment_text, message))


def _segment_text(segment: dict[str, Json]) -> str:
    match segment:
        case {"type": "text", "data": {"text": str(text)}}:
            return text
        case {"type": "at", "data": {"qq": whom}}:
            return f"@{whom}"
        case {"type": kind}:
            return f"[{kind}]"
        case _:
            msg = f"not a segment: {segment!r}"
            raise ValueError(msg)
