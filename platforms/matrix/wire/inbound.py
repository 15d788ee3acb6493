"""An event of a room becomes an event of the host: name, chat, sender, facts. Pure.

Rules of this file:

1. `sender` is who did it, but for coming and going: there it is who came or went, and
   who did it to him is `facts["operator"]`.
2. Everything in a room has an id, and is known by it. An edit is known by the message
   that it changes and its time, so that versions of one message count up.
3. What our account did is nobody's news, but for our own coming and going.
4. What was said in a room before we came is its history, and nobody's news either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

import msgspec
from attrs import define, evolve

from actors.messages import (
    DEDUP_SECONDS,
    DERIVED_ID_DEDUP_SECONDS,
    Chat,
    ChatKind,
    Inbound,
    Sender,
)
from platforms.matrix.wire.body import (
    PLATFORM,
    read_body,
    read_sticker,
    relation_of,
)
from platforms.matrix.wire.errands import replacement_in
from platforms.matrix.wire.lenient import (
    MAX_MILLISECONDS,
    JsonObject,
    as_object,
    as_text,
    as_whole,
)
from platforms.matrix.wire.members import membership_of, while_present
from platforms.matrix.wire.rooms import Rooms, names_in
from platforms.matrix.wire.sync import Invitation

ENCRYPTED: Final = f"{PLATFORM}.encrypted"


class Heard(msgspec.Struct, frozen=True):
    """What one room has to tell."""

    events: tuple[Inbound, ...] = ()
    echoes: tuple[tuple[str, str], ...] = ()
    """(transaction, event id) of what this login of ours has said."""
    moves: tuple[tuple[str, str], ...] = ()
    """(where the room has moved, who says so)."""

    @classmethod
    def together(cls, parts: Iterable[Heard]) -> Heard:
        """Return what several of them say, in their order."""
        heard = list(parts)
        return cls(
            tuple(event for part in heard for event in part.events),
            tuple(echo for part in heard for echo in part.echoes),
            tuple(move for part in heard for move in part.moves),
        )


@define
class _Room:
    """Where events were said, and what is known of it."""

    room: str
    rooms: Rooms
    us: str
    names: dict[str, str]
    """Of its members; those that came with the events, as they are by then."""
    chat: Chat

    def learn(self, event: JsonObject) -> None:
        """Take in what a state event changes."""
        self.rooms.learn(self.room, event)
        self.names.update(names_in((event,)))

    def sender(self, user: str, *, is_bot: bool = False) -> Sender | None:
        """Return who *user* is here by now."""
        if not user:
            return None
        role = self.rooms.role_of(self.room, user)
        return Sender(user, self.names.get(user, ""), role, is_bot)


def read_room(
    room: str,
    events: Sequence[JsonObject],
    state: Iterable[JsonObject],
    rooms: Rooms,
    us: str,
) -> Heard:
    """Return what the events of *room* say, in their order.

    Args:
        room: Its id.
        events: Of its timeline, oldest first.
        state: What comes with them: who the members are.
        rooms: What is known; learns from what passes.
        us: Our own user id.
    """
    here = _Room(room, rooms, us, names_in(state), rooms.chat(room))
    told: list[Inbound] = []
    echoes: list[tuple[str, str]] = []
    moves: list[tuple[str, str]] = []
    for event, present in while_present(events, us):
        if "state_key" in event:
            here.learn(event)
        if not present:
            continue
        sender = as_text(event.get("sender"))
        if to := replacement_in(event):
            moves.append((to, sender))
        if sender == us and not _is_member(event):
            said = as_text(as_object(event.get("unsigned")).get("transaction_id"))
            if said:
                echoes.append((said, as_text(event.get("event_id"))))
            continue
        one = _event(here, event)
        if one is not None:
            told.append(one)
    return Heard(tuple(told), tuple(echoes), tuple(moves))


def _event(here: _Room, event: JsonObject) -> Inbound | None:
    """Return what one event says; `None` for one that says nothing to anybody."""
    kind = as_text(event.get("type"))
    if not kind:
        return None
    if _is_emptied(kind, event):
        return None  # that it was taken back is an event of its own
    match kind:
        case "m.room.message" if "state_key" not in event:
            return _message(here, event)
        case "m.sticker" if "state_key" not in event:
            return _sticker(here, event)
        case "m.room.redaction":
            return _redaction(here, event)
        case "m.reaction":
            return _reaction(here, event)
        case "m.room.encrypted":
            return _told(ENCRYPTED, here, event)
        case "m.room.name" if event.get("state_key") == "":
            name = as_text(as_object(event.get("content")).get("name"))
            facts = {"name": name}
            return _told("chat.renamed", here, event, facts)
        case "m.room.member":
            return _member(here, event)
        case _:
            return _other(here, event)


def read_invitation(invitation: Invitation, us: str) -> Inbound | None:
    """Return the event that we are invited; `None` where nobody says so."""
    room, events = invitation.room, invitation.events
    found = [e for e in events if _is_member(e) and e.get("state_key") == us]
    if not found:
        return None
    ours = found[-1]
    by = as_text(ours.get("sender"))
    content = as_object(ours.get("content"))
    names = names_in(events)
    room_names = [
        as_text(as_object(e.get("content")).get("name"))
        for e in events
        if e.get("type") == "m.room.name"
    ]
    direct = content.get("is_direct") is True
    event_id = as_text(ours.get("event_id"))
    return Inbound(
        event_id or _derived(room, ours),
        event="chat.invited",
        chat=Chat(ChatKind.PRIVATE if direct else ChatKind.GROUP, room),
        sender=Sender(by, names.get(by, "")) if by else None,
        facts={
            "comment": as_text(content.get("reason")),
            "name": room_names[-1] if room_names else "",
            "direct": direct,
        },
        raw=ours,
        sent_at_utc=_sent_at(ours),
        dedup_seconds=DEDUP_SECONDS if event_id else DERIVED_ID_DEDUP_SECONDS,
    )


# --- kinds ----------------------------------------------------------------------------


def _message(here: _Room, event: JsonObject) -> Inbound:
    content = as_object(event.get("content"))
    chat = here.chat
    if "m.relates_to" in content:
        relation, target = relation_of(content)
        if relation == "m.replace":
            return _edit(here, event, target)
        if relation == "m.thread":
            chat = here.rooms.chat(here.room, target)
    kind = content.get("msgtype")
    return Inbound(
        _id_of(here.room, event),
        chat=chat,
        sender=here.sender(as_text(event.get("sender")), is_bot=kind == "m.notice"),
        body=read_body(content),
        facts={"emote": True} if kind == "m.emote" else {},
        raw=event,
        sent_at_utc=_sent_at(event),
    )


def _sticker(here: _Room, event: JsonObject) -> Inbound:
    told = _told("message", here, event)
    return evolve(told, body=read_sticker(as_object(event.get("content"))))


def _edit(here: _Room, event: JsonObject, target: str) -> Inbound:
    content = as_object(as_object(event.get("content")).get("m.new_content"))
    if not content:  # no valid edit; it is shown as what it says itself
        content = {**as_object(event.get("content")), "m.relates_to": {}}
    is_bot = as_text(content.get("msgtype")) == "m.notice"
    return Inbound(
        target,
        event="message.edited",
        chat=here.chat,
        sender=here.sender(as_text(event.get("sender")), is_bot=is_bot),
        body=read_body(content),
        facts={"message": target},
        raw=event,
        edit=max(1, as_whole(event.get("origin_server_ts"))),
        sent_at_utc=_sent_at(event),
    )


def _redaction(here: _Room, event: JsonObject) -> Inbound:
    content = as_object(event.get("content"))
    # Since room version 11 in the content, before beside it.
    target = as_text(content.get("redacts")) or as_text(event.get("redacts"))
    facts = {
        "message": target,
        "operator": as_text(event.get("sender")),
        "reason": as_text(content.get("reason")),
    }
    return _told("message.deleted", here, event, facts)


def _reaction(here: _Room, event: JsonObject) -> Inbound | None:
    relates = as_object(as_object(event.get("content")).get("m.relates_to"))
    target, key = as_text(relates.get("event_id")), as_text(relates.get("key"))
    if relates.get("rel_type") != "m.annotation" or not (target and key):
        return _other(here, event)
    facts = {"message": target, "emojis": (key,), "added": True}
    return _told("message.reacted", here, event, facts)


def _member(here: _Room, event: JsonObject) -> Inbound | None:
    change = membership_of(event)
    if change is None:
        if as_text(event.get("sender")) == here.us:
            return None  # a new name of our own, or whom we have invited
        return _other(here, event)
    who = as_text(event.get("state_key"))
    family = "chat" if who == here.us else "member"
    return Inbound(
        _id_of(here.room, event),
        event=f"{family}.{change.verb}",
        chat=here.chat,
        sender=here.sender(who),
        facts={
            "how": change.how,
            "operator": as_text(event.get("sender")),
            "reason": as_text(as_object(event.get("content")).get("reason")),
        },
        raw=event,
        sent_at_utc=_sent_at(event),
    )


def _other(here: _Room, event: JsonObject) -> Inbound:
    kind = f"{PLATFORM}.{as_text(event.get('type'))}"
    return _told(kind, here, event)


def _told(
    name: str,
    here: _Room,
    event: JsonObject,
    facts: Mapping[str, object] | None = None,
) -> Inbound:
    return Inbound(
        _id_of(here.room, event),
        event=name,
        chat=here.chat,
        sender=here.sender(as_text(event.get("sender"))),
        facts={} if facts is None else facts,
        raw=event,
        sent_at_utc=_sent_at(event),
    )


# --- parts ----------------------------------------------------------------------------


def _id_of(room: str, event: JsonObject) -> str:
    return as_text(event.get("event_id")) or _derived(room, event)


def _derived(room: str, event: JsonObject) -> str:
    """Return an id for what came without one: equal content, equal id."""
    said = {key: event.get(key) for key in ("type", "sender", "state_key", "content")}
    whole = msgspec.json.encode([room, said], order="sorted")
    return f"~{blake2b(whole, digest_size=12).hexdigest()}"


def _sent_at(event: JsonObject) -> float | None:
    milliseconds = event.get("origin_server_ts")
    if type(milliseconds) is int and 0 < milliseconds <= MAX_MILLISECONDS:
        return milliseconds / 1000
    milliseconds = as_whole(milliseconds)
    return milliseconds / 1000 if milliseconds else None


def _is_member(event: JsonObject) -> bool:
    return event.get("type") == "m.room.member"


def _is_emptied(kind: str, event: JsonObject) -> bool:
    """Say whether an event was taken back before we saw it."""
    unsigned = event.get("unsigned")
    if not isinstance(unsigned, dict) or "redacted_because" not in unsigned:
        return False
    return kind != "m.room.redaction" and "state_key" not in event
