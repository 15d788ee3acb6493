"""What the host wants said becomes the action that says it."""

from __future__ import annotations

from actors.messages import Chat, ChatKind, Emoji, Outbound
from platforms.onebot11.wire.actions import Call, frame_of
from platforms.onebot11.wire.checks import id_out
from platforms.onebot11.wire.lenient import JsonObject
from platforms.onebot11.wire.segments import Unsendable, write_body

_EMPTY: JsonObject = {"type": "text", "data": {"text": ""}}
_AS_EMOJI = "\N{VARIATION SELECTOR-16}"
"""Only says that a character is to be drawn in colours."""


def call_of(out: Outbound) -> Call:
    """Return the call that says *out*: `send_group_msg` or `send_private_msg`.

    Raises:
        Unsendable: nothing in it to send, or nothing that OneBot can express.
    """
    message = write_body(out.body)
    for part in message:
        if part != _EMPTY:
            break
    else:
        msg = "a message must say something (got an empty body)"
        raise Unsendable(msg)
    action, name = _where(out.chat)
    return Call(action, {name: id_out(out.chat.id), "message": message})


def encode(out: Outbound, echo: str) -> str:
    """Return the frame that says *out*; its answer will carry *echo*.

    Raises:
        Unsendable: as `call_of`.
    """
    try:
        return frame_of(call_of(out), echo)
    except TypeError as error:
        # Only a Raw segment can hold what JSON has no form for.
        raise Unsendable(str(error)) from None


def deletion_of(message: str) -> Call:
    """Return the call that takes *message* back."""
    return Call("delete_msg", {"message_id": id_out(message)})


def reaction_of(message: str, emoji: str | Emoji, *, remove: bool) -> Call:
    """Return the call that puts *emoji* below *message*, or takes it away.

    No part of the specification: NapCat, LLOneBot and others name it alike, and count a
    character by its code point. Source: NapNeko/NapCatQQ, `set_msg_emoji_like`.

    Raises:
        Unsendable: a character that is several code points, such as a flag.
    """
    sign = emoji.id if isinstance(emoji, Emoji) else str(_code_point(emoji))
    params = {"message_id": id_out(message), "emoji_id": sign, "set": not remove}
    return Call("set_msg_emoji_like", params)


def _code_point(emoji: str) -> int:
    points = emoji.replace(_AS_EMOJI, "")
    if len(points) != 1:
        msg = f"QQ knows reactions of one code point, or of its own by Emoji(id) (got {emoji!r})"
        raise Unsendable(msg)
    return ord(points)


def _where(chat: Chat) -> tuple[str, str]:
    match chat.kind:
        case ChatKind.GROUP if chat.id:
            return "send_group_msg", "group_id"
        case ChatKind.PRIVATE if chat.id:
            return "send_private_msg", "user_id"
        case _:
            msg = f"OneBot v11 knows private and group chats (got {chat})"
            raise Unsendable(msg)
