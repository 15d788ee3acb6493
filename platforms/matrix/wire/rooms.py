"""What is known of rooms: who is who in them, who may do what, which are private talks.

Filled from the events as they pass, and kept as long as a session. Nothing here waits;
what is missing the session asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrs import define, field, frozen

from actors.messages import Chat, ChatKind, Role
from platforms.matrix.wire.errands import replacement_in
from platforms.matrix.wire.lenient import (
    JsonObject,
    as_object,
    as_text,
    as_texts,
)

MAX_ROOMS: Final = 10_000
"""Whose powers are remembered; of the others they are asked for again."""
OWNER_POWER: Final = 100
ADMIN_POWER: Final = 50
_THREAD: Final = "/$"


@frozen
class Powers:
    """Who may do what in a room: `m.room.power_levels`, and who has created it."""

    users: Mapping[str, int] = field(factory=dict)
    default: int = 0
    creators: frozenset[str] = frozenset()
    """Since room version 12 above everybody; empty in older rooms."""

    def role_of(self, user: str) -> Role:
        """Return what *user* may do, in the words of the host."""
        if user in self.creators:
            return Role.OWNER
        power = self.users.get(user, self.default)
        if power >= OWNER_POWER:
            return Role.OWNER
        return Role.ADMIN if power >= ADMIN_POWER else Role.MEMBER


def read_powers(levels: JsonObject, create: JsonObject) -> Powers:
    """Return the powers of a room.

    Args:
        levels: The content of `m.room.power_levels`.
        create: The whole `m.room.create`; without its sender the creators are unknown.
    """
    users = {
        user: power
        for user, told in as_object(levels.get("users")).items()
        if (power := _power(told)) is not None
    }
    return Powers(users, _power(levels.get("users_default")) or 0, _creators(create))


def _power(told: object) -> int | None:
    if isinstance(told, bool):
        return None
    if isinstance(told, int):
        return told
    if isinstance(told, str):  # allowed before room version 10
        try:
            return int(told[:20])
        except ValueError:
            return None
    return None


def _creators(create: JsonObject) -> frozenset[str]:
    content = as_object(create.get("content"))
    version = as_text(content.get("room_version"))
    if not (version.isascii() and version.isdigit() and int(version[:4]) >= 12):
        return frozenset()
    others = as_texts(content.get("additional_creators"))
    return frozenset(filter(None, (as_text(create.get("sender")), *others)))


@define
class Rooms:
    """All rooms of one account."""

    direct: dict[str, str] = field(factory=dict)
    """Of each direct room, who is there. The newest is the last one."""
    encrypted: set[str] = field(factory=set)
    """Rooms that are known to be encrypted."""
    replaced: dict[str, str] = field(factory=dict)
    """Rooms that have moved, each to another one."""
    _powers: dict[str, Powers] = field(factory=dict)

    def chat(self, room: str, thread: str = "") -> Chat:
        """Return the chat that *room* is, or the thread in it that begins at an event."""
        if thread:
            id_ = f"{room}{_THREAD}{thread.removeprefix('$')}"
            return Chat(ChatKind.THREAD, id_)
        kind = ChatKind.PRIVATE if room in self.direct else ChatKind.GROUP
        return Chat(kind, room)

    def with_user(self, user: str) -> str | None:
        """Return the direct room that we have with *user*, the newest of several."""
        found = [room for room, who in self.direct.items() if who == user]
        return found[-1] if found else None

    def learn_direct(self, room: str, user: str) -> None:
        """Remember that *room* is the newest private talk with *user*."""
        self.direct.pop(room, None)
        self.direct[room] = user

    def expect(self, room: str, user: str) -> None:
        """We are on the way to a private talk: older than any in which we are."""
        self.direct = {room: user, **self.direct}

    def powers(self, room: str) -> Powers | None:
        """Return the powers in *room*; `None` where nobody has asked yet."""
        return self._powers.get(room)

    def learn_powers(self, room: str, powers: Powers) -> None:
        """Remember *powers*, and forget those that were learned first, if it is too much."""
        self._powers.pop(room, None)
        self._powers[room] = powers
        while len(self._powers) > MAX_ROOMS:
            del self._powers[next(iter(self._powers))]

    def learn_replaced(self, room: str, to: str) -> None:
        """Remember that *room* has moved; what was learned first is forgotten first."""
        self.replaced.pop(room, None)
        self.replaced[room] = to
        while len(self.replaced) > MAX_ROOMS:
            del self.replaced[next(iter(self.replaced))]

    def role_of(self, room: str, user: str) -> Role:
        """Return what *user* may do; a member where nobody knows, anyone in private."""
        if room in self.direct:
            return Role.ANYONE
        powers = self._powers.get(room)
        return Role.MEMBER if powers is None else powers.role_of(user)

    def learn(self, room: str, event: JsonObject) -> None:
        """Take in what a state event of *room* changes."""
        match event.get("type"):
            case "m.room.encryption":
                self.encrypted.add(room)
            case "m.room.power_levels":
                known = self._powers.get(room)
                if known is not None:
                    content = as_object(event.get("content"))
                    fresh = read_powers(content, {})
                    self.learn_powers(
                        room, Powers(fresh.users, fresh.default, known.creators)
                    )
            case "m.room.tombstone" if to := replacement_in(event):
                self.learn_replaced(room, to)
            case "m.room.create":
                self.learn_powers(room, read_powers({}, event))
            case _:
                pass


def parts_of(chat: Chat) -> tuple[str, str]:
    """Return (room, first event of the thread) of a chat; the latter empty if it is none."""
    if chat.kind is not ChatKind.THREAD:
        return chat.id, ""
    room, mark, thread = chat.id.rpartition(_THREAD)
    return (room, f"${thread}") if mark else (chat.id, "")


def names_in(events: Iterable[JsonObject]) -> dict[str, str]:
    """Return the names that members have by *events*, the last word of each."""
    return {
        user: name
        for event in events
        if event.get("type") == "m.room.member"
        and (user := as_text(event.get("state_key")))
        and (name := as_text(as_object(event.get("content")).get("displayname")))
    }


def merged_direct(content: JsonObject, user: str, room: str) -> JsonObject | None:
    """Return the content of `m.direct` with *room* in it; `None` if it is there already."""
    rooms = as_texts(content.get(user))
    if room in rooms:
        return None
    return {**content, user: [*rooms, room]}
