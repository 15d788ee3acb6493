"""An answer to `/sync` and to `/messages` becomes a value. Pure.

Source: Matrix specification v1.15, client-server API, "Syncing" and "Getting events for
a room". What of an answer is about keys, presence and receipts is passed over.

The same answer comes again until its token is asked with: an event that nobody can read
is refused alone, and everything else in the answer stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias, TypeVar

import msgspec

from platforms.matrix.wire.lenient import (
    JsonObject,
    as_list,
    as_object,
    as_objects,
    as_text,
    as_texts,
)
from platforms.objects import MAX_NESTING, deeper_than, read_json

EXCERPT_CHARS: Final = 200
T = TypeVar("T")
Refusal: TypeAlias = tuple[str, str]
"""Beginning, and what is wrong, of what is no event that can be read."""


class Unreadable(ValueError):
    """An answer that is not what was asked for. The message says what must hold."""


class Timeline(msgspec.Struct, frozen=True):
    """What has happened in one room since the last sync, oldest first."""

    room: str
    events: tuple[JsonObject, ...] = ()
    state: tuple[JsonObject, ...] = ()
    """What has changed before the first of `events`, and who the members are in them."""
    limited: bool = False
    """There is a gap before the first of `events`."""
    prev_batch: str = ""
    """Where that gap ends."""


class Invitation(msgspec.Struct, frozen=True):
    """We are asked into a room, of which we see a few events without ids."""

    room: str
    events: tuple[JsonObject, ...] = ()


class Sync(msgspec.Struct, frozen=True):
    """One answer to `/sync`."""

    next_batch: str
    joined: tuple[Timeline, ...] = ()
    left: tuple[Timeline, ...] = ()
    """Rooms that we have left, or were removed from, since the last sync."""
    invitations: tuple[Invitation, ...] = ()
    direct: Mapping[str, str] | None = None
    """Of each direct room, who is there; `None` where that has not changed."""
    refused: tuple[Refusal, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it says that nothing has happened."""
        return not (self.joined or self.left or self.invitations)


class Page(msgspec.Struct, frozen=True):
    """One answer to `/messages`, newest first."""

    events: tuple[JsonObject, ...]
    state: tuple[JsonObject, ...] = ()
    end: str = ""
    """Where to go on; empty where there is nothing more."""
    refused: tuple[Refusal, ...] = ()


def read_sync(body: bytes) -> Sync:
    """Return what an answer to `/sync` says.

    Raises:
        Unreadable: it is none.
    """
    told = read_object(body)
    next_batch = as_text(told.get("next_batch"))
    if not next_batch:
        msg = "an answer to /sync must have a next_batch"
        raise Unreadable(msg)
    rooms = as_object(told.get("rooms"))
    refused: list[Refusal] = []
    timeline = partial(_timeline, refused)
    return Sync(
        next_batch,
        _each(rooms.get("join"), timeline),
        _each(rooms.get("leave"), timeline),
        _each(rooms.get("invite"), partial(_invitation, refused)),
        _direct(told["account_data"]) if "account_data" in told else None,
        tuple(refused),
    )


def read_page(body: bytes) -> Page:
    """Return what an answer to `/messages` says.

    Raises:
        Unreadable: it is none.
    """
    told = read_object(body)
    if not isinstance(told.get("chunk"), list):
        msg = "an answer to /messages must have a chunk"
        raise Unreadable(msg)
    refused: list[Refusal] = []
    return Page(
        _events(told["chunk"], refused),
        _events(told.get("state"), refused),
        as_text(told.get("end")),
        tuple(refused),
    )


def read_direct(content: object) -> Mapping[str, str]:
    """Return who is in each room of the content of `m.direct`: room to user."""
    return {
        room: user
        for user, rooms in as_object(content).items()
        for room in as_texts(rooms)
    }


def read_object(body: bytes) -> JsonObject:
    """Return the object that *body* holds; what is in it and no JSON costs only itself.

    Raises:
        Unreadable: it holds something else, or nothing.
    """
    try:
        value = read_json(body)
    except ValueError as error:
        msg = f"an answer must be JSON ({error})"
        raise Unreadable(msg) from None
    if not isinstance(value, dict):
        msg = f"an answer must be a JSON object (got {type(value).__name__})"
        raise Unreadable(msg)
    return value


def _each(rooms: object, read: Callable[[str, JsonObject], T]) -> tuple[T, ...]:
    if not isinstance(rooms, dict):
        return ()
    return tuple(
        [read(room, told) for room, told in rooms.items() if isinstance(told, dict)]
    )


def _timeline(refused: list[Refusal], room: str, told: JsonObject) -> Timeline:
    timeline = as_object(told.get("timeline"))
    return Timeline(
        room,
        _events(timeline.get("events"), refused),
        _events(as_object(told.get("state")).get("events"), refused),
        timeline.get("limited") is True,
        as_text(timeline.get("prev_batch")),
    )


def _invitation(refused: list[Refusal], room: str, told: JsonObject) -> Invitation:
    shown = as_object(told.get("invite_state")).get("events")
    return Invitation(room, _events(shown, refused))


def _events(told: object, refused: list[Refusal]) -> tuple[JsonObject, ...]:
    """Return the events in the list *told*; what is none goes to *refused*."""
    events: list[JsonObject] = []
    for each in as_list(told):
        if not isinstance(each, dict):
            why = f"an event must be an object (got {type(each).__name__})"
            refused.append(("[...]" if isinstance(each, list) else repr(each), why))
        elif deeper_than(each, MAX_NESTING):
            why = f"an event must not be nested deeper than {MAX_NESTING}"
            refused.append((as_text(each.get("event_id"))[:EXCERPT_CHARS], why))
        else:
            events.append(each)
    return tuple(events)


def _direct(account_data: object) -> Mapping[str, str] | None:
    for event in reversed(as_objects(as_object(account_data).get("events"))):
        if event.get("type") == "m.direct":
            return read_direct(event.get("content"))
    return None
