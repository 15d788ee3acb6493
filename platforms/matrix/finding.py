"""Where something is to be said: the room behind a name, and whether it may be said there.

All of it is asked before anything goes out. So when the homeserver does not answer, it is
certain that nothing was said, and the message can simply be tried again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from actors.messages import Outbound
from platforms.base import OutcomeUnknown, Rejected, Retry
from platforms.matrix import wire
from platforms.matrix.actions import asking
from platforms.matrix.server import Refused, ask
from platforms.matrix.verdicts import nothing_said
from platforms.matrix.wire import Meaning

if TYPE_CHECKING:
    from platforms.matrix.session import Session

LOOK_UP_SECONDS: Final = 20.0
LATER_SECONDS: Final = 2.0
MAX_ALIASES: Final = 1_000


class Finder:
    """Finds rooms for one session, and remembers what it has learned of them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._looked_at: set[str] = set()
        """Rooms whose state was asked for; what changes later, the session hears by itself."""
        self._aliases: dict[str, str] = {}

    async def room(self, out: Outbound) -> str:
        """Return the id of a room that is named by its id, its alias, or who is in it."""
        named, _ = wire.parts_of(out.chat)
        if named.startswith("@"):
            room = self._session.rooms.with_user(named)
            if room is None:
                msg = (
                    f"there is no private talk with {named} yet: they have to invite us"
                )
                raise Rejected(msg)
            return room
        if not named.startswith("#"):
            return named
        room = self._aliases.get(named, "")
        if not room or room in self._session.rooms.replaced:  # it may have moved along
            asked = asking("resolve", {"alias": named}, self._session.us)
            answer = await self.look_up(asked.target)
            room = wire.as_text(answer.get("room_id"))
            if not room:
                msg = f"the alias {named} leads to no room"
                raise Rejected(msg)
            if len(self._aliases) >= MAX_ALIASES:
                self._aliases.clear()
            self._aliases[named] = room
        return room

    async def open_room(self, out: Outbound) -> str:
        """Return what `room` does; raise Rejected if it is encrypted, or has moved."""
        room = await self.room(out)
        rooms = self._session.rooms
        if room not in self._looked_at and room not in rooms.encrypted:
            if await self._state(room, "encryption") is not None:
                rooms.encrypted.add(room)
            tombstone = await self._state(room, "tombstone") or {}
            if to := wire.as_text(tombstone.get("replacement_room")):
                rooms.learn_replaced(room, to)
            self._looked_at.add(room)
        if room in rooms.encrypted:
            msg = "the room is encrypted, and Rookery does not speak there: invite it to one that is not"
            raise Rejected(msg)
        if room in rooms.replaced:
            msg = f"the room has moved, and nobody is here any more: say it in {rooms.replaced[room]}"
            raise Rejected(msg)
        return room

    async def _state(self, room: str, kind: str) -> wire.JsonObject | None:
        """Return the state `m.room.KIND` of *room*, if there is any that we may see."""
        target = wire.state_target(room, kind)
        try:
            body = await ask(self._session.web, "GET", target, within=LOOK_UP_SECONDS)
        except Refused as refused:
            if refused.refusal.meaning is Meaning.NO:
                return None  # there is none; or we are not in it, as we shall be told
            raise nothing_said(refused) from refused
        except OutcomeUnknown as lost:
            raise Retry(LATER_SECONDS, str(lost)) from lost
        try:
            return wire.read_object(body)
        except wire.Unreadable:
            return {}

    async def look_up(self, target: str) -> wire.JsonObject:
        """Return the object at *target*, asked for before anything is said.

        Raises:
            Rejected: there is no such thing, or not for us.
            Retry: it cannot be had now. Nothing went out.
        """
        try:
            body = await ask(self._session.web, "GET", target, within=LOOK_UP_SECONDS)
            return wire.read_object(body)
        except Refused as refused:
            raise nothing_said(refused) from refused
        except (OutcomeUnknown, wire.Unreadable) as lost:
            raise Retry(LATER_SECONDS, str(lost)) from lost
