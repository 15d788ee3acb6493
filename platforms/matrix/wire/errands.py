"""A room that we are on the way to: how it is written down, and what is asked for it. Pure.

Source: Matrix specification v1.15, client-server API, "Joining rooms" and "Room upgrades".
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from attrs import asdict, frozen

from platforms.matrix.wire.lenient import JsonObject, as_object, as_text
from platforms.matrix.wire.sync import Unreadable, read_object

_ROOM: Final = "/_matrix/client/v3/rooms/{room}"
TOMBSTONE: Final = "m.room.tombstone"


@frozen
class Errand:
    """A room to join."""

    room: str
    by: str = ""
    """Who wants us there."""
    user: str = ""
    """With whom it is a private talk; empty if it is none."""
    replaces: str = ""
    """The room of ours that has moved there; empty for an invitation."""


def written_errand(errand: Errand) -> bytes:
    """Return *errand* as it is kept."""
    return msgspec.json.encode(asdict(errand))


def read_errand(body: bytes) -> Errand | None:
    """Return the errand that *body* keeps; `None` if it keeps none."""
    try:
        kept = read_object(body)
    except Unreadable:
        return None
    room, by, user, replaces = (
        as_text(kept.get(name)) for name in ("room", "by", "user", "replaces")
    )
    return Errand(room, by, user, replaces) if room else None


def join_target(errand: Errand) -> str:
    """Return the target that joins; whoever wants us there has a server that knows it."""
    target = f"/_matrix/client/v3/join/{quote(errand.room, safe='')}"
    server = errand.by.partition(":")[2]
    if not (errand.replaces and server):
        return target
    # The second name is that of before v1.12.
    return f"{target}?{urlencode({'via': server, 'server_name': server})}"


def leave_target(room: str) -> str:
    """Return the target that leaves *room*."""
    return f"{_ROOM.format(room=quote(room, safe=''))}/leave"


def state_target(room: str, kind: str) -> str:
    """Return the target of the state `m.room.KIND` of *room*."""
    return f"{_ROOM.format(room=quote(room, safe=''))}/state/m.room.{kind}/"


def predecessor_in(body: bytes) -> str:
    """Return which room the content of an `m.room.create` replaces; empty for none."""
    try:
        content = read_object(body)
    except Unreadable:
        return ""
    return as_text(as_object(content.get("predecessor")).get("room_id"))


def replacement_in(event: JsonObject) -> str:
    """Return where a room has moved, by *event*; empty if that is no tombstone.

    An alias is no room: whoever owns it can have it lead to any other one.
    """
    if event.get("type") != TOMBSTONE or event.get("state_key") != "":
        return ""
    to = as_text(as_object(event.get("content")).get("replacement_room"))
    return to if to.startswith("!") else ""
