"""Laters in the file of the journal, where they survive a restart."""

from __future__ import annotations

import json

import structlog

from actors.journal import Shelf
from actors.messages import ChatAddress, Role, Sender
from actors.schedule.values import Later

LATERS = "later"
"""The kind under which the journal keeps them."""

log = structlog.get_logger()


class ShelvedLaterStore:
    """Keeps laters in a file; see `LaterStore` for what it promises."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def load(self) -> list[Later]:
        """Return everything that is kept. What cannot be read is left where it is."""
        found = []
        for name, body in (await self._shelf.all()).items():
            try:
                found.append(decode(name, body))
            except (ValueError, TypeError, LookupError) as error:
                log.error(  # noqa: TRY400 - what is wrong is in the file, not in our code
                    "schedule.later_unreadable", id=name, why=str(error)
                )
        return found

    async def add(self, later: Later) -> None:
        """Keep *later*. One of the same id stays as it is."""
        await self._shelf.put(later.id, encode(later))

    async def remove(self, id: str) -> None:  # noqa: A002 - what it is called everywhere
        """Keep it no longer."""
        await self._shelf.drop(id)


def encode(later: Later) -> bytes:
    """Return *later* as bytes, its id apart. Pure."""
    sender = later.sender
    said = {
        "bot": later.bot,
        "handler": later.handler,
        "due": later.due,
        "args": later.args,
        "to": None if later.to is None else str(later.to),
        "sender": None
        if sender is None
        else [sender.id, sender.name, sender.role.value, sender.is_bot],
        "trace": later.trace,
    }
    # The standard library's: a name with half a surrogate pair in it comes back as it was.
    return json.dumps(said, separators=(",", ":")).encode()


def decode(name: str, body: bytes) -> Later:
    """Return the later that was encoded. Pure.

    Raises:
        ValueError, TypeError, LookupError: it is none, or one of a later version.
    """
    said = json.loads(body)
    sender = said["sender"]
    if sender is not None:
        user, called, role, is_bot = sender
        sender = Sender(user, called, Role(role), is_bot)
    return Later(
        id=name,
        bot=said["bot"],
        handler=said["handler"],
        due=float(said["due"]),
        args=dict(said["args"]),
        to=None if said["to"] is None else ChatAddress.parse(said["to"]),
        sender=sender,
        trace=said["trace"],
    )
