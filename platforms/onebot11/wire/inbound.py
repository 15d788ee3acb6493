"""An event of OneBot becomes an event of the host: names, chat, sender, identity.

Rules of this file:

1. `sender` is whom the frame's `user_id` names: who spoke, joined, was muted. Who
   did it to him is `facts["operator"]`.
2. A message is known by its `message_id`, and by its chat, since ids are used again.
   Whatever has no id of its own is known by its whole frame, for 60 seconds.
3. `from_self` is what our account said or did to messages; that it was muted, made
   admin or removed is news and is told.
4. Meta events are about the connection: they become no event of the host.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeAlias

import msgspec
from attrs import evolve

from actors.messages import (
    DERIVED_ID_DEDUP_SECONDS,
    Chat,
    ChatKind,
    File,
    Inbound,
    Role,
    Sender,
)
from platforms.onebot11.wire.events import (
    ROLES,
    AccountStatus,
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
    MessageEvent,
    OfflineFile,
    OtherEvent,
    Poke,
    PrivateMessage,
    Reaction,
    UploadedFile,
)
from platforms.onebot11.wire.lenient import as_text

Facts: TypeAlias = dict[str, object]

_encode_sorted = msgspec.json.Encoder(order="sorted").encode
_NO_ID = frozenset({"", "0"})
"""What implementations send as `message_id` when they do not know it."""


def to_inbound(event: Event, account: str = "") -> Inbound | None:
    """Return what the host is told; `None` for meta events.

    Args:
        event: As `decode` returned it.
        account: Our own account on this connection, for frames without `self_id`.
    """
    us = account or event.self_id
    if isinstance(event, GroupMessage):
        return _group_message(event, us)
    if isinstance(event, PrivateMessage):
        return _private_message(event, us)
    return _notice(event, us)


def _group_message(event: GroupMessage, us: str) -> Inbound:
    mask = event.anonymous
    if mask is None:
        sender = _sender(event, Role.MEMBER)
        facts: Facts = {}
    else:
        sender = Sender(mask.id or event.user_id, mask.name, Role.ANYONE)
        facts = {"anonymous": mask.name, "flag": mask.flag}
    if event.sub_type == "notice":
        facts["system"] = True
    chat = Chat(ChatKind.GROUP, event.group_id) if event.group_id else None
    return _message(event, us, chat, sender, facts)


def _private_message(event: PrivateMessage, us: str) -> Inbound:
    ours = event.sent_by_us or event.user_id == us
    peer = event.target_id if ours and event.target_id else event.user_id
    chat = Chat(ChatKind.PRIVATE, peer) if peer else None
    facts: Facts = {"group": event.group_id} if event.group_id else {}
    return _message(event, us, chat, _sender(event, Role.ANYONE), facts)


def _sender(event: MessageEvent, least: Role) -> Sender:
    """Who spoke, with the role the frame tells, or *least*.

    Reads the few fields it needs itself: `event.sender` would read them all.
    """
    said = event.raw.get("sender")
    if not isinstance(said, dict):
        return Sender(event.user_id, "", least)
    name = as_text(said.get("card")) or as_text(said.get("nickname"))
    role = least
    if least is not Role.ANYONE:
        role = ROLES.get(as_text(said.get("role")), least)
    is_bot = said.get("is_robot") is True or said.get("is_bot") is True
    return Sender(event.user_id, name, role, is_bot)


def _message(
    event: MessageEvent,
    us: str,
    chat: Chat | None,
    sender: Sender,
    facts: Facts,
) -> Inbound:
    ours = event.sent_by_us or (event.user_id == us and us != "")
    if event.message_id in _NO_ID:
        return Inbound(
            derived_id(event, "message"),
            chat=chat,
            sender=sender,
            body=event.body,
            facts=facts,
            raw=event.raw,
            sent_at_utc=event.time,
            from_self=ours,
            dedup_seconds=DERIVED_ID_DEDUP_SECONDS,
        )
    return Inbound(
        event.message_id,
        chat=chat,
        sender=sender,
        body=event.body,
        facts=facts,
        raw=event.raw,
        sent_at_utc=event.time,
        from_self=ours,
    )


def derived_id(event: Event, name: str) -> str:
    """Return an id for an event whose frame has none: equal frames, equal ids."""
    whole = _encode_sorted(event.raw)
    return f"{name}~{blake2b(whole, digest_size=8).hexdigest()}"


def _notice(event: Event, us: str) -> Inbound | None:
    match event:
        case Reaction(group_id=group, user_id=user):  # the most frequent by far
            facts: Facts = {
                "message": event.message_id,
                "emojis": event.emojis,
                "added": event.added,
            }
            return _told(event, "message.reacted", group, user, facts, ours=user == us)
        case Heartbeat() | Lifecycle():
            return None
        case GroupUpload(group_id=group, user_id=user, file=file):
            return _upload(event, us, group, user, file)
        case OfflineFile(user_id=user, file=file):
            return _upload(event, us, "", user, file)
        case GroupRecall(group_id=group, user_id=user, operator_id=operator):
            by = operator or user
            facts = {"message": event.message_id, "operator": by}
            return _told(event, "message.deleted", group, user, facts, ours=by == us)
        case FriendRecall(user_id=user, message_id=message):
            facts = {"message": message, "operator": user}
            return _told(event, "message.deleted", "", user, facts, ours=user == us)
        case GroupRenamed(group_id=group, user_id=user, name=name):
            return _told(event, "chat.renamed", group, user, {"name": name})
        case Poke():
            return _poke(event, us)
        case FriendAdd(user_id=user):
            return _told(event, "contact.added", "", user)
        case FriendRequest(user_id=user, comment=comment, flag=flag):
            facts = {"comment": comment, "flag": flag}
            return _told(event, "contact.requested", "", user, facts)
        case GroupRequest():
            return _group_request(event)
        case LuckyKing(group_id=group, user_id=user, target_id=target):
            facts = {"target": target}
            return _told(event, _own("notice.lucky_king"), group, user, facts)
        case Honor(group_id=group, user_id=user, honor_type=honor):
            return _told(event, _own("notice.honor"), group, user, {"honor": honor})
        case AccountStatus(online=online, why=why):
            name = _own("notice.bot_online" if online else "notice.bot_offline")
            return _told(event, name, "", "", {"why": why})
        case OtherEvent(kind=kind, group_id=group, user_id=user):
            return _told(event, _own(kind), group, user)
        case _:
            return _membership(event, us)


def _upload(
    event: Event, us: str, group: str, user: str, file: UploadedFile
) -> Inbound:
    facts: Facts = {
        "file": file.id,
        "name": file.name,
        "size_bytes": file.size_bytes,
        "busid": file.busid,
    }
    told = _told(event, "file.uploaded", group, user, facts, ours=user == us)
    return evolve(told, body=(File(file.url or file.id, file.name),))


def _group_request(event: GroupRequest) -> Inbound:
    invited = event.sub_type == "invite"
    facts: Facts = {
        "comment": event.comment,
        "flag": event.flag,
        "kind": event.sub_type,
    }
    if event.invitor_id:
        facts["invitor"] = event.invitor_id
    name = "chat.invited" if invited else _own("request.group_add")
    return _told(event, name, event.group_id, event.user_id, facts)


def _membership(event: Event, us: str) -> Inbound:
    """Who is in a group and what he may do there. Never `from_self`: see rule 3."""
    match event:
        case GroupIncrease(sub_type=how, group_id=group, user_id=user):
            name = "chat.joined" if user == us else "member.joined"
            facts: Facts = {"how": how, "operator": event.operator_id}
        case GroupDecrease(sub_type=how, group_id=group, user_id=user):
            gone = how in ("kick_me", "disband") or user == us
            name = "chat.left" if gone else "member.left"
            facts = {"how": how, "operator": event.operator_id}
        case GroupDismissed(group_id=group, user_id=user):
            name, facts = "chat.left", {"how": "disband", "operator": user}
        case GroupBan(group_id=group, user_id=user, duration_seconds=seconds):
            everybody = user == "0"
            name, user = "member.muted", "" if everybody else user
            facts = {
                "muted": event.sub_type != "lift_ban",
                "muted_seconds": seconds,
                "everybody": everybody,
                "operator": event.operator_id,
            }
        case GroupAdmin(sub_type=how, group_id=group, user_id=user):
            name, facts = "member.promoted", {"admin": how != "unset"}
        case _:
            name, group, user, facts = _own("event"), "", "", {}
    return _told(event, name, group, user, facts)


def _poke(event: Poke, us: str) -> Inbound:
    peer = event.user_id if event.user_id != us else event.target_id
    facts: Facts = {"target": event.target_id, "at_us": event.target_id == us}
    ours = event.sender_id == us
    told = _told(event, _own("notice.poke"), event.group_id, peer, facts, ours=ours)
    return evolve(told, sender=Sender(event.sender_id) if event.sender_id else None)


def _told(
    event: Event,
    name: str,
    group: str,
    user: str,
    facts: Facts | None = None,
    *,
    ours: bool = False,
) -> Inbound:
    chat: Chat | None = None
    if group:
        chat = Chat(ChatKind.GROUP, group)
    elif user:
        chat = Chat(ChatKind.PRIVATE, user)
    return Inbound(
        derived_id(event, name),
        event=name,
        chat=chat,
        sender=Sender(user) if user else None,
        facts={} if facts is None else facts,
        raw=event.raw,
        sent_at_utc=event.time,
        from_self=ours and user != "",
        dedup_seconds=DERIVED_ID_DEDUP_SECONDS,
    )


def _own(kind: str) -> str:
    """`NAME.KIND`, for what the contract has no word for."""
    return f"onebot11.{kind}"
