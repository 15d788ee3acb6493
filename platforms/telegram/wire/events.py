"""An update becomes events of the host: names, chat, sender, identity.

Rules of this file:

1. A message is known by its `message_id`, which is its chat's own, and by the update for
   each of its edits. Whatever has no id of its own is known by its update.
2. `sender` is whom the event is about: who spoke, reacted, joined, was muted. Who did it
   to him is `facts["operator"]`.
3. Who comes and goes is told twice where the bot is an admin, by a message and by
   `chat_member`: both become the same event, known by person and second.
4. That we ourselves were added, removed or made an admin is told by `my_chat_member`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from actors.messages import Chat, ChatKind, Inbound, Role, Sender
from platforms.telegram.wire.content import read_body
from platforms.telegram.wire.entities import Me, name_of
from platforms.telegram.wire.lenient import (
    JsonObject,
    as_id,
    as_list,
    as_object,
    as_seconds,
    as_text,
)
from platforms.telegram.wire.members import change_of
from platforms.telegram.wire.places import chat_of
from platforms.telegram.wire.service import service_of
from platforms.telegram.wire.updates import Update

Facts: TypeAlias = dict[str, object]

_NO_ID: Final = frozenset({"", "0"})


def events_of(update: Update, me: Me) -> tuple[Inbound, ...]:
    """Return what the host is told of *update*: nearly always one event.

    Args:
        update: As `read_update` returned it.
        me: Our own account.
    """
    reader = _READERS.get(update.kind)
    return _other(update) if reader is None else reader(update, me)


def _said(update: Update, me: Me) -> tuple[Inbound, ...]:
    service = service_of(update.payload)
    if service:
        return _service(update, me, service)
    return (_message(update, me, "message", 0),)


def _edited(update: Update, me: Me) -> tuple[Inbound, ...]:
    return (_message(update, me, "message.edited", update.number),)


def _message(update: Update, me: Me, name: str, edit: int) -> Inbound:
    message = update.payload
    get = message.get
    number = as_id(get("message_id"))
    chat = chat_of(as_object(get("chat")), message)
    sender = _sender(message, chat)
    facts: Facts = {}
    if "media_group_id" in message:
        facts["album"] = as_id(get("media_group_id"))
    if "forward_origin" in message:
        facts["forwarded"] = True
    date = as_seconds(get("edit_date")) if edit else None
    return Inbound(
        _id_of(update) if number in _NO_ID else number,
        event=name,
        chat=chat,
        sender=sender,
        body=read_body(message, me),
        facts=facts,
        raw=update.raw,
        edit=edit,
        sent_at_utc=date or as_seconds(get("date")),
        from_self=sender is not None and sender.id == me.id,
    )


def _id_of(update: Update) -> str:
    return f"update~{update.number}"


def _sender(message: JsonObject, chat: Chat | None) -> Sender | None:
    """Who spoke: a person, or a chat in whose name somebody did.

    Telegram tells no roles with messages. An anonymous admin speaks in the name of the
    group itself, and so does whoever writes in a channel.
    """
    channel = message.get("sender_chat")
    if isinstance(channel, dict):
        id_ = as_id(channel.get("id"))
        own = id_ == as_id(as_object(message.get("chat")).get("id"))
        if id_:
            role = Role.ADMIN if own else Role.MEMBER
            return Sender(id_, name_of(channel), role)
    person = message.get("from")
    if not isinstance(person, dict):
        return None
    return _person(person, chat)


def _person(user: JsonObject, chat: Chat | None) -> Sender | None:
    id_ = as_id(user.get("id"))
    if not id_:
        return None
    group = chat is not None and chat.kind is not ChatKind.PRIVATE
    role = Role.MEMBER if group else Role.ANYONE
    return Sender(id_, name_of(user), role, user.get("is_bot") is True)


# --- messages that report something ---------------------------------------------------


def _service(update: Update, me: Me, kind: str) -> tuple[Inbound, ...]:
    message = update.payload
    value = message.get(kind)
    by = as_object(message.get("from"))
    match kind:
        case "new_chat_members":
            return tuple(
                _joined(update, user, by)
                for user in map(as_object, as_list(value))
                if as_id(user.get("id")) not in ("", me.id)
            )
        case "left_chat_member":
            user = as_object(value)
            if as_id(user.get("id")) in ("", me.id):
                return ()
            return (_left(update, user, by),)
        case "new_chat_title":
            return (_told(update, "chat.renamed", {"name": as_text(value)}),)
        case "forum_topic_edited" if as_text(as_object(value).get("name")):
            name = as_text(as_object(value).get("name"))
            return (_told(update, "chat.renamed", {"name": name}),)
        case "migrate_to_chat_id":
            return (_told(update, _own(kind), {"chat": as_id(value)}),)
        case _:
            return (_told(update, _own(kind)),)


def _joined(update: Update, user: JsonObject, by: JsonObject) -> Inbound:
    how = "approve" if _same_user(user, by) else "invite"
    return _of_member(update, "member.joined", user, {"how": how, **_by(by)})


def _left(update: Update, user: JsonObject, by: JsonObject) -> Inbound:
    how = "leave" if _same_user(user, by) else "kick"
    return _of_member(update, "member.left", user, {"how": how, **_by(by)})


def _same_user(one: JsonObject, other: JsonObject) -> bool:
    return as_id(one.get("id")) == as_id(other.get("id"))


def _by(user: JsonObject) -> Facts:
    return {"operator": as_id(user.get("id"))}


def _of_member(update: Update, name: str, user: JsonObject, facts: Facts) -> Inbound:
    """What happened to a member; the same id whichever of two updates tells it."""
    payload = update.payload
    who, date = as_id(user.get("id")), as_seconds(payload.get("date"))
    chat = chat_of(as_object(payload.get("chat")))
    return Inbound(
        f"{name}~{who}~{date or 0:.0f}",
        event=name,
        chat=chat,
        sender=_person(user, chat),
        facts=facts,
        raw=update.raw,
        sent_at_utc=date,
    )


# --- members --------------------------------------------------------------------------


def _changed(update: Update, me: Me) -> tuple[Inbound, ...]:
    payload = update.payload
    after = as_object(payload.get("new_chat_member"))
    user = as_object(after.get("user"))
    date = as_seconds(payload.get("date")) or 0.0
    change = change_of(as_object(payload.get("old_chat_member")), after, date)
    by = as_object(payload.get("from"))
    ours = update.kind == "my_chat_member"
    facts: Facts = {**change.facts, **_by(by)}
    match change.name:
        case "joined" if ours:
            facts["how"] = "approve" if _same_user(user, by) else "invite"
            return (_about(update, "chat.joined", user, facts),)
        case "left" if ours:
            facts["how"] = "leave" if _same_user(user, by) else "kick"
            return (_about(update, "chat.left", user, facts),)
        case "joined":
            return (_joined(update, user, by),)
        case "left":
            return (_left(update, user, by),)
        case "promoted":
            return (_about(update, "member.promoted", user, facts),)
        case "muted":
            return (_about(update, "member.muted", user, facts),)
        case _:
            return (_about(update, _own(update.kind), user, facts),)


def _about(update: Update, name: str, user: JsonObject, facts: Facts) -> Inbound:
    return _told(update, name, facts, user)


# --- what is done to messages ---------------------------------------------------------


def _reacted(update: Update, me: Me) -> tuple[Inbound, ...]:
    payload = update.payload
    before = _emojis(payload.get("old_reaction"))
    after = _emojis(payload.get("new_reaction"))
    added = tuple(one for one in after if one not in before)
    gone = tuple(one for one in before if one not in after)
    message = as_id(payload.get("message_id"))
    actor = payload.get("actor_chat")
    person = as_object(actor if isinstance(actor, dict) else payload.get("user"))
    facts: Facts = {"message": message, "emojis": added or gone, "added": bool(added)}
    if added and gone:
        facts["instead_of"] = gone
    return (_told(update, "message.reacted", facts, person),)


def _emojis(reactions: object) -> tuple[str, ...]:
    """An emoji by itself, a custom one by its id; a paid star is called `paid`."""
    found = (
        as_text(one.get("emoji"))
        or as_id(one.get("custom_emoji_id"))
        or as_text(one.get("type"))
        for one in map(as_object, as_list(reactions))
    )
    return tuple(one for one in found if one)


def _called_back(update: Update, me: Me) -> tuple[Inbound, ...]:
    """A button was pressed: answer it with `answerCallbackQuery`."""
    query = update.payload
    message = as_object(query.get("message"))
    facts: Facts = {
        "query": as_id(query.get("id")),
        "data": as_text(query.get("data")),
        "message": as_id(message.get("message_id")),
    }
    chat = chat_of(as_object(message.get("chat")), message)
    return (_told(update, _own(update.kind), facts, chat=chat),)


# --- everything else ------------------------------------------------------------------


def _other(update: Update) -> tuple[Inbound, ...]:
    kind = update.kind
    sound = kind.isascii() and kind.isidentifier() and len(kind) <= 64
    return (_told(update, _own(kind if sound else "other")),)


def _told(
    update: Update,
    name: str,
    facts: Facts | None = None,
    about: JsonObject | None = None,
    chat: Chat | None = None,
) -> Inbound:
    payload = update.payload
    chat = chat or chat_of(as_object(payload.get("chat")), payload)
    if about is None:
        about = as_object(payload.get("from") or payload.get("user"))
    return Inbound(
        _id_of(update),
        event=name,
        chat=chat,
        sender=_person(about, chat),
        facts={} if facts is None else facts,
        raw=update.raw,
        sent_at_utc=as_seconds(payload.get("date")),
    )


def _own(kind: str) -> str:
    """`NAME.KIND`, for what the contract has no word for."""
    return f"telegram.{kind}"


_READERS: Final[dict[str, Callable[[Update, Me], tuple[Inbound, ...]]]] = {
    "message": _said,
    "channel_post": _said,
    "edited_message": _edited,
    "edited_channel_post": _edited,
    "message_reaction": _reacted,
    "chat_member": _changed,
    "my_chat_member": _changed,
    "callback_query": _called_back,
}
