"""How rings lie on a shelf: a thing for each event, by a name that sorts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from attrs import define, field

from platforms.webchat.ring import Item
from platforms.webchat.rings import Past
from platforms.webchat.wire import GAP

EPOCH: Final = "epoch"
SECRET: Final = "secret"  # noqa: S105 - the name of one
ASIDE: Final = "aside "
"""Before the name of what could not be read. Nobody reads it again."""
MAX_ASIDE: Final = 100
_PAST: Final = "past "


@define
class Shelved:
    """Everything that a shelf holds, by its sort."""

    constants: dict[str, str] = field(factory=dict)
    items: list[tuple[str, Item]] = field(factory=list)
    """Of each person the oldest first."""
    past: list[Past] = field(factory=list)
    aside: int = 0
    unreadable: dict[str, str] = field(factory=dict)
    """Names of things that cannot be read, and why not."""


def item_name(person: str, seq: int) -> str:
    return f"{person} {seq:016d}"


def past_name(past: Past) -> str:
    # With its time: numbers begin anew for somebody who was forgotten.
    return f"{_PAST}{past.at:017.3f} {past.person} {past.seq:016d}"


def past_body(past: Past) -> bytes:
    return msgspec.json.encode([past.key, past.at])


def read(things: Mapping[str, bytes]) -> Shelved:
    """Return what *things* are; those that cannot be read are named, and others read."""
    found = Shelved()
    for name, body in sorted(things.items()):
        if name.startswith(ASIDE):
            found.aside += 1
            continue
        try:
            if name in (EPOCH, SECRET):
                found.constants[name] = body.decode("ascii")
            elif name.startswith(_PAST):
                found.past.append(_past(name, body))
            else:
                found.items.append(_item(name, body))
        except (msgspec.MsgspecError, ValueError) as error:
            found.unreadable[name] = str(error)
    return found


def instead(name: str, at: float) -> Item | None:
    """Return what takes the place of the event with that *name*, which cannot be read."""
    try:
        _, seq = _place(name)
    except ValueError:
        return None
    return Item(seq, f"gap {seq}", at, GAP)


def _item(name: str, body: bytes) -> tuple[str, Item]:
    person, seq = _place(name)
    item = msgspec.json.decode(body, type=Item)
    msgspec.json.decode(item.what, type=dict)  # whoever shows it relies on that
    if item.seq != seq:
        msg = f"it must have the number {seq} (got {item.seq})"
        raise ValueError(msg)
    return person, item


def _past(name: str, body: bytes) -> Past:
    _, person, seq = name.removeprefix(_PAST).split(" ")
    key, at = msgspec.json.decode(body, type=tuple[str, float])
    return Past(person, int(seq), key, at)


def _place(name: str) -> tuple[str, int]:
    person, _, seq = name.partition(" ")
    return person, int(seq)
