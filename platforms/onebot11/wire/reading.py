"""A decoded frame becomes a typed event. Constructors by hand: this is the hot path."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from platforms.onebot11.wire.events import (
    AccountStatus,
    Anonymous,
    Event,
    FriendAdd,
    FriendRecall,
    FriendRequest,
    GroupAdmin,
    GroupBan,
    GroupDecrease,
    GroupDismissed,
    GroupIncrease,
    GroupMessage,
    GroupRecall,
    GroupRenamed,
    GroupRequest,
    GroupUpload,
    Heartbeat,
    Honor,
    Lifecycle,
    LuckyKing,
    OfflineFile,
    OtherEvent,
    Poke,
    PrivateMessage,
    Reaction,
    UploadedFile,
)
from platforms.onebot11.wire.lenient import (
    JsonObject,
    as_flag,
    as_id,
    as_id_or_none,
    as_int,
    as_list,
    as_object,
    as_seconds,
    as_text,
)
from platforms.onebot11.wire.segments import read_body

Head: TypeAlias = tuple[float | None, str, JsonObject]
"""time, self_id and the frame: what every event begins with."""

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}").fullmatch


def read_event(frame: JsonObject) -> Event:
    """Return the event that *frame*, an object with a `post_type`, describes."""
    # An account 0 is one that is not logged in yet.
    head = (as_seconds(frame.get("time")), as_id_or_none(frame.get("self_id")), frame)
    match as_text(frame.get("post_type")):
        case "message" | "message_sent" as post_type:
            return _read_message(head, frame, sent_by_us=post_type == "message_sent")
        case "notice":
            return _read_notice(head, frame)
        case "request":
            return _read_request(head, frame)
        case "meta_event":
            return _read_meta(head, frame)
        case post_type:
            return _other(head, frame, "event", post_type)


def _other(head: Head, frame: JsonObject, family: str, kind: str) -> Event:
    # Kinds become event names and labels: what is no word does not get that far.
    name = f"{family}.{kind if _WORD(kind) else 'other'}"
    group, user = as_id_or_none(frame.get("group_id")), as_id(frame.get("user_id"))
    return OtherEvent(*head, name, group, user)


def _read_message(head: Head, frame: JsonObject, *, sent_by_us: bool) -> Event:
    get = frame.get
    kind = get("message_type")
    if kind not in ("group", "private"):
        return _other(head, frame, "message", as_text(kind))
    message, user, sub_type = get("message"), as_id(get("user_id")), get("sub_type")
    if message is None:
        message = get("raw_message")
    if not user:
        user = as_id(as_object(get("sender")).get("user_id"))
    said = (
        *head,
        sub_type if isinstance(sub_type, str) else "",
        as_id(get("message_id")),
        user,
        read_body(message),
        sent_by_us,
    )
    group = as_id_or_none(get("group_id"))
    if kind == "group":
        return GroupMessage(*said, group, _read_anonymous(get("anonymous")))
    if not group:
        group = as_id_or_none(as_object(get("sender")).get("group_id"))
    return PrivateMessage(*said, as_id(get("target_id")), group)


def _read_anonymous(value: object) -> Anonymous | None:
    if not isinstance(value, dict):
        return None
    get = value.get
    return Anonymous(as_id(get("id")), as_text(get("name")), as_text(get("flag")))


Reader: TypeAlias = Callable[[Head, JsonObject, str, str, str], Event]
"""Takes head, frame, group, user and sub_type."""


def _read_notice(head: Head, frame: JsonObject) -> Event:
    get = frame.get
    kind, sub_type = as_text(get("notice_type")), as_text(get("sub_type"))
    if kind == "notify":
        kind = f"notify/{sub_type}"
    reader = _NOTICES.get(kind)
    if reader is None:
        return _other(head, frame, "notice", kind.removeprefix("notify/"))
    group, user = as_id_or_none(get("group_id")), as_id(get("user_id"))
    return reader(head, frame, group, user, sub_type)


def _operator(frame: JsonObject) -> str:
    return as_id_or_none(frame.get("operator_id"))


def _read_file(value: object) -> UploadedFile:
    get = as_object(value).get
    return UploadedFile(
        as_id(get("id")),
        as_text(get("name")),
        as_int(get("size")),
        as_int(get("busid")),
        as_text(get("url")),
    )


def _ban(head: Head, frame: JsonObject, group: str, user: str, sub: str) -> Event:
    seconds = as_int(frame.get("duration"))
    return GroupBan(*head, sub, group, _operator(frame), user or "0", seconds)


def _poke(head: Head, frame: JsonObject, group: str, user: str, _: str) -> Event:
    sender = as_id(frame.get("sender_id")) or user
    return Poke(*head, group, user, sender, as_id(frame.get("target_id")))


def _likes(head: Head, frame: JsonObject, group: str, user: str, _: str) -> Event:
    likes = as_list(frame.get("likes"))
    emojis = tuple([as_id(as_object(like).get("emoji_id")) for like in likes])
    message, added = as_id(frame.get("message_id")), as_flag(frame.get("is_add"))
    return Reaction(*head, group, user, message, emojis, added is not False)


def _reaction(head: Head, frame: JsonObject, group: str, user: str, sub: str) -> Event:
    code, message = as_id(frame.get("code")), as_id(frame.get("message_id"))
    who = _operator(frame) or user
    return Reaction(
        *head, group, who, message, (code,) if code else (), sub != "remove"
    )


def _renamed(head: Head, frame: JsonObject, group: str, user: str, _: str) -> Event:
    name = as_text(frame.get("name_new")) or as_text(frame.get("name"))
    return GroupRenamed(*head, group, user, name)


_NOTICES: dict[str, Reader] = {
    "group_upload": lambda head, frame, group, user, _: GroupUpload(
        *head, group, user, _read_file(frame.get("file"))
    ),
    "offline_file": lambda head, frame, _group, user, _: OfflineFile(
        *head, user, _read_file(frame.get("file"))
    ),
    "group_admin": lambda head, _, group, user, sub: GroupAdmin(
        *head, sub, group, user
    ),
    "group_decrease": lambda head, frame, group, user, sub: GroupDecrease(
        *head, sub, group, _operator(frame), user
    ),
    "group_increase": lambda head, frame, group, user, sub: GroupIncrease(
        *head, sub, group, _operator(frame), user
    ),
    "group_ban": _ban,
    "friend_add": lambda head, _frame, _group, user, _: FriendAdd(*head, user),
    "group_recall": lambda head, frame, group, user, _: GroupRecall(
        *head, group, user, _operator(frame), as_id(frame.get("message_id"))
    ),
    "friend_recall": lambda head, frame, _group, user, _: FriendRecall(
        *head, user, as_id(frame.get("message_id"))
    ),
    "notify/poke": _poke,
    "notify/lucky_king": lambda head, frame, group, user, _: LuckyKing(
        *head, group, user, as_id(frame.get("target_id"))
    ),
    "notify/honor": lambda head, frame, group, user, _: Honor(
        *head, group, user, as_text(frame.get("honor_type"))
    ),
    "group_msg_emoji_like": _likes,
    "reaction": _reaction,
    "notify/group_name": _renamed,
    "group_name_change": _renamed,
    "group_dismiss": lambda head, _, group, user, _sub: GroupDismissed(
        *head, group, user
    ),
    "bot_offline": lambda head, frame, _group, _user, _: AccountStatus(
        *head, online=False, why=as_text(frame.get("message"))
    ),
    "bot_online": lambda head, frame, _group, _user, _: AccountStatus(
        *head, online=True, why=as_text(frame.get("reason"))
    ),
}


def _read_request(head: Head, frame: JsonObject) -> Event:
    get = frame.get
    user, flag = as_id(get("user_id")), as_text(get("flag"))
    comment = as_text(get("comment"))
    match get("request_type"):
        case "friend":
            return FriendRequest(*head, user, comment, flag)
        case "group":
            group, sub = as_id_or_none(get("group_id")), as_text(get("sub_type"))
            invitor = as_id_or_none(get("invitor_id"))
            return GroupRequest(*head, sub, group, user, comment, flag, invitor)
        case kind:
            return _other(head, frame, "request", as_text(kind))


def _read_meta(head: Head, frame: JsonObject) -> Event:
    match frame.get("meta_event_type"):
        case "lifecycle":
            return Lifecycle(*head, as_text(frame.get("sub_type")))
        case "heartbeat":
            status = as_object(frame.get("status"))
            milliseconds = as_int(frame.get("interval"))
            return Heartbeat(
                *head,
                as_flag(status.get("online")),
                as_flag(status.get("good")),
                milliseconds / 1000 if 0 < milliseconds < 86_400_000 else None,
            )
        case kind:
            return _other(head, frame, "meta_event", as_text(kind))
